//! `warden backtest`: what a policy would have done to a history, and to whom.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{ArgGroup, Args};
use session_warden::backtest::{Backtest, Judged};
use session_warden::detection::Finding;
use session_warden::history_file::History;
use session_warden::observation::{AccountDetails, AccountKind, OrgId, User};
use session_warden::report::{BacktestRun, DetectionOff, render_backtest};
use session_warden::stages;

use crate::arguments::{Output, OwnRulesOptions, StoreOptions};
use crate::exit::Exit;
use crate::history::{self, HistoryFile, tell_rejected};
use crate::output::{self, cell, table};
use crate::replay::{self, Beside};
use crate::silent::detections_off;
use crate::workplace::{Rules, Workplace};
use crate::{progress, report};

/// `warden backtest`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("from").args(["csv", "jsonl", "store"]).required(true))]
pub(crate) struct BacktestOptions {
    #[command(flatten)]
    history: HistoryFile,
    #[command(flatten)]
    store: StoreOptions,
    /// The policy that is in force; the defaults where none is given.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    own_rules: OwnRulesOptions,
    /// Another policy, to be held against it; may be given several times.
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,
    /// Write a page with plots here.
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,
}

/// Tries policies on a history.
pub(crate) async fn run(options: &BacktestOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "backtest")?;
    let policies = [options.policy.as_ref()].into_iter().chain(options.against.iter().map(Some));
    let policies: Vec<_> =
        policies.map(|file| named(options, file.map(PathBuf::as_path))).collect::<Result<_, _>>()?;
    let (what, runs, rejected, doubt) = if let Some(path) = options.history.path() {
        let history = options.history.read()?;
        let doubt = history::tell_doubt(&history);
        let runs = on_file(options, &history, &policies)?;
        (path.display().to_string(), runs, tell_rejected(path, &history.rejected), doubt)
    } else {
        let runs = on_store(options, &policies).await?;
        (options.store.store.clone().unwrap_or_default(), runs, 0, Exit::Clean)
    };
    if let Some(path) = &options.report {
        let page =
            render_backtest(&what, &runs, rejected, report::now()).context("Failed to draw the page")?;
        output::write_file(path, page.as_bytes())?;
    }
    show(&runs, format)?;
    Ok(if rejected > 0 { Exit::BadInput } else { doubt })
}

fn named(options: &BacktestOptions, file: Option<&Path>) -> anyhow::Result<(String, Rules)> {
    let name = file.map_or("the default policy".to_owned(), |file| file.display().to_string());
    Ok((name, Rules::whole(file, &options.own_rules)?))
}

fn on_file(
    options: &BacktestOptions,
    history: &History,
    policies: &[(String, Rules)],
) -> anyhow::Result<Vec<BacktestRun>> {
    let window = options.history.window();
    let period = history.spill.period();
    let period = period.map(|(first, last)| (first.max(window.since), last.min(window.until)));
    let judged = Judged { logins: history.rows, active_users: Some(history.people.len() as u64), period };
    let mut runs = Vec::new();
    for (name, rules) in policies {
        let bar = progress::bar(history.rows, "Judging");
        let org = OrgId::new("file");
        let findings =
            replay::judge(&org, history, Beside::default(), window, rules, &mut |rows| bar.inc(rows))?;
        bar.finish_and_clear();
        let backtest = Backtest::of(&findings, &rules.policy, &judged);
        let off = detections_off(history, &[], rules);
        runs.push(BacktestRun { policy: name.clone(), backtest, off });
    }
    Ok(runs)
}

/// What was found stays found; each policy decides what it would have asked for, as if the last observation were the
/// present.
async fn on_store(
    options: &BacktestOptions,
    policies: &[(String, Rules)],
) -> anyhow::Result<Vec<BacktestRun>> {
    if !options.own_rules.rules.is_empty() {
        bail!("--rules needs the logins themselves: give a file, for a store keeps what was found");
    }
    let workplace = Workplace::open(&options.store).await?;
    output::note(
        "The store keeps what was found, not the logins: only what is asked for is tried anew, without the cap in percent.",
    );
    let (orgs, window) = (workplace.orgs().await?, options.history.window());
    if orgs.is_empty() {
        bail!("the store knows no org: `warden run` fills it");
    }
    let mut runs = Vec::new();
    for org in &orgs {
        let kept = stages::findings(org).all(workplace.store.as_ref()).await?;
        let mut found: Vec<_> = kept.into_iter().map(|(_, kept)| kept.value).collect();
        found.retain(|finding| (window.since..window.until).contains(&finding.last_seen));
        for (name, rules) in policies {
            let policy = if orgs.len() == 1 { name.clone() } else { format!("{name} ({org})") };
            let backtest = decided_anew(&mut found, rules);
            runs.push(BacktestRun { policy, backtest, off: Vec::new() });
        }
    }
    Ok(runs)
}

fn decided_anew(found: &mut [Finding], rules: &Rules) -> Backtest {
    for finding in &mut *found {
        let user = account(finding);
        finding.action = rules.policy.decide(finding, user.as_ref(), finding.last_seen).action;
    }
    let times = || found.iter().map(|finding| finding.last_seen);
    let judged = Judged { logins: 0, active_users: None, period: times().min().zip(times().max()) };
    Backtest::of(found, &rules.policy, &judged)
}

/// The account that a finding is about, as far as the finding names it.
fn account(finding: &Finding) -> Option<User> {
    let (id, username) = (finding.user_id.clone()?, finding.username.clone().unwrap_or_default());
    let kind = AccountKind::Human;
    let (name, profile, details) = (String::new(), String::new(), AccountDetails::default());
    Some(User { id, username, name, is_active: true, profile, kind, details })
}

fn show(runs: &[BacktestRun], format: Output) -> anyhow::Result<()> {
    if format == Output::Json {
        let one = |run: &BacktestRun| serde_json::json!({ "policy": run.policy, "backtest": run.backtest, "detections_off": run.off });
        return output::say_json(&runs.iter().map(one).collect::<Vec<_>>());
    }
    for BacktestRun { policy, backtest, off } in runs {
        let total = &backtest.total;
        output::say(&output::sentence(&format!(
            "{policy}: {} findings, {:.1} a week: {} contained, {} asked, {} told, {} only recorded",
            total.all(),
            backtest.findings_a_week,
            total.contain,
            total.ask,
            total.notify,
            total.none
        )))?;
        say_detections(backtest)?;
        say_contained(backtest)?;
        for (reason, ids) in DetectionOff::by_reason(off) {
            output::note(&format!("Off, because {reason}: {}.", ids.join(", ")));
        }
    }
    Ok(())
}

fn say_detections(backtest: &Backtest) -> anyhow::Result<()> {
    let mut table = table(&["Detection", "Findings", "Alone", "Contained"]);
    for fired in &backtest.detections {
        let counts = [fired.findings, fired.alone, fired.contained].map(|count| cell(count.to_string()));
        table.add_row([cell(&fired.id)].into_iter().chain(counts));
    }
    if backtest.detections.is_empty() { Ok(()) } else { output::say(&table.to_string()) }
}

fn say_contained(backtest: &Backtest) -> anyhow::Result<()> {
    if backtest.contained.is_empty() {
        return output::say("Nobody would have been contained.");
    }
    let mut table = table(&["Contained (UTC)", "Who", "Severity", "Detections", "Held back by"]);
    for case in &backtest.contained {
        table.add_row([
            cell(crate::moment::shown(case.at)),
            cell(&case.user),
            cell(case.severity.name()),
            cell(case.detections.join(", ")),
            cell(case.held_back.as_deref().unwrap_or("")),
        ]);
    }
    output::say(&table.to_string())
}
