//! C6: a network the user does not come from.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "new-network",
    row: "C6",
    title: "Login from a network that is new for the user",
    why: "Hotels and home lines make this daily bread. It is context for what else is strange about a login.",
    severity: Severity::Info,
    confidence: Confidence::Low,
    family: Family::Network,
    shown: Shown::SUCCESS.and(Shown::NEW_NETWORK),
    mitre: &["T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["Networks near a known one, which is how dynamic addresses and carriers move.", "The organisation's egress."],
};

parameters! {}

/// The detection.
#[derive(Debug)]
pub struct NewNetwork(pub Parameters);

impl Detection for NewNetwork {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let network = view.facts().network.filter(|_| login.succeeded() && view.is_new_network())?;
        let known = view.user()?.networks.len();
        let hit = Hit::on_login(&ABOUT, Severity::Info, login).fact("network", network.to_string());
        Some(hit.because(
            format!("A success from {network}."),
            format!("This user is known from {known} other networks."),
            "After a day the network is known.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{LYON, World, severity};
    use crate::observation::{Origin, ProviderKind};

    pub(crate) fn fires() -> Option<Severity> {
        severity(&World::with_office_workers().hits_of_success("ada", "198.19.200.9", 5), &ABOUT)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        severity(&World::with_office_workers().hits_of_success("ada", "198.18.2.9", 5), &ABOUT)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.learn_egress("198.18.77.1", LYON);
        severity(&world.hits_of_success("ada", "198.18.77.1", 5), &ABOUT)
    }

    #[test]
    fn a_carrier_of_phones_that_the_user_came_through_is_known_from_any_address() {
        let carried = |kind: ProviderKind| {
            let mut world = World::with_office_workers();
            let mut see = |address: &str, minute: i64| {
                let mut login = world.login("ada", address, minute);
                let origin = Origin { asn: Some(64_496), kind, ..Origin::default() };
                login.detail.origin = Some(Box::new(origin));
                severity(&world.see(login), &ABOUT)
            };
            [see("198.19.200.9", 5), see("198.19.90.9", 5 + 2 * 1_440)]
        };
        assert_eq!(carried(ProviderKind::Mobile), [Some(Severity::Info), None]);
        assert_eq!(carried(ProviderKind::Other), [Some(Severity::Info), Some(Severity::Info)]);
    }
}
