//! H3: a session derived from another is held from another network than its root.

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View, is_temporary,
};
use crate::observation::Session;

pub(crate) static ABOUT: About = About {
    id: "child-session",
    row: "H3",
    title: "Derived session held from another network than its root",
    why: "A browser's session makes others for its parts, all from the same place. One that is used from elsewhere \
          was carried away.",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    family: Family::Session,
    shown: Shown::NONE,
    mitre: &["T1550.004"],
    needs: &[Sensor::Sessions],
    parameters: MEANINGS,
    quiet: &[
        "The user knows the network, or colleagues share it: a laptop that changed from Wi-Fi to the office.",
        "An address of the other kind (IPv4 and IPv6), and hand-over sessions.",
    ],
};

parameters! {}

/// The detection.
#[derive(Debug)]
pub struct ChildSession(pub Parameters);

impl Detection for ChildSession {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let user = view.user().filter(|_| !session.is_root() && !is_temporary(session))?;
        let here = session.source.network()?;
        let root = crate::detection::mark(session.parent_id.as_str());
        let root = user.held.iter().find(|held| held.session == root && held.expires > session.last_modified)?;
        let same_kind = here.is_ipv4() == root.network.is_ipv4();
        if here.is_near(root.network) || !same_kind || !user.is_foreign(here) || view.is_shared(here, session.created) {
            return None;
        }
        let hit = Hit::on_session(&ABOUT, Severity::Medium, session).fact("root_network", root.network.to_string());
        Some(hit.because(
            format!("A session of type {} is held from {here}; its root is held from {}.", session.session_type, root.network),
            "The user has never logged in from there.",
            "A network he knows, or one near the root's, would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn derived(address: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let root = world.session("ada", "198.18.1.7", "198.18.1.7", "UI", 0);
        let parent_id = root.id.clone();
        world.judge(crate::observation::Observation::Session(Box::new(root)));
        let child = world.session("ada", address, "198.18.1.7", "Aura", 3);
        let child = Session { parent_id, ..child };
        severity(&world.judge(crate::observation::Observation::Session(Box::new(child))), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        derived("198.19.200.9")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        derived("198.18.2.9")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        derived("2001:db8:77::9")
    }
}
