//! Live sessions as they were at the last scan, so that only what is new or has changed is sent on.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::observation::{OrgId, Session};
use crate::store::{Room, Store, StoreError, Table, Write};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    revision: String,
}

/// What has changed since the last snapshot.
pub(super) struct Changes {
    /// Sessions that are new, or whose address or login is another.
    pub(super) sessions: Vec<Session>,
    /// Makes the store know the new snapshot.
    pub(super) writes: Vec<Write>,
}

/// Compares live sessions with the last snapshot. One record a session: the snapshot has no size limit.
pub(super) async fn compare(
    store: &dyn Store,
    org: &OrgId,
    live: Vec<Session>,
) -> Result<Changes, StoreError> {
    let room: Room<Known> = Room::new(Table::Scan, org, "sessions");
    let known: HashMap<_, _> = room.all(store).await?.into_iter().collect();
    let ids: BTreeSet<_> = live.iter().map(|session| session.id.to_string()).collect();
    let gone = known.keys().filter(|id| !ids.contains(*id));
    let mut changes = Changes { sessions: Vec::new(), writes: gone.map(|id| room.remove(id)).collect() };
    for session in live {
        let revision = session.revision();
        let before = known.get(session.id.as_str());
        if before.is_some_and(|kept| kept.value.revision == revision) {
            continue;
        }
        let version = before.map(|kept| kept.version);
        changes.writes.push(room.put(session.id.as_str(), version, &Known { revision })?);
        changes.sessions.push(session);
    }
    Ok(changes)
}
