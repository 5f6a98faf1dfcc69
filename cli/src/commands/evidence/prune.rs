//! `warden evidence prune`: takes away what is older than the policy keeps. The chain stays whole.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use session_warden::clock::{Clock, SystemClock};
use session_warden::stages::prune;

use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::anchor;
use crate::workplace::{Rules, Workplace};

/// `warden evidence prune`.
#[derive(Debug, Args)]
pub(crate) struct PruneOptions {
    #[command(flatten)]
    store: StoreOptions,
    /// The policy, whose `evidence.keep_for` says how long evidence is kept.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
}

/// Prunes every org of the store.
pub(super) async fn run(options: &PruneOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "evidence")?;
    let workplace = Workplace::existing(&options.store).await?;
    let Some(keep_for) = Rules::load(Some(&options.policy))?.policy.evidence.keep_for else {
        bail!("{}: evidence.keep_for is not set, so everything is kept", options.policy.display());
    };
    let now = SystemClock.now();
    let mut pruned = Vec::new();
    for org in workplace.orgs().await? {
        pruned.push(prune(workplace.store.as_ref(), &org, keep_for, now).await?);
        anchor(&workplace, &org).await?;
    }
    match format {
        Output::Json => output::say_json(&pruned)?,
        Output::Table | Output::Csv => {
            for of_org in &pruned {
                output::say(&format!(
                    "{}: {} payloads and {} containments from before {} were taken away; the chain stays whole.",
                    output::harmless(of_org.org_id.as_str()),
                    of_org.payloads,
                    of_org.containments,
                    of_org.before.strftime("%Y-%m-%d")
                ))?;
            }
        }
    }
    Ok(Exit::Clean)
}
