//! F3: somebody works in another user's name ("login as").

use ipnet::IpNet;

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Session;

pub(crate) static ABOUT: About = About {
    id: "substituted-session",
    row: "F3",
    title: "Somebody works in another user's name",
    why: "An administrator who logs in as another user leaves a session of the type `SubstituteUser`. From the \
          organisation's own networks that is support; from a network that nobody comes from, somebody holds an \
          administrator's account and hides behind another's.",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    family: Family::Session,
    shown: Shown::NONE,
    mitre: &["T1078", "T1550"],
    needs: &[Sensor::Sessions],
    parameters: MEANINGS,
    quiet: &[
        "From a network that people of the organisation come from it is `info`.",
        "Networks in the list of those from which support works are never told.",
    ],
};

parameters! {
    /// Networks from which support logs in as others, as `198.51.100.0/24`.
    support: Vec<IpNet> = Vec::new(),
}

/// The detection.
#[derive(Debug)]
pub struct SubstitutedSession(pub Parameters);

impl Detection for SubstitutedSession {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let address = session.source.address().filter(|_| session.session_type == "SubstituteUser")?;
        if self.0.support.iter().any(|net| net.contains(&address)) {
            return None;
        }
        let is_ours = |here| {
            view.network(here).is_some_and(|known| !known.users.is_empty())
                || view.is_shared(here, session.last_modified)
        };
        let severity =
            if session.source.network().is_some_and(is_ours) { Severity::Info } else { Severity::Medium };
        Some(Hit::on_session(&ABOUT, severity, session).because(
            format!("An administrator works in this user's name from {}.", session.source),
            "Salesforce calls the session `SubstituteUser`; it does not tell whose it is. Setup Audit Trail does.",
            "From a network that people of the organisation come from it would be `info`.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn held(address: &str, kind: &str) -> Option<Severity> {
        severity(&World::with_office_workers().hits_of_session("ada", address, address, kind, 5), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        held("198.19.200.9", "SubstituteUser")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        held("198.19.200.9", "UI")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        held("198.18.1.7", "SubstituteUser")
    }

    #[test]
    fn where_support_works_it_is_not_told() {
        let mut world = World::with_office_workers();
        world.under("detections: { substituted-session: { parameters: { support: [198.19.200.0/24] } } }");
        let hits = world.hits_of_session("ada", "198.19.200.9", "198.19.200.9", "SubstituteUser", 5);
        assert_eq!(severity(&hits, &ABOUT), None);
    }
}
