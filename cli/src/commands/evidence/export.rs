//! `warden evidence export`: one containment's case file, for whoever must believe it without this program.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use session_warden::containment::{Containment, containments, token_key};
use session_warden::evidence::{Anchor, CaseEntry, CaseFile, Ledger, RedactedCopy, SignedHead};
use session_warden::notice::answers_about;
use session_warden::policy::Redacted;
use session_warden::report::{Report, ReportSource};
use session_warden::stages;

use super::given_head;
use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::output;
use crate::report;
use crate::workplace::{Rules, Workplace};

/// `warden evidence export`.
#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    /// The containment: its id, or as many of its first characters as name one only.
    #[arg(value_name = "CONTAINMENT")]
    containment: String,
    #[command(flatten)]
    store: StoreOptions,
    /// Write the case file here, as JSON: the record, the entries and the signed head.
    #[arg(long, value_name = "OUT.json")]
    json: PathBuf,
    /// The head that the case is to end in, as for `verify`; by default the signed one beside the store.
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    /// The policy, which may say what the copy leaves out; without one it is whole.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Write it for people here.
    #[arg(long, value_name = "OUT.html")]
    html: Option<PathBuf>,
}

/// Exports one case.
pub(super) async fn export(options: &ExportOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "evidence")?;
    let workplace = Workplace::existing(&options.store).await?;
    let containment = find(&workplace, &options.containment).await?;
    let org = containment.request.org_id.clone();
    let ledger = Ledger::new(workplace.store.as_ref(), org.clone());
    let mut entries = ledger.case_entries(containment.containment_id.as_str()).await?;
    let signed_head = match given_head(options.head.as_deref())? {
        Some(given) => {
            end_in(&given, &containment, &mut entries)?;
            Some(given)
        }
        None => SignedHead::read(&workplace.head_file(&org))?.map(Anchor::Signed),
    };
    let record = serde_json::to_value(&containment)?;
    let case =
        CaseFile { schema_version: 1, left_out: Vec::new(), containment: record, signed_head, entries };
    let what = Rules::load(options.policy.as_deref())?.policy.evidence.redact;
    let page = page(&workplace, &containment, &what).await?;
    let (case, page) = if what.is_empty() {
        (case, page)
    } else {
        let key = token_key(workplace.store.as_ref(), &org).await?;
        let copy = RedactedCopy::of(&what, &key);
        (case.redacted(&what, &copy), less(&page, &copy)?)
    };
    output::write_file(&options.json, output::pretty_json(&case)?.as_bytes())?;
    if let Some(file) = &options.html {
        report::write(file, &page)?;
    }
    let (entries, file) = (case.entries.len(), options.json.display().to_string());
    match format {
        Output::Json => output::say_json(&serde_json::json!({ "entries": entries, "json": file }))?,
        Output::Table | Output::Csv => output::say(&format!("{entries} entries: {file}"))?,
    }
    Ok(Exit::Clean)
}

/// Leaves out what was written after a head was kept, where the case itself had ended by then.
fn end_in(given: &Anchor, containment: &Containment, entries: &mut Vec<CaseEntry>) -> anyhow::Result<()> {
    let (head, id) = (given.head(), containment.containment_id.as_str());
    ensure!(
        head.org == containment.request.org_id,
        "The head is of the org {}, and the case is not",
        head.org
    );
    let is_about = |entry: &&CaseEntry| entry.entry.containment.as_deref() == Some(id);
    let about = entries.iter().filter(is_about);
    let last =
        about.flat_map(|entry| entry.redacted_by.into_iter().chain([entry.entry.seq])).max().unwrap_or(0);
    ensure!(
        last <= head.seq,
        "The head was kept at entry {}, and the case goes on until entry {last}: bring a later one",
        head.seq
    );
    entries.retain(|entry| entry.entry.seq <= head.seq);
    let ends_in_it = entries.last().is_some_and(|entry| entry.entry.hash == head.hash);
    ensure!(ends_in_it, "The chain does not lead through the head: entry {} is another", head.seq);
    Ok(())
}

/// The page less what the copy leaves out.
fn less(page: &Report, copy: &RedactedCopy<'_>) -> anyhow::Result<Report> {
    let findings = serde_json::from_value(copy.value(&serde_json::to_value(&page.findings)?))?;
    let mut containments = copy.value(&serde_json::to_value(&page.containments)?);
    forget_marks(&mut containments);
    let containments = serde_json::from_value(containments)?;
    let title = format!("{} (a redacted copy)", page.title);
    Ok(Report { title, findings, containments, ..page.clone() })
}

/// Empties every list of addresses by which sessions were told apart: a network is none, and the page does not show them.
fn forget_marks(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            if let Some(addresses) = fields.get_mut("hostile").and_then(|marks| marks.get_mut("addresses")) {
                *addresses = serde_json::json!([]);
            }
            fields.values_mut().for_each(forget_marks);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(forget_marks),
        _ => {}
    }
}

/// The containments whose ids begin so.
pub(crate) async fn named(workplace: &Workplace, id: &str) -> anyhow::Result<Vec<Containment>> {
    let mut found = Vec::new();
    for org in workplace.orgs().await? {
        let kept = containments(&org).all(workplace.store.as_ref()).await?.into_iter();
        found.extend(
            kept.filter(|(name, _)| !id.is_empty() && name.starts_with(id)).map(|(_, kept)| kept.value),
        );
    }
    Ok(found)
}

async fn find(workplace: &Workplace, id: &str) -> anyhow::Result<Containment> {
    let mut found = named(workplace, id).await?;
    ensure!(found.len() < 2, "{} containments begin with `{id}`; give more of the id", found.len());
    found.pop().with_context(|| format!("No containment begins with `{id}`"))
}

async fn page(workplace: &Workplace, containment: &Containment, what: &[Redacted]) -> anyhow::Result<Report> {
    let org = &containment.request.org_id;
    let mut findings = Vec::new();
    if let Some(trigger) = &containment.request.trigger {
        let room = stages::findings(org);
        let kept = room.get(workplace.store.as_ref(), trigger.finding_id.as_str()).await?;
        if let Some(mut finding) = kept.map(|kept| kept.value) {
            let said = answers_about(workplace.store.as_ref(), org, finding.finding_id.as_str()).await?;
            // Who answered, and in which words, is a name; that there is an answer stands in the case.
            let said = said.iter().filter(|_| !what.contains(&Redacted::Names));
            finding.explanation.extend(said.map(|answer| format!("{}.", answer.words())));
            findings.push(finding);
        }
    }
    Ok(Report {
        title: format!("Case {}", containment.containment_id),
        org: org.to_string(),
        generated_at: report::now(),
        source: ReportSource {
            what: "the evidence of one containment".to_owned(),
            ..ReportSource::default()
        },
        findings,
        containments: vec![containment.clone()],
        timelines: HashMap::new(),
        detections_off: Vec::new(),
        drill: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn marks_are_forgotten_wherever_a_record_keeps_them() {
        let marks = || json!({ "level": "session", "hostile": { "addresses": ["198.19.0.0/24"], "session_ids": ["a"] } });
        let mut records = json!([{ "request": marks(), "agreed_to": { "scope": marks() }, "reach": { "target": marks() } }]);
        forget_marks(&mut records);
        let text = records.to_string();
        assert!(!text.contains("198.19") && text.matches("\"a\"").count() == 3, "{text}");
    }
}
