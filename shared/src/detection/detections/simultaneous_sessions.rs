//! H2: one user's sessions are held from several networks at once.

use std::collections::BTreeMap;

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View, is_temporary,
};
use crate::observation::Session;

pub(crate) static ABOUT: About = About {
    id: "simultaneous-sessions",
    row: "H2",
    title: "One user's sessions held from several networks at once",
    why: "A laptop and a phone are two. A third family of sessions that is live at the same time on a network the \
          user does not know is somebody else's.",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    family: Family::Session,
    shown: Shown::NONE,
    mitre: &["T1185", "T1550.004"],
    needs: &[Sensor::Sessions, Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "Sessions of one family count once, whatever their number.",
        "Networks near each other, the organisation's egress, and a last network that the user knows.",
        "Accounts of programs, which hold many.",
    ],
};

parameters! {
    /// Different networks, each with a family of sessions of its own.
    networks: usize = 3,
}

/// The detection.
#[derive(Debug)]
pub struct SimultaneousSessions(pub Parameters);

impl Detection for SimultaneousSessions {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let (user, here) = (view.user()?, session.source.network()?);
        let now = session.last_modified;
        if is_temporary(session) || view.is_integration() || !user.is_foreign(here) || view.is_shared(here, now) {
            return None;
        }
        let live = user.held.iter().filter(|held| held.expires > now && held.family != session.parent_id);
        let mut networks: BTreeMap<_, _> = live
            .filter(|held| !view.is_shared(held.network, now))
            .map(|held| (held.network.pool(), &held.family))
            .collect();
        networks.insert(here.pool(), &session.parent_id);
        let count = networks.len();
        (count >= self.0.networks).then(|| {
            let listed: Vec<_> = networks.keys().map(ToString::to_string).collect();
            Hit::on_session(&ABOUT, Severity::Medium, session).fact("networks", listed).because(
                format!("Sessions of this user are live from {count} networks, one of them {here}."),
                "He has never logged in from there.",
                "Networks near each other, or the organisation's, count once or not at all.",
            )
        })
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn held(addresses: &[&str]) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let sessions = (0..).zip(addresses).map(|(minute, address)| {
            severity(&world.hits_of_session("ada", address, address, "UI", minute * 3), &ABOUT)
        });
        latest(sessions)
    }

    pub(crate) fn fires() -> Option<Severity> {
        held(&["198.19.10.1", "198.19.60.1", "198.19.120.1"])
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        held(&["198.19.10.1", "198.19.60.1"])
    }

    pub(crate) fn quiet() -> Option<Severity> {
        held(&["198.19.10.1", "198.19.60.1", "198.18.1.7"])
    }
}
