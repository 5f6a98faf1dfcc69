//! `warden approve`: what waits for people, and one person's signed consent to exactly that.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{
    Approval, ApproverKey, Containment, Pending, Stage, approvals, consent, containments,
};
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
        return make_key(file, format);
    }
    let workplace = Workplace::existing(&options.store).await?;
    let Some(id) = &options.id else {
        return list(&waiting(&workplace).await?, format);
    };
    let record = waiting_called(&workplace, id).await?.with_context(|| {
        format!("Nothing that waits for approval begins with `{id}`; `warden approve` lists what does")
    })?;
    let Some(key) = &options.key else {
        return list(&[record], format);
    };
    let rules = Rules::load(options.policy.as_deref())?;
    let org = match &options.connection {
        Some(connection) => Some(connected(connection, &record).await?),
        None => None,
    };
    let approval = approve(&rules, &workplace, &record, key).await?;
    if let Some(org) = org {
        return Box::pin(carry_out(&org, &rules, &workplace, &record, format)).await;
    }
    match format {
        Output::Json => output::say_json(&approval)?,
        Output::Table | Output::Csv => {
            output::say("Approved. The next round of `warden run` carries it out when enough people have.")?;
        }
    }
    Ok(Exit::Clean)
}

/// The org of what waits; asked for before anything is approved.
async fn connected(connection: &str, record: &Containment) -> anyhow::Result<Org> {
    let org = Org::connect(&workplace::connection(connection)?, &http_client()?)?;
    let (leads_to, about) = (org.id().await?, &record.request.org_id);
    ensure!(
        leads_to == *about,
        "{connection} leads to org {leads_to}, and what waits is about org {about}; nothing was approved"
    );
    Ok(org)
}

fn make_key(file: &Path, format: Output) -> anyhow::Result<Exit> {
    ensure!(
        !file.try_exists()?,
        "{}: there is a file already; a key is made only where none is",
        file.display()
    );
    let key = ApproverKey::load_or_create(file)?;
    let public = key.public_key();
    match format {
        Output::Json => output::say_json(&serde_json::json!({ "public_key": public }))?,
        Output::Table | Output::Csv => {
            output::say(&format!("approvers:\n  - name: your name\n    public_key: {public}"))?;
        }
    }
    Ok(Exit::Clean)
}

async fn approve(
    rules: &Rules,
    workplace: &Workplace,
    record: &Containment,
    key: &Path,
) -> anyhow::Result<Approval> {
    ensure!(key.try_exists()?, "{}: there is no key; `warden approve --new-key` makes one", key.display());
    let key = ApproverKey::load_or_create(key)?;
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
    Ok(approval)
}

async fn carry_out(
    org: &Org,
    rules: &Rules,
    workplace: &Workplace,
    record: &Containment,
    format: Output,
) -> anyhow::Result<Exit> {
    let org_id = &record.request.org_id;
    Box::pin(org.tend(workplace, rules)).await.context(
        "It is approved, and could not be carried out now; the next round of `warden run` tries again",
    )?;
    let id = record.containment_id.as_str();
    let now = containments(org_id).get(workplace.store.as_ref(), id).await?;
    let now = now.with_context(|| format!("The containment {id} is no longer in the store"))?.value;
    let told = match now.pending.as_ref().filter(|_| format != Output::Json) {
        Some(pending) => output::say(&still_waiting(rules, workplace, &now, pending).await?),
        None => tell(&now, format),
    };
    // What was done is told first: a head that cannot be signed does not hide it.
    let anchored = anchor(workplace, org_id).await.inspect_err(output::complain);
    told?;
    let is_fine = anchored.is_ok() && is_verified(now.outcome.as_ref());
    Ok(if is_fine { Exit::Clean } else { Exit::Findings })
}

/// What keeps an approved containment waiting.
async fn still_waiting(
    rules: &Rules,
    workplace: &Workplace,
    record: &Containment,
    pending: &Pending,
) -> anyhow::Result<String> {
    let agreed = consent(workplace.store.as_ref(), &rules.policy, record, SystemClock.now()).await?.len();
    Ok(match pending.needed.saturating_sub(agreed) {
        0 => "Approved by enough people, and still waiting: it could not be carried out now, as the log says. The \
              next round of `warden run` tries again."
            .to_owned(),
        more => format!("Approved. More people must approve before anything is done: {more} of {}.", pending.needed),
    })
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

/// Everything that waits, in every org of the store. A record that cannot be read hides nothing behind it.
pub(crate) async fn waiting(workplace: &Workplace) -> anyhow::Result<Vec<Containment>> {
    let mut all = Vec::new();
    for org in workplace.orgs().await? {
        let kept = output::readable(containments(&org).each(workplace.store.as_ref()).await?);
        all.extend(kept.filter(|record| record.stage == Stage::Waiting));
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
