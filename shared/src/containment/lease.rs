//! One worker at a time for a subject: a user, an application, the org.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::observation::OrgId;
use crate::store::{Kept, Room, Store, StoreError, Table, Write};

/// A worker that has written nothing for this long is taken for dead. Every act renews it, and where a reading took
/// longer, the next act does, unless somebody else has taken over.
const TERM: SignedDuration = SignedDuration::from_mins(2);
/// Whoever has slept for longer decides anew, though nobody has taken over: what he decided by is old.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);

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

    /// Proves that nobody has taken this worker for dead: who was must not act, for somebody else may have ended the work
    /// meanwhile, and the access may have been given back. What has run out, or soon does, is renewed.
    ///
    /// # Errors
    /// A conflict where the lease is somebody else's, or ended long ago.
    pub(crate) async fn hold(&mut self, store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
        let kept = self.room.get(store, &self.subject).await?;
        let is_held = |kept: &Kept<Held>| {
            kept.version == self.version && now.duration_since(kept.value.until) < LONGEST
        };
        let Some(kept) = kept.filter(is_held) else {
            return Err(StoreError::Conflict(self.room.key(&self.subject)));
        };
        if kept.value.until.duration_since(now) < TERM / 2 {
            store.write(vec![self.renewal(now)?]).await?;
            self.written();
        }
        Ok(())
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
    async fn a_lease_is_held_until_somebody_takes_it_over_after_its_end() {
        let (store, now) = (MemoryStore::new(), Timestamp::UNIX_EPOCH);
        let (org, over) = (OrgId::new("00D000000000001"), now + TERM);
        let take = async |at| Lease::take(&store, &org, "ada", at).await.unwrap();
        let mut first = take(now).await.unwrap();
        first.hold(&store, over).await.unwrap();
        assert!(take(over).await.is_none(), "who has only been slow holds it on");
        let much_later = over + TERM;
        let overslept = first.hold(&store, much_later + LONGEST).await;
        assert!(matches!(overslept, Err(StoreError::Conflict(_))));
        let mut second = take(much_later).await.unwrap();
        second.hold(&store, much_later).await.unwrap();
        for at in [much_later, now] {
            let held = first.hold(&store, at).await;
            assert!(matches!(held, Err(StoreError::Conflict(_))), "also by a clock that is behind");
        }
    }
}
