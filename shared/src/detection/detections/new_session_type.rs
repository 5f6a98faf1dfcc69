//! H8: a type of session that the user has never had.

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View, is_temporary,
};
use crate::observation::Session;

pub(crate) static ABOUT: About = About {
    id: "new-session-type",
    row: "H8",
    title: "A type of session that is new for the user",
    why: "A programming interface's session in the name of somebody who only ever used a browser is context for what \
          else is strange.",
    severity: Severity::Info,
    confidence: Confidence::Low,
    family: Family::Session,
    shown: Shown::NONE,
    mitre: &["T1550"],
    needs: &[Sensor::Sessions],
    parameters: MEANINGS,
    quiet: &["Sessions from a network the user knows.", "Hand-over sessions, and users whose sessions were hardly ever seen."],
};

parameters! {
    /// Sessions seen of the user before a type can be new.
    sessions: u32 = 10,
}

/// The detection.
#[derive(Debug)]
pub struct NewSessionType(pub Parameters);

impl Detection for NewSessionType {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let user = view.user().filter(|_| !is_temporary(session))?;
        let here = session.source.network().filter(|here| user.is_foreign(*here))?;
        let seen: u32 = user.session_types.iter().map(|(_, known)| known.count).sum();
        if seen < self.0.sessions || user.session_types.of(session.session_type.as_str()).is_some() {
            return None;
        }
        Some(Hit::on_session(&ABOUT, Severity::Info, session).because(
            format!("A session of type {} from {here}.", session.session_type),
            format!("None of {seen} sessions of this user was of that type."),
            "From a network he knows it would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn held(address: &str, kind: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        (0..12).for_each(|n| drop(world.hits_of_session("ada", "198.18.1.7", "198.18.1.7", "UI", n)));
        severity(&world.hits_of_session("ada", address, address, kind, 20), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        held("198.19.200.9", "API")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        held("198.19.200.9", "UI")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        held("198.18.1.7", "API")
    }
}
