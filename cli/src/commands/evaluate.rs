//! `warden evaluate`: a login history from a file, without any credential.

use std::path::Path;

use anyhow::Context;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use session_warden::detection::{Finding, Sensor};
use session_warden::history_file::{
    History, HistoryOptions, read_csv, read_jsonl, read_sessions, read_tokens, read_users, read_verifications,
};
use session_warden::observation::{Observation, OrgId};
use session_warden::report::{Report, ReportSource};
use session_warden::salesforce::TokenHashKey;

use crate::arguments::{EvaluateOptions, Output};
use crate::exit::Exit;
use crate::output;
use crate::progress;
use crate::replay::{self, Beside, Window};
use crate::report::{self, Timelines};
use crate::workplace::Rules;

/// What was judged, for the summary and the report.
pub(crate) struct Evaluation {
    pub(crate) history: History,
    pub(crate) findings: Vec<Finding>,
    /// Detections that could not speak, and why.
    pub(crate) off: Vec<(String, String)>,
    /// Rows beside the logins that could not be used.
    pub(crate) beside_rejected: u64,
}

/// Judges a file. Rows that cannot be used are named and the others judged; the exit code is then 2.
pub(crate) fn run(options: &EvaluateOptions, format: Output) -> anyhow::Result<Exit> {
    let rules = Rules::load(options.policy.as_deref())?;
    let history = read(options)?;
    let (beside, beside_rejected) = read_beside(options, &history)?;
    let window = Window {
        since: options.since.unwrap_or(Timestamp::MIN),
        until: options.until.unwrap_or(Timestamp::MAX),
    };
    let bar = progress::bar(history.rows, "Judging");
    let org = OrgId::new("file");
    let mut findings = replay::judge(&org, &history, beside, window, &rules, &mut |rows| bar.inc(rows))?;
    bar.finish_and_clear();
    let tokens_rejected = name_tokens(options, &mut findings)?;
    findings.sort_by(|a, b| (a.first_seen, &a.finding_id).cmp(&(b.first_seen, &b.finding_id)));
    let off = detections_off(options, &history, &rules);
    let evaluation =
        Evaluation { history, findings, off, beside_rejected: beside_rejected + tokens_rejected };
    write_findings(options.findings.as_deref(), &evaluation.findings)?;
    if let Some(path) = &options.report {
        write_report(path, options, &evaluation)?;
    }
    show(&evaluation, format)?;
    Ok(exit(&evaluation))
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

fn read(options: &EvaluateOptions) -> anyhow::Result<History> {
    let path =
        options.history.csv.as_deref().or(options.history.jsonl.as_deref()).context("No file was named")?;
    let bytes = std::fs::metadata(path).map_or(0, |file| file.len());
    let bar = progress::bar(bytes, "Reading");
    let mut tell = |read| bar.set_position(read);
    let history = if options.history.csv.is_some() {
        let parse_zone = |zone: &String| TimeZone::get(zone).with_context(|| format!("--time-zone {zone}"));
        let time_zone = options.time_zone.as_ref().map(parse_zone).transpose()?;
        let parse_format =
            |text: &String| text.parse().map_err(|reason| anyhow::anyhow!("--date-format: {reason}"));
        let date_format = options.date_format.as_ref().map(parse_format).transpose()?;
        read_csv(path, &HistoryOptions { date_format, time_zone }, &mut tell)?
    } else {
        read_jsonl(path, &mut tell)?
    };
    bar.finish_and_clear();
    Ok(history)
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

fn tell_rejected(path: &Path, rejected: &session_warden::history_file::Rejected) -> u64 {
    for row in &rejected.first {
        output::note(&format!("{}: {}", path.display(), output::harmless(&row.to_string())));
    }
    let more = rejected.total - rejected.first.len() as u64;
    if more > 0 {
        output::note(&format!("{}: and {more} more rows that could not be used", path.display()));
    }
    rejected.total
}

/// Detections whose data the files do not hold.
fn detections_off(options: &EvaluateOptions, history: &History, rules: &Rules) -> Vec<(String, String)> {
    let missing = |sensor: Sensor| match sensor {
        Sensor::Logins => None,
        Sensor::Sessions => options.sessions.is_none().then_some("no --sessions file was given"),
        Sensor::Verifications => {
            options.verifications.is_none().then_some("no --verifications file was given")
        }
        // The logins themselves name their users; what else an account is comes with --users.
        Sensor::Tokens => Some("the use of tokens is seen between two looks, and a file is one"),
        Sensor::Accounts => options.users.is_none().then_some("no --users file was given"),
        Sensor::Places => {
            let has = |column| !history.columns_missing.contains(&column);
            (!has("Country Code") && !has("Location") && !has("Latitude"))
                .then_some("the file has neither a country nor coordinates")
        }
    };
    let cards = rules.detections.iter().map(|detection| detection.about());
    cards
        .filter_map(|card| {
            let reason = card.needs.iter().find_map(|sensor| missing(*sensor))?;
            Some((card.id.to_owned(), reason.to_owned()))
        })
        .collect()
}

fn write_findings(path: Option<&Path>, findings: &[Finding]) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let mut lines = Vec::new();
    for finding in findings {
        serde_json::to_writer(&mut lines, finding).context("Failed to write JSON")?;
        lines.push(b'\n');
    }
    output::write_file(path, &lines)
}

fn write_report(path: &Path, options: &EvaluateOptions, evaluation: &Evaluation) -> anyhow::Result<()> {
    let history = &evaluation.history;
    let mut timelines = Timelines::of(&evaluation.findings, &[]);
    for login in history.spill.in_order() {
        timelines.see(&login?);
    }
    let file = options.history.csv.as_deref().or(options.history.jsonl.as_deref());
    let source = ReportSource {
        what: file.map(|file| file.display().to_string()).unwrap_or_default(),
        rows: history.rows,
        period: history.spill.period()?,
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
        held_back: std::collections::HashMap::new(),
        detections_off: report::off(&evaluation.off),
        drill: Vec::new(),
    };
    report::write(path, &report)
}

fn show(evaluation: &Evaluation, format: Output) -> anyhow::Result<()> {
    let history = &evaluation.history;
    if format == Output::Csv {
        return output::say_csv(&evaluation.findings);
    }
    if format == Output::Json {
        let rejected: Vec<_> = history.rejected.first.iter().map(ToString::to_string).collect();
        return output::say_json(&json!({
            "rows": history.rows,
            "rejected": { "total": history.rejected.total, "first": rejected },
            "detections_off": evaluation.off.iter().map(|(id, reason)| json!({ "id": id, "reason": reason })).collect::<Vec<_>>(),
            "findings": evaluation.findings,
        }));
    }
    for row in &history.rejected.first {
        output::note(&output::harmless(&row.to_string()));
    }
    if evaluation.findings.is_empty() {
        output::say("No findings.")?;
    } else {
        output::say(&output::findings_table(&evaluation.findings).to_string())?;
    }
    for (id, reason) in &evaluation.off {
        output::note(&format!("{id} is off: {reason}"));
    }
    let more = history.rejected.total - history.rejected.first.len() as u64;
    let set_aside = match history.rejected.total {
        0 => String::new(),
        total => format!(", {total} rows could not be used ({more} of them not listed)"),
    };
    output::note(&format!("{} logins judged{set_aside}.", history.rows));
    Ok(())
}
