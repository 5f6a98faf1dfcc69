//! Whom the policy's login names mean in an org. Whoever is protected stays so when his login name is changed, perhaps by
//! the one who has taken his account over: an entry goes on meaning everybody it has meant.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Readable;
use crate::observation::{OrgId, UserId};
use crate::policy::Protected;
use crate::salesforce::{Salesforce, SalesforceError};
use crate::store::{Kept, Room, Store, StoreError, Table, Write};

const SORT: &str = "org";
/// How old a look may be before the next.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// Whom each login name of `protected` has meant in an org.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProtectedNames {
    /// Under which it was read.
    #[serde(skip)]
    version: Option<u64>,
    looked: Timestamp,
    meant: BTreeMap<String, BTreeSet<UserId>>,
}

fn room(org: &OrgId) -> Room<ProtectedNames> {
    Room::new(Table::Contain, org, "protected-names")
}

impl ProtectedNames {
    /// As they were last looked up; nobody, if they never were.
    pub(crate) async fn read(store: &dyn Store, org: &OrgId) -> Result<Readable<Self>, StoreError> {
        match room(org).get(store, SORT).await {
            Ok(kept) => Ok(Ok(kept
                .map(|Kept { value, version }| Self { version: Some(version), ..value })
                .unwrap_or_default())),
            Err(error @ StoreError::Unreadable { .. }) => Ok(Err(error.to_string())),
            Err(error) => Err(error),
        }
    }

    /// Whether the policy has names that were never looked up, or not for an hour.
    pub(crate) fn is_stale(&self, protected: &Protected, now: Timestamp) -> bool {
        let mut names = protected.login_names().peekable();
        names.peek().is_some()
            && (now.duration_since(self.looked) >= FRESH || names.any(|name| !self.meant.contains_key(&name)))
    }

    /// Looks the policy's names up. What a name has meant before it goes on meaning; a name that has left the policy means
    /// nobody.
    pub(crate) async fn look_up(
        &self,
        salesforce: &Salesforce,
        protected: &Protected,
        now: Timestamp,
    ) -> Result<Self, SalesforceError> {
        let mut meant: BTreeMap<_, _> = protected
            .login_names()
            .map(|name| {
                let before = self.meant.get(&name).cloned().unwrap_or_default();
                (name, before)
            })
            .collect();
        let names: Vec<_> = meant.keys().cloned().collect();
        for user in salesforce.users_named(&names).await? {
            if let Some(ids) = meant.get_mut(&user.username.to_lowercase()) {
                ids.insert(user.id);
            }
        }
        Ok(Self { version: self.version, looked: now, meant })
    }

    /// The write that keeps them, unless somebody else has meanwhile.
    pub(crate) fn written(&self, org: &OrgId) -> Result<Write, StoreError> {
        room(org).put(SORT, self.version, self)
    }

    /// The names that have meant a user.
    pub(crate) fn of<'a>(&'a self, user: &UserId) -> Vec<&'a str> {
        self.meant.iter().filter(|(_, ids)| ids.contains(user)).map(|(name, _)| name.as_str()).collect()
    }

    /// Everybody who was meant.
    pub(crate) fn everybody(&self) -> impl Iterator<Item = &UserId> {
        self.meant.values().flatten()
    }

    /// The first name that has never meant anybody here: a slip of the pen, or one of another org.
    pub(crate) fn nobodys(&self) -> Option<&str> {
        self.meant.iter().find(|(_, ids)| ids.is_empty()).map(|(name, _)| name.as_str())
    }
}
