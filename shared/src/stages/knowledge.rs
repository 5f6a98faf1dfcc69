//! What evaluation remembers of an org between two batches: read before, written after.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::detection::{
    Absorbed, ApplicationProfile, Dismissal, Episode, Finding, NetworkProfile, OrgProfile, OrgState,
    SeenBucket, Subject, TailEntry, UserProfile,
};
use crate::observation::{Observation, OrgId, User};
use crate::store::{Expect, Kept, Room, Store, StoreError, Table, Write};

/// Entries in one record of the tail: below 400 KB even with the longest rows.
const CHUNK: usize = 250;

/// The org's own record; its version makes one writer at a time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Standing {
    profile: OrgProfile,
    committed_until: Option<Timestamp>,
}

/// The part of an org's knowledge that a batch touches, with the versions under which it was read.
pub(super) struct Knowledge {
    rooms: Rooms,
    pub(super) state: OrgState,
    versions: Versions,
    standing_version: Option<u64>,
    tail_chunks: Vec<String>,
}

/// Under which version each record was read; `None` for one that is not there.
type Versions = HashMap<String, Option<u64>>;

struct Rooms {
    standing: Room<Standing>,
    users: Room<UserProfile>,
    networks: Room<NetworkProfile>,
    applications: Room<ApplicationProfile>,
    accounts: Room<User>,
    tail: Room<Vec<TailEntry>>,
    seen: Room<SeenBucket>,
    episodes: Room<Episode>,
    findings: Room<Finding>,
}

impl Rooms {
    fn of(org: &OrgId) -> Self {
        let table = Table::Evaluate;
        Self {
            standing: Room::new(table, org, "standing"),
            users: Room::new(table, org, "user-profiles"),
            networks: Room::new(table, org, "network-profiles"),
            applications: Room::new(table, org, "application-profiles"),
            accounts: Room::new(table, org, "accounts"),
            tail: Room::new(table, org, "tail"),
            seen: Room::new(table, org, "seen"),
            episodes: Room::new(table, org, "episodes"),
            findings: Room::new(table, org, "findings"),
        }
    }
}

/// The room that holds what people have decided away, by finding id.
pub fn dismissals(org: &OrgId) -> Room<Dismissal> {
    Room::new(Table::People, org, "dismissals")
}

/// The room that holds findings as people see them, by finding id.
pub fn findings(org: &OrgId) -> Room<Finding> {
    Rooms::of(org).findings
}

impl Knowledge {
    /// Reads what judging `batch` needs: the tail, and the profiles and episodes of everything it or the tail names.
    pub(super) async fn read(
        store: &dyn Store,
        org: &OrgId,
        batch: &[TailEntry],
    ) -> Result<Self, StoreError> {
        let rooms = Rooms::of(org);
        let standing = rooms.standing.get(store, "org").await?;
        let standing_version = standing.as_ref().map(|kept| kept.version);
        let standing = standing.map(|kept| kept.value).unwrap_or_default();
        let mut knowledge = Self {
            rooms,
            state: OrgState { committed_until: standing.committed_until, ..OrgState::default() },
            versions: HashMap::new(),
            standing_version,
            tail_chunks: Vec::new(),
        };
        knowledge.state.profiles.org = standing.profile;
        let dismissals = dismissals(org).all(store).await?;
        knowledge.state.dismissed =
            dismissals.into_iter().flat_map(|(_, dismissal)| dismissal.value.exempts).collect();
        knowledge.read_tail(store).await?;
        let tail: Vec<_> = knowledge.state.tail.values().map(|entry| entry.observation.clone()).collect();
        for observation in tail.iter().chain(batch.iter().map(|entry| &entry.observation)) {
            knowledge.read_for(store, observation).await?;
        }
        Ok(knowledge)
    }

    async fn read_tail(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let until = self.state.committed_until.unwrap_or(Timestamp::MIN);
        for (sort, chunk) in self.rooms.tail.all(store).await? {
            let positions = || chunk.value.iter().map(|entry| entry.observation.position());
            self.tail_chunks.push(sort);
            let entries = positions().zip(chunk.value.iter().cloned());
            self.state.tail.extend(entries.filter(|(at, _)| at.time >= until));
        }
        Ok(())
    }

    async fn read_for(&mut self, store: &dyn Store, observation: &Observation) -> Result<(), StoreError> {
        let (rooms, state, versions) = (&self.rooms, &mut self.state, &mut self.versions);
        if let Some(user) = observation.user() {
            let profile = fetch(&rooms.users, store, versions, user.as_str()).await?;
            state.profiles.users.extend(profile.map(|profile| (user.clone(), profile)));
        }
        for network in OrgState::networks_of(observation) {
            let profile = fetch(&rooms.networks, store, versions, &network.to_string()).await?;
            state.profiles.networks.extend(profile.map(|profile| (network, profile)));
        }
        if let Some(name) = observation.application() {
            let profile = fetch(&rooms.applications, store, versions, name).await?;
            state.profiles.applications.extend(profile.map(|profile| (name.to_owned(), profile)));
        }
        // A failure may tell of whoever came in from its network before.
        let entered = observation.network().and_then(|network| state.profiles.networks.get(&network));
        let entered: Vec<_> =
            entered.into_iter().flat_map(|known| &known.entered).map(|one| one.user.clone()).collect();
        for user in observation.user().into_iter().chain(&entered) {
            let account = fetch(&rooms.accounts, store, versions, user.as_str()).await?;
            state.users.extend(account.map(|account| (user.clone(), account)));
        }
        for subject in OrgState::subjects_of(observation).chain(entered.iter().map(Subject::user)) {
            let key = subject.key();
            let episode = fetch(&rooms.episodes, store, versions, &key).await?;
            state.episodes.extend(episode.map(|episode| (key, episode)));
        }
        // Matters where this observation is late, and where it is about to be committed beside others.
        let bucket = SeenBucket::number(observation.time());
        let seen = fetch(&rooms.seen, store, versions, &SeenBucket::name(bucket)).await?;
        state.seen.extend(seen.map(|seen| (bucket, seen)));
        Ok(())
    }

    /// Takes in accounts that came with the batch; those that changed are written back.
    pub(super) fn learn_accounts(&mut self, accounts: Vec<User>) -> Result<Vec<Write>, StoreError> {
        let mut writes = Vec::new();
        let newest: HashMap<_, _> =
            accounts.into_iter().map(|account| (account.id.clone(), account)).collect();
        for (id, account) in newest {
            let write = Write::put(self.rooms.accounts.key(id.as_str()), Expect::Any, &account)?;
            if self.state.users.get(&id) != Some(&account) {
                writes.push(write);
                self.state.users.insert(id, account);
            }
        }
        Ok(writes)
    }

    /// The writes that make the store know what the state knows now. All of them hold together or none does.
    pub(super) fn writes(&self, absorbed: &Absorbed) -> Result<Vec<Write>, StoreError> {
        let state = &self.state;
        let mut writes = vec![self.rooms.standing.put(
            "org",
            self.standing_version,
            &Standing { profile: state.profiles.org.clone(), committed_until: state.committed_until },
        )?];
        for user in &absorbed.users {
            writes.extend(self.write(&self.rooms.users, user.as_str(), state.profiles.users.get(user))?);
        }
        for network in &absorbed.networks {
            let profile = state.profiles.networks.get(network);
            writes.extend(self.write(&self.rooms.networks, &network.to_string(), profile)?);
        }
        for name in &absorbed.applications {
            writes.extend(self.write(
                &self.rooms.applications,
                name,
                state.profiles.applications.get(name),
            )?);
        }
        for bucket in &absorbed.buckets {
            writes.extend(self.write(
                &self.rooms.seen,
                &SeenBucket::name(*bucket),
                state.seen.get(bucket),
            )?);
        }
        // A subject may have had two episodes in one batch; only the open one is kept as such.
        let subjects: BTreeSet<_> = absorbed.changed.iter().map(|finding| finding.subject.key()).collect();
        for key in &subjects {
            writes.extend(self.write(&self.rooms.episodes, key, self.state.episodes.get(key))?);
        }
        for finding in &absorbed.changed {
            let key = self.rooms.findings.key(finding.finding_id.as_str());
            writes.push(Write::put(key, Expect::Any, finding)?);
        }
        writes.extend(self.tail_writes()?);
        Ok(writes)
    }

    fn write<T: Serialize + DeserializeOwned>(
        &self,
        room: &Room<T>,
        sort: &str,
        value: Option<&T>,
    ) -> Result<Option<Write>, StoreError> {
        let known = self.versions.get(&version_key(room, sort)).copied().flatten();
        value.map(|value| room.put(sort, known, value)).transpose()
    }

    /// The tail as it is now, in new chunks, in place of the old.
    fn tail_writes(&self) -> Result<Vec<Write>, StoreError> {
        let sequence = self.standing_version.unwrap_or(0) + 1;
        let mut writes: Vec<_> = self.tail_chunks.iter().map(|sort| self.rooms.tail.remove(sort)).collect();
        let entries: Vec<_> = self.state.tail.values().cloned().collect();
        for (number, chunk) in entries.chunks(CHUNK).enumerate() {
            let sort = format!("{sequence:012}/{number:04}");
            writes.push(self.rooms.tail.put(&sort, None, &chunk.to_vec())?);
        }
        Ok(writes)
    }
}

fn version_key<T: Serialize + DeserializeOwned>(room: &Room<T>, sort: &str) -> String {
    let key = room.key(sort);
    format!("{}\u{1f}{}", key.partition, key.sort)
}

/// One record, the first time it is asked for.
async fn fetch<T: Serialize + DeserializeOwned>(
    room: &Room<T>,
    store: &dyn Store,
    versions: &mut Versions,
    sort: &str,
) -> Result<Option<T>, StoreError> {
    let key = version_key(room, sort);
    if versions.contains_key(&key) {
        return Ok(None);
    }
    let kept: Option<Kept<T>> = room.get(store, sort).await?;
    versions.insert(key, kept.as_ref().map(|kept| kept.version));
    Ok(kept.map(|kept| kept.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::{Entered, Lane};
    use crate::observation::{AccountDetails, AccountKind, UserId};
    use crate::store::MemoryStore;
    use serde_json::json;

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
        let rooms = Rooms::of(&org);
        let key = entry.network().unwrap().to_string();
        let writes = [rooms.networks.put(&key, None, &network), rooms.accounts.put("ada", None, &account)];
        store.write(writes.into_iter().collect::<Result<_, _>>().unwrap()).await.unwrap();
        let batch = [TailEntry { observation: entry, lane: Lane::Live }];
        let knowledge = Knowledge::read(&store, &org, &batch).await.unwrap();
        assert_eq!(knowledge.state.users.get(&ada), Some(&account));
        let key = version_key(&knowledge.rooms.episodes, &Subject::user(&ada).key());
        let version = knowledge.versions.get(&key);
        assert_eq!(version, Some(&None), "its episode was asked for");
    }
}
