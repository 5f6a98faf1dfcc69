//! Which accounts the evaluation has been told of.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::observation::{AccountKind, OrgId, User, UserId};
use crate::salesforce::{Salesforce, SalesforceError};
use crate::store::{Expect, Room, Store, StoreError, Table, Write};

/// An account is read again after this: it may have been given another profile.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    read_at: Timestamp,
}

/// The accounts that were told, as far as one scan has asked.
pub(super) struct Accounts {
    room: Room<Told>,
    own: Vec<String>,
    fresh: HashMap<UserId, bool>,
}

impl Accounts {
    pub(super) fn of(org: &OrgId, own: &[String]) -> Self {
        Self { room: Room::new(Table::Scan, org, "accounts"), own: own.to_vec(), fresh: HashMap::new() }
    }

    /// What was told of them is no longer so.
    pub(super) fn have_changed<'u>(&mut self, ids: impl Iterator<Item = &'u UserId>) {
        self.fresh.extend(ids.map(|id| (id.clone(), false)));
    }

    /// Those of `ids` that the evaluation does not know or knows too old, read from Salesforce, and the writes that
    /// record it.
    pub(super) async fn read_untold(
        &mut self,
        store: &dyn Store,
        salesforce: &Salesforce,
        ids: BTreeSet<UserId>,
        now: Timestamp,
    ) -> Result<(Vec<User>, Vec<Write>), AccountsError> {
        let mut unknown = Vec::new();
        for id in ids {
            if !self.is_fresh(store, &id, now).await? {
                unknown.push(id);
            }
        }
        if unknown.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut users = salesforce.users(&unknown).await?;
        for user in users
            .iter_mut()
            .filter(|user| self.own.iter().any(|own| own.eq_ignore_ascii_case(&user.username)))
        {
            user.kind = AccountKind::Warden;
        }
        let told = Told { read_at: now };
        let write = |id: &UserId| Write::put(self.room.key(id.as_str()), Expect::Any, &told);
        let writes = users.iter().map(|user| write(&user.id)).collect::<Result<_, _>>()?;
        self.fresh.extend(users.iter().map(|user| (user.id.clone(), true)));
        Ok((users, writes))
    }

    async fn is_fresh(&mut self, store: &dyn Store, id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        if let Some(fresh) = self.fresh.get(id) {
            return Ok(*fresh);
        }
        let told = self.room.get(store, id.as_str()).await?;
        let fresh = told.is_some_and(|told| now.duration_since(told.value.read_at) < FRESH);
        self.fresh.insert(id.clone(), fresh);
        Ok(fresh)
    }
}

/// Why accounts could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum AccountsError {
    #[error(transparent)]
    Salesforce(#[from] SalesforceError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
