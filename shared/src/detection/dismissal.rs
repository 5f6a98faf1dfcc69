//! A finding that a person has examined and decided away.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Detected, Exemption, Finding, FindingId};
use crate::observation::{ClientFamily, Network, UserId};

/// A finding that a person has examined and decided away. What it teaches is narrow and ends: the same detections, for the same
/// user, from the same network, with the same client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dismissal {
    /// Which finding.
    pub finding_id: FindingId,
    /// As it stood: one that escalates later is open again.
    pub version: u64,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// Until when it teaches.
    pub until: Timestamp,
    /// What it teaches.
    pub exempts: Vec<Exemption>,
}

impl Dismissal {
    /// Dismisses a finding as it stands.
    pub fn of(finding: &Finding, by: String, reason: String, at: Timestamp, until: Timestamp) -> Self {
        let (finding_id, version) = (finding.finding_id.clone(), finding.version);
        let exempts = finding.user_id.iter().flat_map(|user| {
            finding.detections.iter().filter_map(|said| exemption(said, user, &reason, until))
        });
        let exempts = exempts.collect();
        Self { finding_id, version, by, reason, at, until, exempts }
    }

    /// Whether it still answers what a finding says.
    pub fn answers(&self, finding: &Finding) -> bool {
        self.finding_id == finding.finding_id && self.version >= finding.version
    }
}

/// What one detection saw is learned only where it says from which address: anything wider would be a hole.
fn exemption(said: &Detected, user: &UserId, reason: &str, until: Timestamp) -> Option<Exemption> {
    let fact = |name: &str| said.evidence.get(name).and_then(Value::as_str);
    let address = fact("source").or_else(|| fact("session_source"))?.parse().ok()?;
    Some(Exemption {
        user: Some(user.to_string()),
        detections: vec![said.id.clone()],
        networks: vec![Network::of(address).prefix()],
        countries: Vec::new(),
        clients: fact("client").map(ClientFamily::new).into_iter().collect(),
        applications: Vec::new(),
        from: None,
        until,
        reason: reason.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::Severity;
    use crate::detection::detections::world::{LAGOS, World};

    fn dismissed(finding: &Finding) -> Dismissal {
        let at = finding.detected_at;
        let until = at + jiff::SignedDuration::from_hours(24 * 90);
        Dismissal::of(finding, "lena".to_owned(), "her holiday".to_owned(), at, until)
    }

    #[test]
    fn the_same_is_context_and_anything_else_is_not() {
        let mut world = World::with_office_workers();
        world.hits_at("ada", "198.19.200.9", LAGOS, 5);
        let findings = world.findings();
        let finding = findings.iter().find(|finding| finding.user_id.is_some()).unwrap();
        let dismissal = dismissed(finding);
        assert!(!dismissal.exempts.is_empty() && dismissal.exempts.iter().all(|e| e.fault().is_none()));
        let after = |user: &str, address: &str| {
            let mut world = World::with_office_workers();
            world.state.dismissed.clone_from(&dismissal.exempts);
            world.hits_at(user, address, LAGOS, 30).values().map(|hit| hit.severity).max()
        };
        assert_eq!(after("ada", "198.19.200.77"), Some(Severity::Info), "from the same network");
        assert!(after("ada", "203.0.113.9") > Some(Severity::Info), "from another");
        assert!(after("bob", "198.19.200.9") > Some(Severity::Info), "somebody else");
    }

    #[test]
    fn one_that_escalates_is_open_again() {
        let mut world = World::with_office_workers();
        world.hits_at("ada", "198.19.200.9", LAGOS, 5);
        let mut finding = world.findings().remove(0);
        let dismissal = dismissed(&finding);
        assert!(dismissal.answers(&finding));
        finding.version += 1;
        assert!(!dismissal.answers(&finding));
    }
}
