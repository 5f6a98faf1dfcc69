//! `warden backtest`: what a policy would have done to a history, and to whom.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{ArgGroup, Args};
use session_warden::backtest::{Backtest, Judged};
use session_warden::detection::Finding;
use session_warden::history_file::History;
use session_warden::observation::{AccountDetails, AccountKind, OrgId, User, UserId};
use session_warden::report::{BacktestRun, DetectionOff, render_backtest};
use session_warden::stages;

use crate::arguments::{Output, OwnRulesOptions, StoreOptions};
use crate::exit::Exit;
use crate::history::{self, HistoryFile, tell_rejected};
use crate::output::{self, cell, table};
use crate::replay::{self, Beside, Replayed};
use crate::silent::detections_off;
use crate::workplace::{Rules, Workplace};
use crate::{progress, report};

const NO_ORG: &str = "the store knows no org: `warden run` fills it";

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
    let period = options.history.period(history, None)?;
    let mut runs = Vec::new();
    for (name, rules) in policies {
        let bar = progress::bar(history.rows, "Judging");
        let org = OrgId::new("file");
        let Replayed { findings, judged, taught } =
            replay::judge(&org, history, Beside::default(), window, rules, &mut |rows| bar.inc(rows))?;
        bar.finish_and_clear();
        let active_users = Some(history.people.len() as u64);
        let judged = Judged { logins: judged, taught, active_users, period };
        let backtest = Backtest::of(&findings, &rules.policy, &judged);
        let off = detections_off(history, period, &[], rules);
        let packs = period.map(|period| rules.packs.believed_in(period)).unwrap_or_default();
        runs.push(BacktestRun { policy: name.clone(), backtest, off, packs });
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
    let Some(workplace) = Workplace::if_there(&options.store).await? else { bail!(NO_ORG) };
    output::note(
        "The store keeps what was found, not the logins: only what is asked for is tried anew, without the cap in percent.",
    );
    let (orgs, window) = (workplace.orgs().await?, options.history.window());
    if orgs.is_empty() {
        bail!(NO_ORG);
    }
    let mut runs = Vec::new();
    for org in &orgs {
        let store = workplace.store.as_ref();
        let accounts = stages::accounts(org).all(store).await?;
        let accounts = accounts.into_iter().map(|(_, kept)| (kept.value.id.clone(), kept.value)).collect();
        let kept = stages::findings(org).all(store).await?;
        let mut found: Vec<_> = kept.into_iter().map(|(_, kept)| kept.value).collect();
        found.retain(|finding| (window.since..window.until).contains(&finding.last_seen));
        for (name, rules) in policies {
            let policy = if orgs.len() == 1 { name.clone() } else { format!("{name} ({org})") };
            let backtest = decided_anew(&mut found, &accounts, rules);
            runs.push(BacktestRun { policy, backtest, off: Vec::new(), packs: Vec::new() });
        }
    }
    Ok(runs)
}

fn decided_anew(found: &mut [Finding], accounts: &HashMap<UserId, User>, rules: &Rules) -> Backtest {
    for finding in &mut *found {
        let user = finding.user_id.as_ref().and_then(|id| accounts.get(id));
        let user = user.cloned().or_else(|| named_account(finding));
        finding.action = rules.policy.decide(finding, user.as_ref(), finding.last_seen).action;
    }
    let times = || found.iter().map(|finding| finding.last_seen);
    let judged = Judged { period: times().min().zip(times().max()), ..Judged::default() };
    Backtest::of(found, &rules.policy, &judged)
}

/// An account that the store does not have, as far as the finding names it: taken for a person's.
fn named_account(finding: &Finding) -> Option<User> {
    let (id, username) = (finding.user_id.clone()?, finding.username.clone().unwrap_or_default());
    let kind = AccountKind::Human;
    let (name, profile, details) = (String::new(), String::new(), AccountDetails::default());
    Some(User { id, username, name, is_active: true, profile, kind, details })
}

fn show(runs: &[BacktestRun], format: Output) -> anyhow::Result<()> {
    if format == Output::Json {
        let one = |run: &BacktestRun| {
            serde_json::json!({
                "policy": run.policy, "backtest": run.backtest, "detections_off": run.off, "packs": run.packs,
            })
        };
        return output::say_json(&runs.iter().map(one).collect::<Vec<_>>());
    }
    for BacktestRun { policy, backtest, off, packs } in runs {
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
        if backtest.logins > 0 {
            output::note(&format!("{} logins judged, {} only taught.", backtest.logins, backtest.taught));
        }
        for part in packs {
            output::note(&output::harmless(&part.words()));
        }
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
