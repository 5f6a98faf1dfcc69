//! `warden findings`: what was found, in every org of a store.

use std::collections::HashMap;

use clap::Args;
use session_warden::detection::{Finding, Status};
use session_warden::observation::OrgId;
use session_warden::stages;
use session_warden::store::Store;

use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::output;
use crate::workplace::Workplace;

/// `warden findings`.
#[derive(Debug, Args)]
pub(crate) struct FindingsOptions {
    #[command(flatten)]
    store: StoreOptions,
    /// Also those that were dismissed.
    #[arg(long)]
    all: bool,
}

/// Lists findings, worst first.
pub(crate) async fn run(options: &FindingsOptions, format: Output) -> anyhow::Result<Exit> {
    let workplace = Workplace::open(&options.store).await?;
    let mut findings = Vec::new();
    for org in workplace.orgs().await? {
        findings.extend(of_org(workplace.store.as_ref(), &org).await?);
    }
    let is_open = |finding: &Finding| finding.status == Status::Open;
    let exit = if findings.iter().any(is_open) { Exit::Findings } else { Exit::Clean };
    findings.retain(|finding| options.all || is_open(finding));
    match format {
        Output::Json => output::say_json(&findings)?,
        Output::Csv => output::say_csv(&findings)?,
        Output::Table if findings.is_empty() => output::say("No findings.")?,
        Output::Table => output::say(&output::findings_table(&findings).to_string())?,
    }
    Ok(exit)
}

/// The findings of an org, with what people have said of them.
async fn of_org(store: &dyn Store, org: &OrgId) -> anyhow::Result<Vec<Finding>> {
    let dismissals: HashMap<_, _> = stages::dismissals(org).all(store).await?.into_iter().collect();
    let kept = stages::findings(org).all(store).await?;
    let findings = kept.into_iter().map(|(id, kept)| {
        let mut finding = kept.value;
        if dismissals.get(&id).is_some_and(|dismissal| dismissal.value.answers(&finding)) {
            finding.status = Status::Dismissed;
        }
        finding
    });
    Ok(findings.collect())
}
