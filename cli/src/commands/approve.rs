//! `warden approve`: what waits for people, and one person's signed consent to exactly that.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{ApproverKey, Containment, Pending, Stage, approvals, containments};
use session_warden::salesforce::http_client;
use session_warden::store::{Expect, Write};

use super::contain::preview;
use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::{Org, anchor};
use crate::round::is_verified;
use crate::workplace::{self, Rules, Workplace};

/// `warden approve`.
#[derive(Debug, Args)]
pub(crate) struct ApproveOptions {
    /// What to approve: the id of a containment that waits, or of the finding behind it, or as many of its first
    /// characters as name one only. Without it all that waits is listed.
    #[arg(value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    store: StoreOptions,
    /// The policy, which names the approvers and their public keys.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Approve, with your own key.
    #[arg(long, value_name = "FILE", requires_all = ["id", "policy"])]
    key: Option<PathBuf>,
    /// Carry it out at once when enough people have approved; else the next `warden run` does.
    #[arg(long, value_name = "FILE", requires = "key")]
    connection: Option<String>,
    /// Make a key of your own in this file, and print what stands for it in the policy.
    #[arg(long, value_name = "FILE", exclusive = true)]
    new_key: Option<PathBuf>,
}

/// Lists, shows, or approves.
pub(crate) async fn run(options: &ApproveOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "approve")?;
    if let Some(file) = &options.new_key {
        return make_key(file);
    }
    let workplace = Workplace::open(&options.store).await?;
    let Some(id) = &options.id else {
        return list(&waiting(&workplace).await?, format);
    };
    let record = waiting_called(&workplace, id).await?.with_context(|| {
        format!("Nothing that waits for approval begins with `{id}`; `warden approve` lists what does")
    })?;
    let Some(key) = &options.key else {
        return list(&[record], format);
    };
    approve(options, &workplace, &record, key).await?;
    if let Some(connection) = &options.connection {
        return Box::pin(carry_out(options, &workplace, &record, connection, format)).await;
    }
    output::say("Approved. The next round of `warden run` carries it out when enough people have.")?;
    Ok(Exit::Clean)
}

fn make_key(file: &Path) -> anyhow::Result<Exit> {
    ensure!(
        !file.try_exists()?,
        "{}: there is a file already; a key is made only where none is",
        file.display()
    );
    let key = ApproverKey::load_or_create(file)?;
    output::say(&format!("approvers:\n  - name: your name\n    public_key: {}", key.public_key()))?;
    Ok(Exit::Clean)
}

async fn approve(
    options: &ApproveOptions,
    workplace: &Workplace,
    record: &Containment,
    key: &Path,
) -> anyhow::Result<()> {
    ensure!(key.try_exists()?, "{}: there is no key; `warden approve --new-key` makes one", key.display());
    let key = ApproverKey::load_or_create(key)?;
    let rules = Rules::load(options.policy.as_deref())?;
    let mut approvers = rules.policy.approvers.iter();
    let Some(approver) = approvers.find(|approver| approver.public_key == key.public_key()) else {
        bail!(
            "the policy names no approver with the key {}; an approval would count for nothing",
            key.public_key()
        );
    };
    let pending = pending(record)?;
    let now = SystemClock.now();
    ensure!(now <= pending.expires, "it has waited until {} and waits no longer; ask again", pending.expires);
    ensure!(
        pending.is_as_asked(record),
        "what waits was changed in the store after it was asked, so nobody's approval counts for it; see who can write \
         the store, let it expire, and ask again"
    );
    let approval = key.approve(record, pending, &approver.name, now);
    let place = approvals(&record.request.org_id).key(&approval.sort());
    workplace.store.write(vec![Write::put(place, Expect::Any, &approval)?]).await?;
    Ok(())
}

async fn carry_out(
    options: &ApproveOptions,
    workplace: &Workplace,
    record: &Containment,
    connection: &str,
    format: Output,
) -> anyhow::Result<Exit> {
    let org = Org::connect(&workplace::connection(connection)?, &http_client()?)?;
    let rules = Rules::load(options.policy.as_deref())?;
    let changed = Box::pin(org.tend(workplace, &rules)).await?;
    let now = changed.into_iter().find(|changed| changed.containment_id == record.containment_id);
    anchor(workplace, &record.request.org_id).await?;
    let Some(now) = now else {
        output::say("Approved. More people must approve before anything is done.")?;
        return Ok(Exit::Findings);
    };
    tell(&now, format)?;
    Ok(if is_verified(now.outcome.as_ref()) { Exit::Clean } else { Exit::Findings })
}

fn list(records: &[Containment], format: Output) -> anyhow::Result<Exit> {
    if records.is_empty() && format != Output::Json {
        output::say("Nothing waits for approval.")?;
        return Ok(Exit::Clean);
    }
    match format {
        Output::Json => output::say_json(&records)?,
        Output::Table | Output::Csv => {
            for record in records {
                tell(record, format)?;
            }
        }
    }
    Ok(if records.is_empty() { Exit::Clean } else { Exit::Findings })
}

fn tell(record: &Containment, format: Output) -> anyhow::Result<()> {
    match format {
        Output::Json => output::say_json(record),
        Output::Table | Output::Csv => output::say(&preview::lines(record, true).join("\n")),
    }
}

fn pending(record: &Containment) -> anyhow::Result<&Pending> {
    record.pending.as_ref().context("it waits for nobody")
}

/// Everything that waits, in every org of the store.
pub(crate) async fn waiting(workplace: &Workplace) -> anyhow::Result<Vec<Containment>> {
    let mut all = Vec::new();
    for org in workplace.orgs().await? {
        let kept = containments(&org).all(workplace.store.as_ref()).await?;
        all.extend(
            kept.into_iter().map(|(_, kept)| kept.value).filter(|record| record.stage == Stage::Waiting),
        );
    }
    Ok(all)
}

/// What waits and is called so: by its id, or that of its finding.
pub(crate) async fn waiting_called(workplace: &Workplace, id: &str) -> anyhow::Result<Option<Containment>> {
    let mut named = waiting(workplace).await?;
    let is_called = |record: &Containment| {
        let finding = record.request.trigger.as_ref().map(|trigger| trigger.finding_id.as_str());
        record.containment_id.as_str().starts_with(id)
            || finding.is_some_and(|finding| finding.starts_with(id))
    };
    named.retain(|record| !id.is_empty() && is_called(record));
    ensure!(named.len() < 2, "{} things that wait begin with `{id}`; give more of the id", named.len());
    Ok(named.pop())
}

/// What waits under this id of its own: a finding's id means the finding.
pub(crate) async fn waiting_by_id(workplace: &Workplace, id: &str) -> anyhow::Result<Option<Containment>> {
    Ok(waiting(workplace).await?.into_iter().find(|record| record.containment_id.as_str() == id))
}
