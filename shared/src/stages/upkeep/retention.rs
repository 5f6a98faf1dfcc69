//! Evidence that is older than the policy keeps is taken away once a day. The chain stays whole.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Upkeep;
use crate::containment::{Containment, Outcome, Stage, containments};
use crate::evidence::{Ledger, LedgerError};
use crate::observation::OrgId;
use crate::store::{Expect, Room, Store, StoreError, Table, Write};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// The one record of its room.
const LAST: &str = "last";

/// When old evidence was last looked for, whatever came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Looked {
    at: Timestamp,
}

fn looks(org: &OrgId) -> Room<Looked> {
    Room::new(Table::Contain, org, "retention")
}

/// What was taken away of one org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Whose.
    pub org_id: OrgId,
    /// What is older than this.
    pub before: Timestamp,
    /// Payloads of the ledger; their hashes and links stay.
    pub payloads: usize,
    /// Records of containments that had ended.
    pub containments: usize,
}

impl Upkeep<'_> {
    /// Once a day, where the policy says how long evidence is kept. The look is recorded first, so that of two workers one
    /// does it, and evidence that is broken is read through once a day and not with every turn.
    pub(super) async fn retain(&self, org: &OrgId) -> Result<(), LedgerError> {
        let Some(keep_for) = self.policy.evidence.keep_for else { return Ok(()) };
        let (room, now) = (looks(org), self.clock.now());
        let last = room.get(self.store, LAST).await?;
        if last.as_ref().is_some_and(|kept| now.duration_since(kept.value.at) < DAY) {
            return Ok(());
        }
        let look = room.put(LAST, last.map(|kept| kept.version), &Looked { at: now })?;
        match self.store.write(vec![look]).await {
            Err(StoreError::Conflict(_)) => return Ok(()),
            other => other?,
        }
        let Pruned { before, payloads, containments, .. } = prune(self.store, org, keep_for, now).await?;
        tracing::info!(org.id = %org, %before, payloads, containments, "Old evidence was taken away");
        Ok(())
    }
}

/// Takes away the payloads of an org's ledger that are older than `keep_for`, and the records of containments that ended
/// before; those of containments that are not over stay.
///
/// # Errors
/// Those of [`Ledger::prune`].
pub async fn prune(
    store: &dyn Store,
    org: &OrgId,
    keep_for: SignedDuration,
    now: Timestamp,
) -> Result<Pruned, LedgerError> {
    let (room, before) = (containments(org), now.checked_sub(keep_for).unwrap_or(Timestamp::MIN));
    let (mut old, mut open) = (Vec::new(), BTreeSet::new());
    let mut asked = BTreeSet::new();
    for (id, kept) in room.each(store).await? {
        match kept {
            Ok(kept) if is_over(&kept.value, before) => old.push((id, kept)),
            Ok(kept) => {
                asked.insert(kept.value.request.of_the_first_time().to_owned());
                open.insert(id);
            }
            // What it is about is not known, so that all of it stays.
            Err(error) => {
                tracing::error!(containment.id = id, error = %error, "a containment cannot be read");
                open.insert(id);
            }
        }
    }
    // How often the same was asked for is counted by its records without a gap.
    let (old, again): (Vec<_>, Vec<_>) =
        old.into_iter().partition(|(_, kept)| !asked.contains(kept.value.request.of_the_first_time()));
    open.extend(again.into_iter().map(|(id, _)| id));
    let payloads = Ledger::new(store, org.clone()).prune(before, &open, now).await?;
    for (id, kept) in &old {
        let gone = Write::Delete { key: room.key(id), expect: Expect::Version(kept.version) };
        store.write(vec![gone]).await?;
    }
    Ok(Pruned { org_id: org.clone(), before, payloads, containments: old.len() })
}

/// Whether it has ended with success long ago, and nobody is frozen by it any more: whoever releases him looks for it, and he is
/// watched for a while then.
fn is_over(record: &Containment, before: Timestamp) -> bool {
    let ended = record.finished.max(record.released.as_ref().map(|released| released.at));
    let is_old = ended.is_some_and(|ended| ended < before);
    let is_open = matches!(record.outcome, Some(Outcome::NotContained { .. }));
    record.stage == Stage::Finished && is_old && !record.freezes() && !is_open
}
