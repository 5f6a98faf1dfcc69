//! C7: an integration is used from outside the networks it has always come from.

use serde::{Deserialize, Serialize};

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Subject, UserProfile, View,
};
use crate::observation::{AccessPath, Login, Network};

static ABOUT: About = About {
    id: "integration-network",
    row: "C7",
    title: "Integration used from outside its networks",
    why: "A program logs in from the same few networks for months. Its token used from elsewhere is a stolen token: \
          the one lasting mark of supply-chain thefts, where every other field looks right.",
    severity: Severity::High,
    confidence: Confidence::High,
    family: Family::Network,
    mitre: &["T1528", "T1550.001"],
    needs: &[Sensor::Logins],
};

/// Parameters of `integration-network`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Successes before its networks count as learned.
    pub logins: u64,
    /// Days of history before its networks count as learned.
    pub days: i64,
    /// More networks than this is no fixed set, and the detection abstains.
    pub networks: usize,
    /// Share of unattended logins, 0 to 1, that makes an account an integration.
    pub unattended: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { logins: 30, days: 7, networks: 12, unattended: 0.95 }
    }
}

/// The detection.
#[derive(Debug)]
pub struct IntegrationNetwork(pub Parameters);

impl Detection for IntegrationNetwork {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|_| login.succeeded() && login.path().is_unattended())?;
        let address = login.source.address()?;
        let network = Network::of(address);
        if !self.has_contract(user, login) || user.networks.iter().any(|(known, _)| known.is_near(network)) {
            return None;
        }
        if view.is_egress(address, login.time) {
            return None;
        }
        // The same vendor may serve other accounts from the new network already.
        let knows = |known: &crate::detection::ApplicationProfile| {
            known.networks.is_known(&network, 2, login.time - jiff::SignedDuration::from_hours(24))
        };
        if view.application(&login.application).is_some_and(knows) {
            return None;
        }
        Some(hit(user, login))
    }
}

impl IntegrationNetwork {
    /// Whether this account has a learned, fixed set of networks.
    fn has_contract(&self, user: &UserProfile, login: &Login) -> bool {
        let unattended: u64 = [AccessPath::OauthUnattended, AccessPath::Api]
            .iter()
            .filter_map(|path| user.paths.of(path))
            .map(|known| u64::from(known.count))
            .sum();
        user.successes >= self.0.logins
            && user.days_of_history(login.time) >= self.0.days
            && user.networks.len() <= self.0.networks
            && unattended as f64 >= self.0.unattended * user.successes as f64
    }
}

fn hit(user: &UserProfile, login: &Login) -> Hit {
    let known: Vec<_> = user.networks.iter().map(|(network, _)| network.to_string()).collect();
    let subject = login.user_id.as_ref().map_or_else(|| Subject::user(&"unknown".into()), Subject::user);
    Hit::new(&ABOUT, Severity::High, subject, login.user_id.as_ref())
        .fact("application", login.application.clone())
        .fact("source", login.source.to_string())
        .fact("known_networks", known.clone())
        .fact("logins_learned_from", user.successes)
        .fact("grant", login.login_sub_type.clone())
        .logins([login.id.clone()])
        .containable()
        .because(
            format!("The integration {} was used from {}.", quoted(&login.application), login.source),
            format!("In {} logins it came only from {}.", user.successes, known.join(", ")),
            "From a network near one of these, or from the organisation's egress, it would not count.",
        )
}

fn quoted(name: &str) -> String {
    if name.is_empty() { "account".to_owned() } else { format!("“{name}”") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::detections::world::World;

    #[test]
    fn a_token_used_from_elsewhere() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        let hits = world.hits_of_refresh("sync", "Acme Sync", "198.19.200.9", 5);
        assert_eq!(hits["integration-network"].severity, Severity::High);
        assert_eq!(hits["integration-network"].evidence["known_networks"][0], "198.18.90.0/24");
    }

    #[test]
    fn its_own_or_a_near_network_is_none() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        assert!(world.hits_of_refresh("sync", "Acme Sync", "198.18.90.99", 5).is_empty());
        assert!(world.hits_of_refresh("sync", "Acme Sync", "198.18.91.1", 6).is_empty());
    }

    #[test]
    fn two_attacks_on_one_account_in_one_batch_are_two_findings() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        world.refresh_in_one_batch("sync", "Acme Sync", "198.19.200.9", &[5, 9, 60 * 60, 60 * 60 + 3]);
        let mut findings = world.findings();
        findings.sort_by_key(|finding| finding.first_seen);
        assert_eq!(findings.iter().map(|f| f.totals.login_ids).collect::<Vec<_>>(), [2, 2]);
        world.refresh_in_one_batch("sync", "Acme Sync", "198.19.200.9", &[62 * 60]);
        let again = world.findings().into_iter().find(|f| f.totals.login_ids == 3).unwrap();
        assert_eq!((again.version, &again.finding_id), (2, &findings[1].finding_id), "access again is news");
    }

    #[test]
    fn a_person_has_no_such_contract() {
        let mut world = World::with_office_workers();
        assert!(!world.hits_of_success("ada", "198.19.200.9", 5).contains_key("integration-network"));
    }
}
