//! Profiles are written after the write that makes a fold true, each by itself and with the fold's number. Where that was not
//! finished, whoever comes next folds again what the tail still has of it, and writes what does not bear the number: each record takes
//! an observation in once, as with the page numbers of a database's log (Mohan et al., "ARIES", 1992).

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Knowledge;
use super::reading::LANES;
use super::rooms::{Finished, ORG, Rooms};
use crate::detection::{Absorbed, Detection, SeenBucket};
use crate::observation::Position;
use crate::policy::Policy;
use crate::store::{Expect, Key, Room, Store, StoreError, Write};

/// The fold that a profile has been through last, beside what was learned.
const STAMP: &str = "folded";

/// Profiles that are made into writes before some of them are written.
pub(in crate::stages) const AT_ONCE: usize = 500;

/// The last evaluation, as a fold of what it has committed.
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
        let mut writes = self.folded(&folded).peekable();
        while writes.peek().is_some() {
            let unstamped = writes.by_ref().take(AT_ONCE).map(async |write| {
                let write = write?;
                let is_stamped = is_stamped(store, write.key(), self.fold.number).await?;
                Ok::<_, StoreError>((!is_stamped).then_some(write))
            });
            let unstamped: Vec<_> = unstamped.collect();
            let unstamped: Vec<_> = stream::iter(unstamped).buffered(LANES).try_collect().await?;
            store.write_in_order(Vec::new(), unstamped.into_iter().flatten().collect()).await?;
        }
        store.write(vec![self.fold.finished(&self.rooms)?]).await
    }

    /// The profiles that a fold has changed, each made into a write when it is asked for: together they would take many times what
    /// they take as profiles.
    pub(in crate::stages) fn folded<'k>(
        &'k self,
        absorbed: &'k Absorbed,
    ) -> impl Iterator<Item = Result<Write, StoreError>> + 'k {
        let (profiles, rooms, asked, number) =
            (&self.state.profiles, &self.rooms, &self.asked, self.fold.number);
        let users = absorbed.users.iter().filter_map(move |user| {
            let profile = profiles.users.get(user)?;
            Some(stamped(&rooms.users, user.as_str(), asked.users.get(user), profile, number))
        });
        let networks = absorbed.networks.iter().filter_map(move |network| {
            let (profile, name) = (profiles.networks.get(network)?, network.to_string());
            Some(stamped(&rooms.networks, &name, asked.networks.get(network), profile, number))
        });
        let applications = absorbed.applications.iter().filter_map(move |name| {
            let profile = profiles.applications.get(name)?;
            Some(stamped(&rooms.applications, name, asked.applications.get(name), profile, number))
        });
        let buckets = absorbed.buckets.iter().filter_map(move |bucket| {
            let seen = self.state.seen.get(bucket)?;
            let known = asked.buckets.get(bucket).copied().flatten();
            Some(rooms.seen.put(&SeenBucket::name(*bucket), known, seen))
        });
        users.chain(networks).chain(applications).chain(buckets)
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
