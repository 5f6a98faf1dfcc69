//! `warden evaluate`: a login history from a file, without any credential.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{ArgGroup, Args};
use serde_json::json;
use session_warden::backtest::PackPart;
use session_warden::detection::{Finding, Sensor};
use session_warden::history_file::{History, read_sessions, read_tokens, read_users, read_verifications};
use session_warden::observation::{Observation, OrgId};
use session_warden::report::{DetectionOff, Report, ReportSource};
use session_warden::salesforce::TokenHashKey;

use crate::arguments::{Output, OwnRulesOptions};
use crate::exit::Exit;
use crate::history::{self, HistoryFile, tell_rejected};
use crate::output;
use crate::progress;
use crate::replay::{self, Beside, Replayed};
use crate::report::{self, Timelines};
use crate::silent::detections_off;
use crate::workplace::Rules;

/// `warden evaluate`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("from").args(["csv", "jsonl"]).required(true))]
pub(crate) struct EvaluateOptions {
    #[command(flatten)]
    history: HistoryFile,
    /// AuthSession rows, a JSON array.
    #[arg(long, value_name = "FILE")]
    sessions: Option<PathBuf>,
    /// OauthToken rows, a JSON array; a finding about a user names the tokens he holds.
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// User rows, a JSON array.
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// VerificationHistory rows, a JSON array.
    #[arg(long, value_name = "FILE")]
    verifications: Option<PathBuf>,
    /// The policy.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    own_rules: OwnRulesOptions,
    /// Write findings here, one JSON object a line.
    #[arg(long, value_name = "OUT.jsonl")]
    findings: Option<PathBuf>,
    /// Write a report here.
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,
}

/// What was judged, for the summary and the report.
pub(crate) struct Evaluation {
    pub(crate) history: History,
    pub(crate) findings: Vec<Finding>,
    /// Logins that were judged.
    pub(crate) judged: u64,
    /// Logins that only taught.
    pub(crate) taught: u64,
    /// Detections that could not speak, and why.
    pub(crate) off: Vec<DetectionOff>,
    /// For which part of the period each data pack was believed.
    pub(crate) packs: Vec<PackPart>,
    /// Rows beside the logins that could not be used.
    pub(crate) beside_rejected: u64,
}

/// Judges a file. Rows that cannot be used are named and the others judged; the exit code is then 2.
pub(crate) fn run(options: &EvaluateOptions, format: Output) -> anyhow::Result<Exit> {
    let policy = options.policy.as_deref();
    let rules = Rules::whole(policy, &options.own_rules)?;
    let history = options.history.read()?;
    let doubt = history::tell_doubt(&history);
    let (beside, beside_rejected) = read_beside(options, &history)?;
    let period = options.history.period(&history, beside.period())?;
    let bar = progress::bar(history.rows, "Judging");
    let org = OrgId::new("file");
    let Replayed { mut findings, judged, taught } =
        replay::judge(&org, &history, beside, options.history.window(), &rules, &mut |rows| bar.inc(rows))?;
    bar.finish_and_clear();
    let tokens_rejected = name_tokens(options, &mut findings)?;
    findings.sort_by(|a, b| (a.first_seen, &a.finding_id).cmp(&(b.first_seen, &b.finding_id)));
    let off = detections_off(&history, period, &given(options), &rules);
    let packs = period.map(|period| rules.packs.believed_in(period)).unwrap_or_default();
    let beside_rejected = beside_rejected + tokens_rejected;
    let evaluation = Evaluation { history, findings, judged, taught, off, packs, beside_rejected };
    write_findings(options.findings.as_deref(), &evaluation.findings)?;
    if let Some(path) = &options.report {
        write_report(path, options, &evaluation)?;
    }
    show(options, &evaluation, format)?;
    Ok(doubt.max(exit(&evaluation)))
}

fn exit(evaluation: &Evaluation) -> Exit {
    if evaluation.history.rejected.total + evaluation.beside_rejected > 0 {
        Exit::BadInput
    } else if evaluation.findings.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    }
}

fn read_beside(options: &EvaluateOptions, history: &History) -> anyhow::Result<(Beside, u64)> {
    let (mut beside, mut rejected) = (Beside::default(), 0);
    if let Some(path) = &options.users {
        let users = read_users(path)?;
        rejected += tell_rejected(path, &users.rejected);
        beside.users = users.rows;
    }
    if let Some(path) = &options.sessions {
        let sessions = read_sessions(path, &history.spill)?;
        rejected += tell_rejected(path, &sessions.rejected);
        let seen = sessions.rows.into_iter().map(|session| Observation::Session(Box::new(session)));
        beside.observations.extend(seen.map(|seen| (seen.position(), seen)));
    }
    if let Some(path) = &options.verifications {
        let checks = read_verifications(path)?;
        rejected += tell_rejected(path, &checks.rejected);
        let seen = checks.rows.into_iter().map(|check| Observation::Verification(Box::new(check)));
        beside.observations.extend(seen.map(|seen| (seen.position(), seen)));
    }
    Ok((beside, rejected))
}

/// Names in each finding about a user the tokens he holds, by hashes whose key is made anew for each run.
fn name_tokens(options: &EvaluateOptions, findings: &mut [Finding]) -> anyhow::Result<u64> {
    let Some(path) = &options.tokens else { return Ok(0) };
    let key = TokenHashKey::generate().context("This machine gives no randomness")?;
    let tokens = read_tokens(path, &key)?;
    for finding in findings {
        let user = finding.user_id.clone();
        let own = tokens.rows.iter().filter(|token| Some(&token.user_id) == user.as_ref());
        finding.name_tokens(own.map(|token| token.key.clone()));
    }
    Ok(tell_rejected(path, &tokens.rejected))
}

/// What was given beside the logins.
fn given(options: &EvaluateOptions) -> Vec<Sensor> {
    let files = [
        (&options.sessions, Sensor::Sessions),
        (&options.verifications, Sensor::Verifications),
        (&options.users, Sensor::Accounts),
    ];
    files.into_iter().filter(|(file, _)| file.is_some()).map(|(_, sensor)| sensor).collect()
}

fn write_findings(path: Option<&Path>, findings: &[Finding]) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let mut lines = Vec::new();
    for finding in findings {
        output::say_json_line(&mut lines, finding)?;
    }
    output::write_file(path, &lines)
}

fn write_report(path: &Path, options: &EvaluateOptions, evaluation: &Evaluation) -> anyhow::Result<()> {
    let history = &evaluation.history;
    let mut timelines = Timelines::of(&evaluation.findings, &[]);
    for login in history.spill.in_order()? {
        let login = login?;
        timelines.see(&login);
    }
    let file = options.history.path();
    let source = ReportSource {
        what: file.map(|file| file.display().to_string()).unwrap_or_default(),
        rows: history.rows,
        period: history.spill.period(),
        rejected: history.rejected.total,
        rejected_first: history.rejected.first.iter().map(ToString::to_string).collect(),
    };
    let report = Report {
        title: "Login history, judged".to_owned(),
        org: source.what.clone(),
        generated_at: report::now(),
        source,
        findings: evaluation.findings.clone(),
        containments: Vec::new(),
        timelines: timelines.gathered(),
        detections_off: evaluation.off.clone(),
        drill: Vec::new(),
    };
    report::write(path, &report)
}

fn show(options: &EvaluateOptions, evaluation: &Evaluation, format: Output) -> anyhow::Result<()> {
    let history = &evaluation.history;
    if format == Output::Csv {
        return output::say_csv(&evaluation.findings);
    }
    if format == Output::Json {
        let rejected: Vec<_> = history.rejected.first.iter().map(ToString::to_string).collect();
        return output::say_json(&json!({
            "rows": history.rows,
            "judged": evaluation.judged,
            "taught": evaluation.taught,
            "rejected": { "total": history.rejected.total, "first": rejected },
            "detections_off": evaluation.off,
            "packs": evaluation.packs,
            "findings": evaluation.findings,
        }));
    }
    if let Some(path) = options.history.path() {
        tell_rejected(path, &history.rejected);
    }
    if evaluation.findings.is_empty() {
        output::say("No findings.")?;
    } else {
        output::say(&output::findings_table(&evaluation.findings).to_string())?;
    }
    for DetectionOff { id, reason } in &evaluation.off {
        output::note(&format!("{id} is off: {reason}"));
    }
    for part in &evaluation.packs {
        output::note(&output::harmless(&part.words()));
    }
    let set_aside = match history.rejected.total {
        0 => String::new(),
        total => format!(", {total} rows could not be used"),
    };
    let taught = match evaluation.taught {
        0 => String::new(),
        taught => format!(", {taught} only taught"),
    };
    output::note(&format!("{} logins judged{taught}{set_aside}.", evaluation.judged));
    Ok(())
}
