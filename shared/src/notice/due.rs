//! Notices that wait to be told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::About;
use crate::containment::{Containment, ContainmentId, RequestedBy};
use crate::detection::{Action, Finding, FindingId};
use crate::digest::Digest;
use crate::observation::OrgId;
use crate::store::{Expect, Room, StoreError, Table, Write};

/// A notice that waits. What it says is read when it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Due {
    pub(crate) matter: Matter,
    pub(crate) about: About,
    pub(crate) at: Timestamp,
}

/// What it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Matter {
    /// A containment.
    Containment { id: ContainmentId },
    /// A finding for which nobody can be contained, as it then stood.
    Finding { id: FindingId, version: u64 },
    /// What is said in full, about no one case: a week's review.
    #[serde(alias = "review")]
    Words { title: String, text: String },
}

/// The room of an org's waiting notices, the oldest first.
pub(crate) fn due(org: &OrgId) -> Room<Due> {
    Room::new(Table::Contain, org, "notices")
}

impl Due {
    /// The write that lets a notice wait.
    pub(crate) fn written(record: &Containment, about: About, at: Timestamp) -> Result<Write, StoreError> {
        let matter = Matter::Containment { id: record.containment_id.clone() };
        Self { matter, about, at }.put(&record.request.org_id)
    }

    /// The write that lets a finding wait; the same finding raised again waits under the same name.
    pub(crate) fn of_finding(finding: &Finding) -> Result<Write, StoreError> {
        let matter = Matter::Finding { id: finding.finding_id.clone(), version: finding.version };
        Self { matter, about: About::Seen, at: finding.detected_at }.put(&finding.org_id)
    }

    /// The write that lets a review wait.
    pub(crate) fn of_review(org: &OrgId, digest: &Digest) -> Result<Write, StoreError> {
        let (title, text) = digest.told();
        Self { matter: Matter::Words { title, text }, about: About::Review, at: digest.until }.put(org)
    }

    /// The write that lets it wait whom Salesforce itself has frozen.
    pub(crate) fn of_platform_freezes(
        org: &OrgId,
        title: String,
        text: String,
        at: Timestamp,
    ) -> Result<Write, StoreError> {
        Self { matter: Matter::Words { title, text }, about: About::Frozen, at }.put(org)
    }

    fn put(&self, org: &OrgId) -> Result<Write, StoreError> {
        Write::put(due(org).key(&self.sort()), Expect::Any, self)
    }

    /// Its place, which is its name too.
    pub(crate) fn sort(&self) -> String {
        match &self.matter {
            Matter::Containment { id } => format!("{:.3}/{id}/{}", self.at, self.about),
            Matter::Finding { id, version } => format!("{:.3}/{id}/{version}/{}", self.at, self.about),
            Matter::Words { .. } => format!("{:.3}/{}", self.at, self.about),
        }
    }
}

impl About {
    /// What people are told of a refusal, if anything: a person who asked is told by the command, whoever sent an event by
    /// nothing else, and what was dismissed or given up is known to those who did it.
    pub(crate) fn of_refusal(record: &Containment, rules: &[&str]) -> Option<Self> {
        let is_known = rules.iter().any(|rule| ["dismissed", "joined"].contains(rule));
        let trigger = match record.request.requested_by {
            _ if is_known => return None,
            RequestedBy::Person { .. } | RequestedBy::Watch => return None,
            RequestedBy::Event { .. } => return Some(Self::Refused),
            RequestedBy::Policy => record.request.trigger.as_ref()?,
        };
        match trigger.action {
            Action::Contain | Action::Ask => Some(Self::Refused),
            Action::Notify => Some(Self::Seen),
            Action::None => None,
        }
    }
}
