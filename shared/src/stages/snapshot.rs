//! Live sessions as they were at the last scan, so that only what is new, has changed, or is still used after a while is sent on.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::observation::{Kind, OrgId, Session, SessionLogin, User, UserId};
use crate::salesforce::Rejected;
use crate::store::{Kept, Room, Store, StoreError, Table, Write};

/// A session that goes on being used is sent on again, no more often than this.
const STILL_USED: SignedDuration = SignedDuration::from_mins(5);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    revision: String,
    /// The login it pointed to when it was first seen; Salesforce moves it when the session is reused.
    #[serde(default)]
    first_login: Option<SessionLogin>,
    /// What was last seen to have changed of its account; empty for nothing.
    #[serde(default)]
    account: String,
    /// Its activity as it was last sent on.
    #[serde(default)]
    used: Option<Timestamp>,
}

/// The last snapshot, compared with sessions page by page. One record a session: the snapshot has no size limit.
pub(super) struct Snapshot {
    room: Room<Known>,
    known: HashMap<String, Kept<Known>>,
    changed: HashMap<UserId, String>,
    met: BTreeSet<String>,
    /// Rows that could not be read, not even their ids: any session may be among them.
    unnamed: usize,
}

/// What has changed since the last snapshot.
#[derive(Default)]
pub(super) struct Changes {
    /// Sessions that are new, whose address, login or account is another, or that are still used after a while.
    pub(super) sessions: Vec<Session>,
    /// Makes the store know the new snapshot.
    pub(super) writes: Vec<Write>,
}

impl Snapshot {
    /// `changed` are the users whose accounts were changed not long ago: what they hold is judged again.
    pub(super) async fn read(store: &dyn Store, org: &OrgId, changed: &[User]) -> Result<Self, StoreError> {
        let room: Room<Known> = Room::new(Table::Scan, org, "sessions");
        let known = room.all(store).await?.into_iter().collect();
        let changed = changed.iter().map(|user| (user.id.clone(), state_of(user))).collect();
        Ok(Self { room, known, changed, met: BTreeSet::new(), unnamed: 0 })
    }

    /// Compares some of the live sessions.
    pub(super) fn compare(&mut self, live: impl Iterator<Item = Session>) -> Result<Changes, StoreError> {
        let mut changes = Changes::default();
        for mut session in live {
            let (id, revision) =
                (session.id.to_string(), format!("{}/{}", Kind::Session.name(), session.revision()));
            let before = self.known.get(&id);
            self.met.insert(id.clone());
            let account = match (self.changed.get(&session.user_id), before) {
                (Some(state), _) => state.clone(),
                (None, Some(kept)) => kept.value.account.clone(),
                (None, None) => String::new(),
            };
            let is_same = |kept: &Known| kept.revision == revision && kept.account == account;
            if before.is_some_and(|kept| is_same(&kept.value) && !kept.value.is_outlived_by(&session)) {
                continue;
            }
            let first_login =
                before.map_or_else(|| session.login.clone(), |kept| kept.value.first_login.clone());
            let version = before.map(|kept| kept.version);
            let used = Some(session.last_modified);
            let known = Known { revision, first_login: first_login.clone(), account, used };
            changes.writes.push(self.room.put(&id, version, &known)?);
            session.first_login = first_login.filter(|first| Some(&first.id) != session.login_id());
            changes.sessions.push(session);
        }
        Ok(changes)
    }

    /// A row that cannot be read is there all the same.
    pub(super) fn meet_rejected(&mut self, rejected: &[Rejected]) {
        self.met.extend(rejected.iter().filter_map(|row| row.id.clone()));
        self.unnamed += rejected.iter().filter(|row| row.id.is_none()).count();
    }

    /// Forgets the sessions that no page has shown.
    pub(super) fn forget_others(&self) -> Vec<Write> {
        if self.unnamed > 0 {
            return Vec::new();
        }
        self.known.keys().filter(|id| !self.met.contains(*id)).map(|id| self.room.remove(id)).collect()
    }
}

impl Known {
    /// Whether the session has been used for so long since it was sent on that it would be taken for over: Salesforce moves
    /// LastModifiedDate half-way through the validity.
    fn is_outlived_by(&self, session: &Session) -> bool {
        let half = SignedDuration::from_secs(session.seconds_valid.max(0) / 2);
        self.used.is_none_or(|used| session.last_modified.duration_since(used) >= half.max(STILL_USED))
    }
}

/// What decides about a session beside its own row.
fn state_of(user: &User) -> String {
    let password = user.details.last_password_change.map(|at| at.to_string());
    format!("{}/{}", if user.is_active { "active" } else { "inactive" }, password.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{AccessToken, LoginId, Source};
    use crate::store::MemoryStore;

    fn session(login: &str, address: &str) -> Session {
        let now = "2026-11-23T18:43:00Z".parse().unwrap();
        Session {
            id: "0Ak000000000001AAA".into(),
            user_id: "005".into(),
            parent_id: "0Ak000000000001AAA".into(),
            session_type: "UI".to_owned(),
            login_type: "Application".to_owned(),
            security_level: String::new(),
            access_token: AccessToken::Untold,
            source: Source::from(address),
            place: None,
            login: Some(SessionLogin { id: login.into(), read: Some((now, Source::from(address))) }),
            first_login: None,
            created: now,
            last_modified: now,
            seconds_valid: 7_200,
            origin: None,
        }
    }

    async fn scan(store: &MemoryStore, live: Vec<Session>) -> Vec<Session> {
        let mut snapshot = Snapshot::read(store, &OrgId::new("00D"), &[]).await.unwrap();
        let mut changes = snapshot.compare(live.into_iter()).unwrap();
        changes.writes.extend(snapshot.forget_others());
        store.write(changes.writes).await.unwrap();
        changes.sessions
    }

    #[tokio::test]
    async fn a_session_whose_row_cannot_be_read_for_once_is_not_forgotten() {
        for id in [Some("0Ak000000000001AAA".to_owned()), None] {
            let store = MemoryStore::new();
            scan(&store, vec![session("0Ya1", "198.18.1.7")]).await;
            let mut snapshot = Snapshot::read(&store, &OrgId::new("00D"), &[]).await.unwrap();
            snapshot.meet_rejected(&[Rejected { id, reason: "as ordered".to_owned() }]);
            assert!(snapshot.forget_others().is_empty());
        }
    }

    #[tokio::test]
    async fn a_session_that_goes_on_being_used_is_told_again_after_half_its_validity() {
        let store = MemoryStore::new();
        let used = |minutes| {
            let session = session("0Ya1", "198.18.1.7");
            Session { last_modified: session.created + SignedDuration::from_mins(minutes), ..session }
        };
        let mut told = Vec::new();
        for minutes in [0, 30, 61, 100, 130] {
            if !scan(&store, vec![used(minutes)]).await.is_empty() {
                told.push(minutes);
            }
        }
        assert_eq!(told, [0, 61, 130]);
    }

    #[tokio::test]
    async fn a_login_that_moves_leaves_the_first_known() {
        let store = MemoryStore::new();
        assert_eq!(scan(&store, vec![session("0Ya1", "198.18.1.7")]).await[0].first_login, None);
        assert!(scan(&store, vec![session("0Ya1", "198.18.1.7")]).await.is_empty());
        for login in ["0Ya2", "0Ya3"] {
            let moved = scan(&store, vec![session(login, "198.18.1.7")]).await;
            assert_eq!(moved[0].first_login.as_ref().unwrap().id, LoginId::new("0Ya1"));
        }
        assert!(scan(&store, vec![]).await.is_empty());
        let again = scan(&store, vec![session("0Ya3", "198.18.1.7")]).await;
        assert_eq!((again.len(), again[0].first_login.clone()), (1, None), "it was gone");
    }
}
