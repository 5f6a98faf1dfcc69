//! What the stages send one another: versioned JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::containment::ContainmentId;
use crate::detection::{FindingId, Lane};
use crate::observation::{Observation, OrgId, User};

/// The version of these shapes.
pub const SCHEMA_VERSION: u32 = 1;

/// From scan to evaluate: what was seen, normalised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObservationBatch {
    /// The shape's version.
    pub schema_version: u32,
    /// Which org.
    pub org_id: OrgId,
    /// Whether it may raise findings.
    pub lane: Lane,
    /// What was seen, in any order.
    pub observations: Vec<Observation>,
    /// Accounts that are new or have changed, as context.
    #[serde(default)]
    pub users: Vec<User>,
}

/// From evaluate to contain: a finding is new or has escalated. The finding itself lies in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRaised {
    /// The shape's version.
    pub schema_version: u32,
    /// Which org.
    pub org_id: OrgId,
    /// Which finding.
    pub finding_id: FindingId,
    /// Which escalation of it.
    pub version: u64,
}

/// From contain to whoever listens: a containment has ended, or something has changed about one that had. The record lies in the
/// store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainmentEnded {
    /// The shape's version.
    pub schema_version: u32,
    /// Which org.
    pub org_id: OrgId,
    /// Which containment.
    pub containment_id: ContainmentId,
    /// When the record said so.
    pub at: Timestamp,
}
