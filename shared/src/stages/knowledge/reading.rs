//! Reading what judging looks at: each record once, many at a time.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Knowledge;
use crate::detection::{Absorbed, OrgState, SeenBucket, Subject, TailEntry};
use crate::observation::{Network, Observation, UserId};
use crate::store::{Kept, Room, Store, StoreError};

/// Records read at once.
pub(super) const LANES: usize = 32;

/// Under which version each record was read; `None` for one that is not there.
type Versions<K> = HashMap<K, Option<u64>>;

/// What was asked for.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) users: Versions<UserId>,
    pub(super) networks: Versions<Network>,
    pub(super) applications: Versions<String>,
    pub(super) buckets: Versions<i64>,
    accounts: HashSet<UserId>,
    episodes: HashSet<String>,
}

/// What observations look at.
#[derive(Default)]
struct Wanted {
    users: HashSet<UserId>,
    networks: HashSet<Network>,
    applications: HashSet<String>,
    buckets: HashSet<i64>,
    subjects: HashSet<String>,
    /// A failure may tell of whoever came in from its network before.
    entered: HashSet<Network>,
}

impl Wanted {
    fn of<'o>(observations: impl Iterator<Item = &'o Observation>) -> Self {
        let mut wanted = Self::default();
        for observation in observations {
            wanted.users.extend(observation.user().cloned());
            wanted.networks.extend(OrgState::networks_of(observation));
            wanted.applications.extend(observation.application().map(str::to_owned));
            // Matters where this observation is late, and where it is about to be committed beside others.
            wanted.buckets.insert(SeenBucket::number(observation.time()));
            wanted.subjects.extend(OrgState::subjects_of(observation).map(|subject| subject.key()));
            wanted.entered.extend(observation.network());
        }
        wanted
    }
}

impl Knowledge {
    /// Reads what judging these needs: the profiles, accounts and episodes of everything that they name.
    pub(in crate::stages) async fn meet<'o>(
        &mut self,
        store: &dyn Store,
        entries: impl Iterator<Item = &'o TailEntry>,
    ) -> Result<(), StoreError> {
        let wanted = Wanted::of(entries.map(|entry| &entry.observation));
        self.fetch(store, wanted).await
    }

    pub(super) async fn meet_tail(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let wanted = Wanted::of(self.state.tail.values().map(|entry| &entry.observation));
        self.fetch(store, wanted).await
    }

    async fn fetch(&mut self, store: &dyn Store, wanted: Wanted) -> Result<(), StoreError> {
        let (rooms, asked, profiles) = (&self.rooms, &mut self.asked, &mut self.state.profiles);
        for (user, kept) in
            each(store, &rooms.users, &asked.users, &wanted.users, ToString::to_string).await?
        {
            asked.users.insert(user.clone(), kept.as_ref().map(|kept| kept.version));
            profiles.users.extend(kept.map(|kept| (user, kept.value)));
        }
        for (network, kept) in
            each(store, &rooms.networks, &asked.networks, &wanted.networks, ToString::to_string).await?
        {
            asked.networks.insert(network, kept.as_ref().map(|kept| kept.version));
            profiles.networks.extend(kept.map(|kept| (network, kept.value)));
        }
        let (known, wanted_here) = (&asked.applications, &wanted.applications);
        for (name, kept) in each(store, &rooms.applications, known, wanted_here, Clone::clone).await? {
            asked.applications.insert(name.clone(), kept.as_ref().map(|kept| kept.version));
            profiles.applications.extend(kept.map(|kept| (name, kept.value)));
        }
        let name = |bucket: &i64| SeenBucket::name(*bucket);
        for (bucket, kept) in each(store, &rooms.seen, &asked.buckets, &wanted.buckets, name).await? {
            asked.buckets.insert(bucket, kept.as_ref().map(|kept| kept.version));
            self.state.seen.extend(kept.map(|kept| (bucket, kept.value)));
        }
        self.fetch_people(store, wanted).await
    }

    async fn fetch_people(&mut self, store: &dyn Store, wanted: Wanted) -> Result<(), StoreError> {
        let networks = wanted.entered.iter().filter_map(|network| self.state.profiles.networks.get(network));
        let entered: HashSet<_> =
            networks.flat_map(|known| &known.entered).map(|entered| entered.user.clone()).collect();
        let (mut users, mut subjects) = (wanted.users, wanted.subjects);
        subjects.extend(entered.iter().map(|user| Subject::user(user).key()));
        subjects.retain(|key| self.subjects.may_have(key) && !self.asked.episodes.contains(key));
        users.extend(entered);
        users.retain(|user| !self.asked.accounts.contains(user));
        let none = Versions::new();
        for (user, kept) in each(store, &self.rooms.accounts, &none, &users, ToString::to_string).await? {
            self.asked.accounts.insert(user.clone());
            self.state.users.extend(kept.map(|kept| (user, kept.value)));
        }
        for (key, kept) in
            each(store, &self.rooms.episodes, &Versions::new(), &subjects, Clone::clone).await?
        {
            self.asked.episodes.insert(key.clone());
            self.state.episodes.extend(kept.map(|kept| (key, kept.value)));
        }
        Ok(())
    }

    /// People may have said anything since the last evaluation. What cannot be read excuses nothing.
    pub(in crate::stages) async fn read_dismissals(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let mut exempts = Vec::new();
        for (finding, dismissal) in self.rooms.dismissals.each(store).await? {
            match dismissal {
                Ok(dismissal) => exempts.extend(dismissal.value.exempts),
                Err(error) => tracing::error!(finding, error = %error, "a dismissal cannot be read"),
            }
        }
        self.state.dismissed = exempts;
        Ok(())
    }

    /// After everything was written: what was read is as it was written, and what the tail does not name is forgotten.
    pub(in crate::stages) fn settle(&mut self, absorbed: &Absorbed) {
        self.standing_version = Some(self.standing_version.unwrap_or(0) + 1);
        let (asked, state) = (&mut self.asked, &mut self.state);
        next(&mut asked.users, absorbed.users.iter().filter(|user| state.profiles.users.contains_key(*user)));
        let networks = absorbed.networks.iter();
        next(&mut asked.networks, networks.filter(|network| state.profiles.networks.contains_key(*network)));
        let applications = absorbed.applications.iter();
        next(
            &mut asked.applications,
            applications.filter(|name| state.profiles.applications.contains_key(*name)),
        );
        next(&mut asked.buckets, absorbed.buckets.iter());
        let live = Wanted::of(state.tail.values().map(|entry| &entry.observation));
        asked.users.retain(|user, _| live.users.contains(user));
        asked.networks.retain(|network, _| live.networks.contains(network));
        asked.applications.retain(|name, _| live.applications.contains(name));
        asked.buckets.retain(|bucket, _| live.buckets.contains(bucket));
        asked.accounts.retain(|user| live.users.contains(user));
        asked.episodes.retain(|key| live.subjects.contains(key));
        state.profiles.users.retain(|user, _| live.users.contains(user));
        state.profiles.networks.retain(|network, _| live.networks.contains(network));
        state.profiles.applications.retain(|name, _| live.applications.contains(name));
        state.seen.retain(|bucket, _| live.buckets.contains(bucket));
        state.users.retain(|user, _| live.users.contains(user));
        state.episodes.retain(|key, _| live.subjects.contains(key));
    }
}

fn next<'k, K: Clone + Eq + Hash + 'k>(versions: &mut Versions<K>, written: impl Iterator<Item = &'k K>) {
    for key in written {
        let version = versions.get(key).copied().flatten().unwrap_or(0);
        versions.insert(key.clone(), Some(version + 1));
    }
}

/// The records of a room that were not asked for before.
async fn each<K, T>(
    store: &dyn Store,
    room: &Room<T>,
    asked: &Versions<K>,
    keys: &HashSet<K>,
    name: impl Fn(&K) -> String,
) -> Result<Vec<(K, Option<Kept<T>>)>, StoreError>
where
    K: Clone + Eq + Hash,
    T: Serialize + DeserializeOwned,
{
    let new = keys.iter().filter(|key| !asked.contains_key(*key));
    let reads: Vec<_> = new.map(|key| one(store, room, key.clone(), name(key))).collect();
    stream::iter(reads).buffer_unordered(LANES).try_collect().await
}

async fn one<K, T: Serialize + DeserializeOwned>(
    store: &dyn Store,
    room: &Room<T>,
    key: K,
    name: String,
) -> Result<(K, Option<Kept<T>>), StoreError> {
    Ok((key, room.get(store, &name).await?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::detection::{Entered, Lane, NetworkProfile};
    use crate::observation::{AccountDetails, AccountKind, OrgId, User};
    use crate::stages::knowledge::Subjects;
    use crate::store::MemoryStore;

    /// A failure may be told as the takeover of somebody else, whose open finding and account it must then meet.
    #[tokio::test]
    async fn a_failure_brings_whoever_came_in_from_its_network_before() {
        let (store, org, ada) = (MemoryStore::new(), OrgId::new("org"), UserId::new("ada"));
        let entry = json!({ "id": "login-2", "time": "2026-11-25T09:00:00Z", "user_id": "bob", "outcome": "wrong_password",
            "status": "Invalid Password", "login_type": "Application", "source": "198.51.100.7" });
        let entry = Observation::Login(Box::new(serde_json::from_value(entry).unwrap()));
        let came = Entered { time: entry.position().time, login: "login-1".into(), user: ada.clone() };
        let network = NetworkProfile { entered: vec![came], ..NetworkProfile::default() };
        let (name, profile, details) = (String::new(), String::new(), AccountDetails::default());
        let (username, kind) = ("ada@example.com".to_owned(), AccountKind::Human);
        let account = User { id: ada.clone(), username, name, is_active: true, profile, kind, details };
        let mut knowledge = Knowledge::read(&store, &org).await.unwrap();
        let rooms = &knowledge.rooms;
        let key = entry.network().unwrap().to_string();
        let writes = [rooms.networks.put(&key, None, &network), rooms.accounts.put("ada", None, &account)];
        store.write(writes.into_iter().collect::<Result<_, _>>().unwrap()).await.unwrap();
        let batch = [TailEntry { observation: entry, lane: Lane::Live }];
        let known = [(Subject::user(&ada).key(), batch[0].observation.position().time)];
        knowledge.subjects = Subjects(Some(known.into()));
        knowledge.meet(&store, batch.iter()).await.unwrap();
        assert_eq!(knowledge.state.users.get(&ada), Some(&account));
        let asked: Vec<_> = knowledge.asked.episodes.iter().collect();
        assert_eq!(asked, [&Subject::user(&ada).key()], "no other subject has an episode");
    }
}
