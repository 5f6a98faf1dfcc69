//! `warden findings`: what was found, in every org of a store.

use std::collections::HashMap;

use clap::Args;
use session_warden::detection::{Finding, Status};
use session_warden::notice::{Answer, answers};
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
    let (mut findings, mut answered) = (Vec::new(), HashMap::<_, Vec<_>>::new());
    if let Some(workplace) = Workplace::if_there(&options.store).await? {
        for org in workplace.orgs().await? {
            findings.extend(of_org(workplace.store.as_ref(), &org).await?);
            for (_, kept) in answers(&org).all(workplace.store.as_ref()).await? {
                answered.entry(kept.value.question.id().to_owned()).or_default().push(kept.value);
            }
        }
    }
    let is_open = |finding: &Finding| finding.status == Status::Open;
    let exit = if findings.iter().any(is_open) { Exit::Findings } else { Exit::Clean };
    findings.retain(|finding| options.all || is_open(finding));
    match format {
        Output::Json => output::say_json(&with_answers(&findings, &answered)?)?,
        Output::Csv => output::say_csv(&findings)?,
        Output::Table if findings.is_empty() => output::say("No findings.")?,
        Output::Table => {
            output::say(&output::findings_table(&findings).to_string())?;
            for answer in
                findings.iter().filter_map(|finding| answered.get(finding.finding_id.as_str())).flatten()
            {
                output::say(&format!("{}: {}.", answer.question.id(), output::harmless(&answer.words())))?;
            }
        }
    }
    Ok(exit)
}

/// A finding as it is stored, and what its user said to it.
fn with_answers(
    findings: &[Finding],
    answered: &HashMap<String, Vec<Answer>>,
) -> anyhow::Result<Vec<serde_json::Value>> {
    let with = |finding: &Finding| {
        let mut told = serde_json::to_value(finding)?;
        told["answers"] =
            serde_json::to_value(answered.get(finding.finding_id.as_str()).map_or(&[][..], Vec::as_slice))?;
        Ok(told)
    };
    findings.iter().map(with).collect()
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
