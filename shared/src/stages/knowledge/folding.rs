//! Profiles are written after the write that makes a fold true, each by itself and with the fold's number. Where that was not
//! finished, whoever comes next folds again what the tail still has of it, and writes what does not bear the number: each record takes
//! an observation in once, as with the page numbers of a database's log (Mohan et al., "ARIES", 1992).

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Knowledge;
use super::rooms::{Finished, ORG, Rooms};
use crate::detection::{Absorbed, Detection, SeenBucket};
use crate::observation::Position;
use crate::policy::Policy;
use crate::store::{Expect, Key, Room, Store, StoreError, Write};

/// The fold that a profile has been through last, beside what was learned.
const STAMP: &str = "folded";

/// The last evaluation, as a fold of what grew older than the overlap in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fold {
    /// Counts the evaluations.
    pub(super) number: u64,
    /// What was committed before.
    since: Option<Timestamp>,
}

impl Fold {
    pub(super) fn next(self, since: Option<Timestamp>) -> Self {
        Self { number: self.number + 1, since }
    }

    /// Whether it took in an observation that is committed now: one from before it only where it came late.
    pub(super) fn took(self, arrived: u64, at: &Position) -> bool {
        arrived == self.number || self.since.is_none_or(|since| at.time >= since)
    }

    pub(super) async fn is_finished(self, store: &dyn Store, rooms: &Rooms) -> Result<bool, StoreError> {
        let finished = rooms.finished.get(store, ORG).await?.map_or(0, |kept| kept.value.number);
        Ok(finished == self.number)
    }

    pub(super) fn finished(self, rooms: &Rooms) -> Result<Write, StoreError> {
        Write::put(rooms.finished.key(ORG), Expect::Any, &Finished { number: self.number })
    }
}

impl Knowledge {
    /// Whether nobody else has evaluated since, as far as can be seen without reading everything: who has not yet finished, or goes
    /// unseen, makes the next write conflict.
    pub(in crate::stages) async fn is_current(&self, store: &dyn Store) -> Result<bool, StoreError> {
        self.fold.is_finished(store, &self.rooms).await
    }

    pub(in crate::stages) fn is_unfinished(&self) -> bool {
        self.unfolded.is_some()
    }

    /// Finishes the fold of an evaluation that ended before it had. What is known here is not true any more after that.
    pub(in crate::stages) async fn finish(
        mut self,
        store: &dyn Store,
        policy: &Policy,
        detections: &[Box<dyn Detection>],
    ) -> Result<(), StoreError> {
        let Some(entries) = self.unfolded.take() else { return Ok(()) };
        self.meet(store, entries.values()).await?;
        tracing::warn!(
            observations = entries.len(),
            "An evaluation was not finished: what it learned is learned again"
        );
        let folded = self.state.fold_again(policy, detections, &entries);
        let mut writes = Vec::new();
        for write in self.folded(&folded)? {
            if !is_stamped(store, write.key(), self.fold.number).await? {
                writes.push(write);
            }
        }
        store.write_in_order(Vec::new(), writes).await?;
        store.write(vec![self.fold.finished(&self.rooms)?]).await
    }

    /// The profiles that a fold has changed.
    pub(super) fn folded(&self, absorbed: &Absorbed) -> Result<Vec<Write>, StoreError> {
        let (profiles, asked, number) = (&self.state.profiles, &self.asked, self.fold.number);
        let mut writes = Vec::new();
        for user in &absorbed.users {
            let Some(profile) = profiles.users.get(user) else { continue };
            writes.push(stamped(&self.rooms.users, user.as_str(), asked.users.get(user), profile, number)?);
        }
        for network in &absorbed.networks {
            let Some(profile) = profiles.networks.get(network) else { continue };
            let (room, name) = (&self.rooms.networks, network.to_string());
            writes.push(stamped(room, &name, asked.networks.get(network), profile, number)?);
        }
        for application in &absorbed.applications {
            let Some(profile) = profiles.applications.get(application) else { continue };
            let (room, name) = (&self.rooms.applications, application.as_str());
            writes.push(stamped(room, name, asked.applications.get(name), profile, number)?);
        }
        for bucket in &absorbed.buckets {
            let Some(seen) = self.state.seen.get(bucket) else { continue };
            let known = asked.buckets.get(bucket).copied().flatten();
            writes.push(self.rooms.seen.put(&SeenBucket::name(*bucket), known, seen)?);
        }
        Ok(writes)
    }
}

/// A write of a profile that holds only while it is as it was read, and bears the number of the fold.
fn stamped<T: Serialize + DeserializeOwned>(
    room: &Room<T>,
    sort: &str,
    known: Option<&Option<u64>>,
    profile: &T,
    number: u64,
) -> Result<Write, StoreError> {
    let mut write = room.put(sort, known.copied().flatten(), profile)?;
    if let Write::Put { body: Value::Object(body), .. } = &mut write {
        body.insert(STAMP.to_owned(), Value::from(number));
    }
    Ok(write)
}

async fn is_stamped(store: &dyn Store, key: &Key, number: u64) -> Result<bool, StoreError> {
    let record = store.get(key).await?;
    Ok(record.and_then(|record| record.body.get(STAMP)?.as_u64()) == Some(number))
}
