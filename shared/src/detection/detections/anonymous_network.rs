//! C1, C2: somebody hides where he is.

use crate::detection::{About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, Shown, View};
use crate::observation::{ListKind, Listing, Login, Session};

use super::listed_indicator::name;

pub(crate) static ABOUT: About = About {
    id: "anonymous-network",
    row: "C1, C2",
    title: "Success or session through Tor or a VPN that hides its users",
    why: "Who breaks in hides where he is, and so do people who care for their privacy. It is context: what else is \
          strange about the login decides.",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    family: Family::Network,
    shown: Shown::SUCCESS.and(Shown::UNKNOWN_NETWORK).and(Shown::ORIGIN),
    mitre: &["T1090.003", "T1078"],
    needs: &[Sensor::Logins, Sensor::Anonymisers],
    parameters: MEANINGS,
    quiet: &[
        "The organisation's egress, and a network the user has known for longer than a day.",
        "A VPN with a client the user knows is `info`; one that a program uses, or in a session, does not count.",
        "A list that is too old is `expired-indicator` and decides nothing.",
    ],
};

parameters! {}

/// The detection.
#[derive(Debug)]
pub struct AnonymousNetwork(pub Parameters);

impl Detection for AnonymousNetwork {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let origin = login.detail.origin.as_deref().filter(|_| login.succeeded())?;
        let facts = view.facts();
        let is_egress = login.source.address().is_some_and(|address| view.is_egress(address, login.time));
        if facts.knows_network == Known::Yes || is_egress {
            return None;
        }
        if let Some(exit) = origin.listed_as(ListKind::Tor).next() {
            return Some(told(Hit::on_login(&ABOUT, Severity::Medium, login), "an exit of Tor", exit));
        }
        let is_person = !facts.path.is_unattended() && !view.is_integration();
        let exit = origin.listed_as(ListKind::Vpn).next().filter(|_| is_person)?;
        let severity = if view.is_new_client() { Severity::Low } else { Severity::Info };
        Some(told(Hit::on_login(&ABOUT, severity, login), "a VPN", exit))
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let exit = session.origin.as_deref()?.listed_as(ListKind::Tor).next()?;
        let (address, network) = (session.source.address()?, session.source.network()?);
        let time = session.last_modified;
        let is_known = view.user().is_some_and(|user| user.knows_network(network, time));
        if is_known || view.is_egress(address, time) {
            return None;
        }
        Some(told(Hit::on_session(&ABOUT, Severity::Medium, session), "an exit of Tor", exit))
    }
}

fn told(hit: Hit, what: &str, exit: &Listing) -> Hit {
    name(hit, exit).because(
        format!("It comes through {what}, says the list {}.", exit.list),
        "This user has not come from there before.",
        "From the organisation's egress, or a day later, it would not count.",
    )
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{LYON, World, severity};
    use crate::observation::{Observation, Origin, Validity};

    fn origin(kind: ListKind, validity: Validity) -> Origin {
        Origin { listed: vec![Listing::of(kind, validity)], ..Origin::default() }
    }

    fn came(world: &mut World, address: &str, kind: ListKind, validity: Validity) -> Option<Severity> {
        let mut login = world.login("ada", address, 5);
        login.detail.origin = Some(Box::new(origin(kind, validity)));
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(&mut World::with_office_workers(), "198.19.200.9", ListKind::Tor, Validity::Current)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(&mut World::with_office_workers(), "198.19.200.9", ListKind::Tor, Validity::Expired)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.learn_egress("198.18.77.1", LYON);
        came(&mut world, "198.18.77.1", ListKind::Tor, Validity::Current)
    }

    #[test]
    fn a_vpn_is_context() {
        let mut world = World::with_office_workers();
        assert_eq!(came(&mut world, "198.19.200.9", ListKind::Vpn, Validity::Current), Some(Severity::Info));
        let mut login = world.login("ada", "198.19.200.9", 6);
        login.client.browser = "Firefox 115".into();
        login.detail.origin = Some(Box::new(origin(ListKind::Vpn, Validity::Current)));
        assert_eq!(severity(&world.see(login), &ABOUT), Some(Severity::Low));
        let mut refresh = world.refresh("ada", "Drift", "198.19.200.9", 7);
        refresh.detail.origin = Some(Box::new(origin(ListKind::Vpn, Validity::Current)));
        assert_eq!(severity(&world.see(refresh), &ABOUT), None, "programs run in data centres");
    }

    #[test]
    fn a_session_through_tor_is_told_and_one_through_a_vpn_is_not() {
        let mut world = World::with_office_workers();
        for (kind, wanted) in [(ListKind::Tor, Some(Severity::Medium)), (ListKind::Vpn, None)] {
            let mut session = world.session("ada", "198.19.200.9", "198.18.1.7", "UI", 5);
            session.origin = Some(Box::new(origin(kind, Validity::Current)));
            let hits = world.judge(Observation::Session(Box::new(session)));
            assert_eq!(severity(&hits, &ABOUT), wanted, "{kind:?}");
        }
    }
}
