//! Whom this org's unfinished containments are about, in one record: two workers cannot each take one of the last two
//! administrators, because each writes it under the version it has read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ContainmentId, Readable};
use crate::observation::{OrgId, UserId};
use crate::store::{Key, Room, Store, StoreError, Table, Write};

const SORT: &str = "org";

/// The open plans; as long as the caps allow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    plans: BTreeMap<String, String>,
}

/// The open plans under the version at which they were read.
#[derive(Debug, Clone)]
pub(crate) struct OpenPlans {
    room: Room<Open>,
    version: Option<u64>,
    open: Open,
}

impl OpenPlans {
    pub(crate) async fn read(store: &dyn Store, org: &OrgId) -> Result<Readable<Self>, StoreError> {
        let room = room(org);
        match room.get(store, SORT).await {
            Ok(None) => Ok(Ok(Self { room, version: None, open: Open::default() })),
            Ok(Some(kept)) => Ok(Ok(Self { room, version: Some(kept.version), open: kept.value })),
            Err(error @ StoreError::Unreadable { .. }) => Ok(Err(error.to_string())),
            Err(error) => Err(error),
        }
    }

    /// Users about whom a plan is open; what is about no user looks like no user's id.
    pub(crate) fn users(&self) -> Vec<UserId> {
        self.open.plans.values().map(|subject| UserId::new(subject.as_str())).collect()
    }

    /// The ids of all of them.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.open.plans.keys().map(String::as_str)
    }

    /// The ids of the open plans about a subject.
    pub(crate) fn of<'a>(&'a self, subject: &'a str) -> impl Iterator<Item = &'a str> {
        let of_subject = self.open.plans.iter().filter(move |(_, of)| of.as_str() == subject);
        of_subject.map(|(id, _)| id.as_str())
    }

    pub(crate) fn key(&self) -> Key {
        self.room.key(SORT)
    }

    pub(crate) fn key_of(org: &OrgId) -> Key {
        room(org).key(SORT)
    }

    pub(crate) fn opening(&self, id: &ContainmentId, subject: &str) -> Result<Write, StoreError> {
        let mut open = self.open.clone();
        open.plans.insert(id.as_str().to_owned(), subject.to_owned());
        self.room.put(SORT, self.version, &open)
    }

    pub(crate) fn closing(&self, id: &ContainmentId) -> Result<Write, StoreError> {
        let mut open = self.open.clone();
        open.plans.remove(id.as_str());
        self.room.put(SORT, self.version, &open)
    }
}

fn room(org: &OrgId) -> Room<Open> {
    Room::new(Table::Contain, org, "open-plans")
}
