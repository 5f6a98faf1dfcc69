//! One worker at a time for a subject: a user, an application, the org.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::observation::OrgId;
use crate::store::{Room, Store, StoreError, Table, Write};

/// A worker that has written nothing for this long is taken for dead. Every act renews it; a single call to
/// Salesforce with its repetitions stays below. One that outlives it is stopped before its next act.
const TERM: SignedDuration = SignedDuration::from_mins(2);

/// The lease as stored. It is never removed, so that its version never begins anew and a worker that was taken for
/// dead cannot mistake somebody else's lease for its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    until: Timestamp,
}

/// The right to act on a subject, until somebody else may take it.
#[derive(Debug)]
pub(crate) struct Lease {
    room: Room<Held>,
    subject: String,
    version: u64,
}

impl Lease {
    /// Takes the lease; `None` while another worker has it.
    pub(crate) async fn take(
        store: &dyn Store,
        org: &OrgId,
        subject: &str,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let room: Room<Held> = Room::new(Table::Contain, org, "leases");
        let kept = room.get(store, subject).await?;
        if kept.as_ref().is_some_and(|kept| kept.value.until > now) {
            return Ok(None);
        }
        let known = kept.map(|kept| kept.version);
        let put = room.put(subject, known, &Held { until: end(now) })?;
        match store.write(vec![put]).await {
            Ok(()) => Ok(Some(Self { room, subject: subject.to_owned(), version: following(known) })),
            Err(StoreError::Conflict(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Proves that nobody has taken this worker for dead: one that slept past its term must not act, for somebody else may
    /// have ended the work meanwhile, and the access may have been given back.
    ///
    /// # Errors
    /// A conflict where the lease has run out or is somebody else's.
    pub(crate) async fn check(&self, store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
        let kept = self.room.get(store, &self.subject).await?;
        let is_held = kept.is_some_and(|kept| kept.version == self.version && kept.value.until > now);
        if is_held { Ok(()) } else { Err(StoreError::Conflict(self.room.key(&self.subject))) }
    }

    /// The write that keeps it; after it, call [`Self::written`].
    pub(crate) fn renewal(&self, now: Timestamp) -> Result<Write, StoreError> {
        self.room.put(&self.subject, Some(self.version), &Held { until: end(now) })
    }

    /// The write that gives it back.
    pub(crate) fn release(&self, now: Timestamp) -> Result<Write, StoreError> {
        self.room.put(&self.subject, Some(self.version), &Held { until: now })
    }

    pub(crate) fn written(&mut self) {
        self.version = following(Some(self.version));
    }
}

fn end(now: Timestamp) -> Timestamp {
    now.checked_add(TERM).unwrap_or(Timestamp::MAX)
}

/// The version after a write.
pub(super) fn following(known: Option<u64>) -> u64 {
    known.map_or(1, |version| version + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn a_lease_is_held_until_it_runs_out_or_somebody_takes_it_over() {
        let (store, now) = (MemoryStore::new(), Timestamp::UNIX_EPOCH);
        let (org, over) = (OrgId::new("00D000000000001"), now + TERM);
        let first = Lease::take(&store, &org, "ada", now).await.unwrap().unwrap();
        first.check(&store, over - SignedDuration::from_secs(1)).await.unwrap();
        assert!(matches!(first.check(&store, over).await, Err(StoreError::Conflict(_))));
        let second = Lease::take(&store, &org, "ada", over).await.unwrap().unwrap();
        second.check(&store, over).await.unwrap();
        assert!(
            matches!(first.check(&store, now).await, Err(StoreError::Conflict(_))),
            "also by a clock that is behind"
        );
    }
}
