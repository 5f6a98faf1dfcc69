//! `warden evidence export`: one containment's case file, for whoever must believe it without this program.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use session_warden::containment::{Containment, containments};
use session_warden::evidence::{CaseFile, Ledger, SignedHead};
use session_warden::report::{Report, ReportSource};
use session_warden::stages;

use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::output;
use crate::report;
use crate::workplace::Workplace;

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
    /// Write it for people here.
    #[arg(long, value_name = "OUT.html")]
    html: Option<PathBuf>,
}

/// Exports one case.
pub(super) async fn export(options: &ExportOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "evidence")?;
    let workplace = Workplace::open(&options.store).await?;
    let containment = find(&workplace, &options.containment).await?;
    let org = containment.request.org_id.clone();
    let ledger = Ledger::new(workplace.store.as_ref(), org.clone());
    let entries = ledger.case_entries(containment.containment_id.as_str()).await?;
    let signed_head = SignedHead::read(&workplace.head_file(&org))?;
    let case = CaseFile { schema_version: 1, containment, signed_head, entries };
    let text = serde_json::to_string_pretty(&case).context("Failed to write the case as JSON")?;
    output::write_file(&options.json, text.as_bytes())?;
    if let Some(file) = &options.html {
        report::write(file, &page(&workplace, &case.containment).await?)?;
    }
    let (entries, file) = (case.entries.len(), options.json.display().to_string());
    match format {
        Output::Json => output::say_json(&serde_json::json!({ "entries": entries, "json": file }))?,
        Output::Table | Output::Csv => output::say(&format!("{entries} entries: {file}"))?,
    }
    Ok(Exit::Clean)
}

async fn find(workplace: &Workplace, id: &str) -> anyhow::Result<Containment> {
    let mut found = Vec::new();
    for org in workplace.orgs().await? {
        let kept = containments(&org).all(workplace.store.as_ref()).await?.into_iter();
        found.extend(
            kept.filter(|(name, _)| !id.is_empty() && name.starts_with(id)).map(|(_, kept)| kept.value),
        );
    }
    ensure!(found.len() < 2, "{} containments begin with `{id}`; give more of the id", found.len());
    found.pop().with_context(|| format!("No containment begins with `{id}`"))
}

async fn page(workplace: &Workplace, containment: &Containment) -> anyhow::Result<Report> {
    let org = &containment.request.org_id;
    let mut findings = Vec::new();
    if let Some(trigger) = &containment.request.trigger {
        let room = stages::findings(org);
        let kept = room.get(workplace.store.as_ref(), trigger.finding_id.as_str()).await?;
        findings.extend(kept.map(|kept| kept.value));
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
