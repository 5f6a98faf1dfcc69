//! `warden findings`: what was found, in every org of a store.

use session_warden::detection::Finding;
use session_warden::stages;

use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::output;
use crate::workplace::Workplace;

/// Lists findings, worst first.
pub(crate) async fn run(options: &StoreOptions, format: Output) -> anyhow::Result<Exit> {
    let workplace = Workplace::open(options).await?;
    let mut findings: Vec<Finding> = Vec::new();
    for org in workplace.orgs().await? {
        let kept = stages::findings(&org).all(workplace.store.as_ref()).await?;
        findings.extend(kept.into_iter().map(|(_, kept)| kept.value));
    }
    match format {
        Output::Json => output::say_json(&findings)?,
        Output::Csv => output::say_csv(&findings)?,
        Output::Table if findings.is_empty() => output::say("No findings.")?,
        Output::Table => output::say(&output::findings_table(&findings).to_string())?,
    }
    Ok(if findings.is_empty() { Exit::Clean } else { Exit::Findings })
}
