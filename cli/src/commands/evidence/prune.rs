//! `warden evidence prune`: takes away what is older than the policy keeps. The chain stays whole.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{Containment, Outcome, Stage, containments};
use session_warden::evidence::Ledger;
use session_warden::observation::OrgId;
use session_warden::store::{Expect, Write};

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

/// What was taken away of one org.
#[derive(Debug, serde::Serialize)]
struct Pruned {
    org_id: OrgId,
    before: Timestamp,
    payloads: usize,
    containments: usize,
}

/// Prunes every org of the store.
pub(super) async fn run(options: &PruneOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "evidence")?;
    let workplace = Workplace::existing(&options.store).await?;
    let Some(keep_for) = Rules::load(Some(&options.policy))?.policy.evidence.keep_for else {
        bail!("{}: evidence.keep_for is not set, so everything is kept", options.policy.display());
    };
    let now = SystemClock.now();
    let before = now.checked_sub(keep_for).context("evidence.keep_for reaches back before all time")?;
    let mut pruned = Vec::new();
    for org in workplace.orgs().await? {
        pruned.push(prune(&workplace, org, before, now).await?);
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
                    before.strftime("%Y-%m-%d")
                ))?;
            }
        }
    }
    Ok(Exit::Clean)
}

async fn prune(
    workplace: &Workplace,
    org: OrgId,
    before: Timestamp,
    now: Timestamp,
) -> anyhow::Result<Pruned> {
    let (store, room) = (workplace.store.as_ref(), containments(&org));
    let (old, open): (Vec<_>, Vec<_>) =
        room.all(store).await?.into_iter().partition(|(_, kept)| is_over(&kept.value, before));
    let open: BTreeSet<_> = open.into_iter().map(|(id, _)| id).collect();
    let payloads = Ledger::new(store, org.clone()).prune(before, &open, now).await?;
    for (id, kept) in &old {
        let gone = Write::Delete { key: room.key(id), expect: Expect::Version(kept.version) };
        store.write(vec![gone]).await?;
    }
    anchor(workplace, &org).await?;
    Ok(Pruned { org_id: org, before, payloads, containments: old.len() })
}

/// Whether it has ended with success long ago, and nobody is frozen by it any more: whoever releases him looks for it, and he is
/// watched for a while then.
fn is_over(record: &Containment, before: Timestamp) -> bool {
    let ended = record.finished.max(record.released.as_ref().map(|released| released.at));
    let is_old = ended.is_some_and(|ended| ended < before);
    let is_open = matches!(record.outcome, Some(Outcome::NotContained { .. }));
    record.stage == Stage::Finished && is_old && !record.freezes() && !is_open
}
