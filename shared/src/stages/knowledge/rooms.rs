//! Where what evaluation remembers of an org lies.

use serde::{Deserialize, Serialize};

use super::Standing;
use crate::detection::{
    ApplicationProfile, Dismissal, Episode, Finding, NetworkProfile, SeenBucket, TailEntry, UserProfile,
};
use crate::observation::{OrgId, User};
use crate::store::{Room, Table};

/// The only record of its room.
pub(super) const ORG: &str = "org";

/// Which fold is finished.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Finished {
    pub(super) number: u64,
}

pub(super) struct Rooms {
    pub(super) standing: Room<Standing>,
    pub(super) finished: Room<Finished>,
    pub(super) users: Room<UserProfile>,
    pub(super) networks: Room<NetworkProfile>,
    pub(super) applications: Room<ApplicationProfile>,
    pub(super) accounts: Room<User>,
    pub(super) tail: Room<Vec<TailEntry>>,
    pub(super) seen: Room<SeenBucket>,
    pub(super) episodes: Room<Episode>,
    pub(super) findings: Room<Finding>,
    pub(super) dismissals: Room<Dismissal>,
}

impl Rooms {
    pub(super) fn of(org: &OrgId) -> Self {
        let table = Table::Evaluate;
        Self {
            standing: Room::new(table, org, "standing"),
            finished: Room::new(table, org, "folds"),
            users: Room::new(table, org, "user-profiles"),
            networks: Room::new(table, org, "network-profiles"),
            applications: Room::new(table, org, "application-profiles"),
            accounts: Room::new(table, org, "accounts"),
            tail: Room::new(table, org, "tail"),
            seen: Room::new(table, org, "seen"),
            episodes: Room::new(table, org, "episodes"),
            findings: Room::new(table, org, "findings"),
            dismissals: dismissals(org),
        }
    }
}

/// The room that holds what people have decided away, by finding id.
pub fn dismissals(org: &OrgId) -> Room<Dismissal> {
    Room::new(Table::People, org, "dismissals")
}

/// The room that holds the accounts that observations named, by user id.
pub fn accounts(org: &OrgId) -> Room<User> {
    Rooms::of(org).accounts
}

/// The room that holds findings as people see them, by finding id.
pub fn findings(org: &OrgId) -> Room<Finding> {
    Rooms::of(org).findings
}
