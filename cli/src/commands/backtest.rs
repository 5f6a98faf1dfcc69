//! `warden backtest`: what a policy would have done to a history, and to whom.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{ArgGroup, Args};
use session_warden::backtest::{Backtest, Judged};
use session_warden::detection::Finding;
use session_warden::observation::{AccountDetails, AccountKind, OrgId, User, UserId};
use session_warden::report::{BacktestRun, render_backtest};
use session_warden::stages;

use crate::arguments::{Output, OwnRulesOptions, StoreOptions};
use crate::exit::Exit;
use crate::history::{self, HistoryFile, tell_rejected};
use crate::output::{self, cell, table};
use crate::replay::{self, Beside};
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
    let (what, runs, rejected) = match options.history.path() {
        Some(path) => {
            let (runs, rejected) = on_file(options, path, &policies)?;
            (path.display().to_string(), runs, rejected)
        }
        None => (options.store.store.clone().unwrap_or_default(), on_store(options, &policies).await?, 0),
    };
    if let Some(path) = &options.report {
        let page =
            render_backtest(&what, &runs, rejected, report::now()).context("Failed to draw the page")?;
        output::write_file(path, page.as_bytes())?;
    }
    show(&runs, format)?;
    Ok(if rejected > 0 { Exit::BadInput } else { Exit::Clean })
}

fn named(options: &BacktestOptions, file: Option<&Path>) -> anyhow::Result<(String, Rules)> {
    let name = file.map_or("the default policy".to_owned(), |file| file.display().to_string());
    Ok((name, Rules::load(file)?.with_own(&options.own_rules)?))
}

fn on_file(
    options: &BacktestOptions,
    path: &Path,
    policies: &[(String, Rules)],
) -> anyhow::Result<(Vec<BacktestRun>, u64)> {
    let history = options.history.read()?;
    history::tell_doubt(&history);
    let window = options.history.window();
    let period = history.spill.period()?;
    let period = period.map(|(first, last)| (first.max(window.since), last.min(window.until)));
    let judged = Judged { logins: history.rows, active_users: history.users.len() as u64, period };
    let mut runs = Vec::new();
    for (name, rules) in policies {
        let bar = progress::bar(history.rows, "Judging");
        let org = OrgId::new("file");
        let beside = Beside { users: programs(&history.users, rules), ..Beside::default() };
        let findings = replay::judge(&org, &history, beside, window, rules, &mut |rows| bar.inc(rows))?;
        bar.finish_and_clear();
        let backtest = Backtest::of(&findings, &rules.policy, &judged);
        runs.push(BacktestRun { policy: name.clone(), backtest });
    }
    Ok((runs, tell_rejected(path, &history.rejected)))
}

/// Whom the policy calls an integration is one: a login history alone does not say.
fn programs(users: &HashMap<UserId, User>, rules: &Rules) -> Vec<User> {
    let is_program = |user: &&User| rules.policy.integration(user.id.as_str(), &user.username).is_some();
    let kind = AccountKind::Integration;
    users.values().filter(is_program).map(|user| User { kind, ..user.clone() }).collect()
}

/// What was found stays found; each policy decides what it would have asked for, as if the last observation were the
/// present.
async fn on_store(
    options: &BacktestOptions,
    policies: &[(String, Rules)],
) -> anyhow::Result<Vec<BacktestRun>> {
    let workplace = Workplace::open(&options.store).await?;
    let mut found: Vec<Finding> = Vec::new();
    for org in workplace.orgs().await? {
        let kept = stages::findings(&org).all(workplace.store.as_ref()).await?;
        found.extend(kept.into_iter().map(|(_, kept)| kept.value));
    }
    let window = options.history.window();
    found.retain(|finding| (window.since..window.until).contains(&finding.last_seen));
    let (first, last) = (found.iter().map(|f| f.last_seen).min(), found.iter().map(|f| f.last_seen).max());
    let users: HashSet<_> = found.iter().flat_map(|f| &f.affected_users).cloned().collect();
    let judged = Judged { logins: 0, active_users: users.len() as u64, period: first.zip(last) };
    output::note("The store keeps what was found, not the logins: only what is asked for is tried anew.");
    let run = |(name, rules): &(String, Rules)| {
        let mut findings = found.clone();
        for finding in &mut findings {
            let user = account(finding, rules);
            finding.action = rules.policy.decide(finding, user.as_ref(), finding.last_seen).action;
        }
        BacktestRun { policy: name.clone(), backtest: Backtest::of(&findings, &rules.policy, &judged) }
    };
    Ok(policies.iter().map(run).collect())
}

/// The account that a finding is about, as far as the finding and the policy name it.
fn account(finding: &Finding, rules: &Rules) -> Option<User> {
    let (id, username) = (finding.user_id.clone()?, finding.username.clone().unwrap_or_default());
    let is_program = rules.policy.integration(id.as_str(), &username).is_some();
    let kind = if is_program { AccountKind::Integration } else { AccountKind::Human };
    let (name, profile, details) = (String::new(), String::new(), AccountDetails::default());
    Some(User { id, username, name, is_active: true, profile, kind, details })
}

fn show(runs: &[BacktestRun], format: Output) -> anyhow::Result<()> {
    if format == Output::Json {
        let one = |run: &BacktestRun| serde_json::json!({ "policy": run.policy, "backtest": run.backtest });
        return output::say_json(&runs.iter().map(one).collect::<Vec<_>>());
    }
    for BacktestRun { policy, backtest } in runs {
        let total = &backtest.total;
        output::say(&output::harmless(&format!(
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
