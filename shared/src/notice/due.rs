//! Notices that wait to be told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::About;
use crate::containment::{Containment, ContainmentId, RequestedBy};
use crate::detection::Action;
use crate::observation::OrgId;
use crate::store::{Expect, Room, StoreError, Table, Write};

/// A notice that waits. What it says is read when it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Due {
    pub(crate) containment_id: ContainmentId,
    pub(crate) about: About,
    pub(crate) at: Timestamp,
}

/// The room of an org's waiting notices, the oldest first.
pub(crate) fn due(org: &OrgId) -> Room<Due> {
    Room::new(Table::Contain, org, "notices")
}

impl Due {
    /// The write that lets a notice wait.
    pub(crate) fn written(record: &Containment, about: About, at: Timestamp) -> Result<Write, StoreError> {
        let this = Self { containment_id: record.containment_id.clone(), about, at };
        Write::put(due(&record.request.org_id).key(&this.sort()), Expect::Any, &this)
    }

    /// Its place, which is its name too.
    pub(crate) fn sort(&self) -> String {
        format!("{:.3}/{}/{}", self.at, self.containment_id, self.about)
    }
}

impl About {
    /// What people are told of a refusal, if anything: a person who asked is told by the command, and what was
    /// dismissed or given up is known to those who did it.
    pub(crate) fn of_refusal(record: &Containment, rules: &[&str]) -> Option<Self> {
        let trigger = record.request.trigger.as_ref()?;
        let is_quiet = record.request.requested_by != RequestedBy::Policy
            || rules.iter().any(|rule| ["dismissed", "joined"].contains(rule));
        match trigger.action {
            _ if is_quiet => None,
            Action::Contain | Action::Ask => Some(Self::Refused),
            Action::Notify => Some(Self::Seen),
            Action::None => None,
        }
    }
}
