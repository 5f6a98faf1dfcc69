//! `warden evidence redact`: takes one payload of the evidence away before its time, and records why. The chain stays whole.

use anyhow::{bail, ensure};
use clap::Args;
use session_warden::clock::{Clock, SystemClock};
use session_warden::evidence::Ledger;
use session_warden::observation::OrgId;
use session_warden::settings::Settings;

use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::anchor;
use crate::workplace::Workplace;

/// `warden evidence redact`.
#[derive(Debug, Args)]
pub(crate) struct RedactOptions {
    /// The entries: their numbers, the `seq` of `warden evidence export`. What they say is gone for good.
    #[arg(required = true, value_name = "ENTRY")]
    entries: Vec<u64>,
    /// Why, for whoever meets it. It stands in the evidence and cannot be taken away: name nobody in it.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Whose evidence, by the org's id, where the store holds that of several.
    #[arg(long, value_name = "00D…")]
    org: Option<String>,
    #[command(flatten)]
    store: StoreOptions,
}

/// Takes each payload away, and signs the head after it.
pub(super) async fn run(options: &RedactOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "evidence")?;
    ensure!(
        !options.reason.trim().is_empty(),
        "--reason is empty: say why, for whoever finds that something is gone"
    );
    let workplace = Workplace::existing(&options.store).await?;
    let org = org(&workplace, options.org.as_deref()).await?;
    // Who has taken something away is no secret, and must stay.
    let reason = format!("{} (by {})", options.reason.trim(), Settings::of_process().person());
    let ledger = Ledger::new(workplace.store.as_ref(), org.clone());
    let mut redacted = Ok(());
    for entry in &options.entries {
        redacted = ledger.redact(*entry, &reason, SystemClock.now()).await.map(|_| ());
        if redacted.is_err() {
            break;
        }
    }
    // What went before one that failed is gone.
    anchor(&workplace, &org).await?;
    redacted?;
    match format {
        Output::Json => {
            let json = serde_json::json!({ "org_id": org, "redacted": options.entries, "reason": reason });
            output::say_json(&json)?;
        }
        Output::Table | Output::Csv => output::say(&format!(
            "What {} of {} said is gone; an entry says why, and the chain stays whole.",
            entries(&options.entries),
            output::harmless(org.as_str())
        ))?,
    }
    Ok(Exit::Clean)
}

fn entries(numbers: &[u64]) -> String {
    let told: Vec<_> = numbers.iter().map(ToString::to_string).collect();
    format!("{} {}", if numbers.len() == 1 { "entry" } else { "entries" }, told.join(", "))
}

async fn org(workplace: &Workplace, named: Option<&str>) -> anyhow::Result<OrgId> {
    let mut known = workplace.orgs().await?;
    match named {
        Some(named) => {
            let org = OrgId::new(named);
            ensure!(known.contains(&org), "The store holds nothing of an org {named}");
            Ok(org)
        }
        None if known.len() > 1 => {
            let known: Vec<_> = known.iter().map(ToString::to_string).collect();
            bail!("The store holds several orgs; name one with --org: {}", known.join(", "))
        }
        None => match known.pop() {
            Some(org) => Ok(org),
            None => bail!("The store holds no org yet, so there is no evidence to redact"),
        },
    }
}
