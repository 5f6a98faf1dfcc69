//! H4: a live session without a login behind it.

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View, is_temporary,
};
use crate::observation::Session;

pub(crate) static ABOUT: About = About {
    id: "orphan-session",
    row: "H4",
    title: "Live session without a login behind it",
    why: "Every session that a person opens begins with a login. One from a network its user does not know, without a \
          login that can be read, came into being some other way.",
    severity: Severity::Low,
    confidence: Confidence::Low,
    family: Family::Session,
    shown: Shown::NONE,
    mitre: &["T1550"],
    needs: &[Sensor::Sessions, Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "The user knows the network, or colleagues share it.",
        "Derived and hand-over sessions, and sessions older than the login history.",
    ],
};

parameters! {
    /// Sessions opened longer ago than this many days may have outlived their login's row.
    days: i64 = 170,
}

/// The detection.
#[derive(Debug)]
pub struct OrphanSession(pub Parameters);

impl Detection for OrphanSession {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let user = view.user().filter(|user| session.is_root() && !is_temporary(session) && user.successes > 0)?;
        let here = session.source.network().filter(|here| user.is_foreign(*here))?;
        let has_login = session.login.as_ref().is_some_and(|login| login.read.is_some());
        let days = session.last_modified.duration_since(session.created).as_hours() / 24;
        if has_login || days > self.0.days || view.is_shared(here, session.created) {
            return None;
        }
        Some(Hit::on_session(&ABOUT, Severity::Low, session).because(
            format!("A session of type {} is live from {here}.", session.session_type),
            "No login of it could be read, and the user has never logged in from there.",
            "A network he knows would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn held(address: &str, login: &str) -> Option<Severity> {
        severity(&World::with_office_workers().hits_of_session("ada", address, login, "UI", 5), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        held("198.19.200.9", "")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        held("198.19.200.9", "198.19.200.9")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        held("198.18.1.7", "")
    }
}
