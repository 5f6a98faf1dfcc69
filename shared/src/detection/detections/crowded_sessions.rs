//! H9: one network holds sessions of several users who never logged in from it.

use jiff::SignedDuration;

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, View, is_temporary, mark,
};
use crate::observation::Session;

pub(crate) static ABOUT: About = About {
    id: "crowded-sessions",
    row: "H9",
    title: "One network holds sessions of several users",
    why: "Cookies that malware has gathered are used from one machine. Several users whose sessions are held from a \
          network that none of them logs in from have lost them to the same hand.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Session,
    shown: Shown::NONE,
    mitre: &["T1539"],
    needs: &[Sensor::Sessions, Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["Users who log in from the network do not count: an office, a conference.", "The organisation's egress."],
};

parameters! {
    /// Different users who never logged in from there.
    users: usize = 3,
    /// Their sessions were seen within this.
    window: SignedDuration = SignedDuration::from_hours(24),
}

/// The detection.
#[derive(Debug)]
pub struct CrowdedSessions(pub Parameters);

impl Detection for CrowdedSessions {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let user = view.user().filter(|user| !is_temporary(session) && user.successes > 0)?;
        let here = session.source.network().filter(|here| user.is_foreign(*here))?;
        let (known, now) = (view.network(here)?, session.last_modified);
        let holders = known.holders.others(mark(session.user_id.as_str()), now - self.0.window, now) + 1;
        if holders < self.0.users || known.users.len() >= holders || view.is_shared(here, now) {
            return None;
        }
        let hit = Hit::on_session(&ABOUT, Severity::High, session).about(Subject::network(here));
        Some(hit.fact("users", holders).because(
            format!("Sessions of {holders} users are held from {here}."),
            "None of them has ever logged in from there.",
            "Users who log in from the network would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn held(users: i64, address: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let sessions = (0..users).map(|n| {
            severity(&world.hits_of_session(&format!("worker{n}"), address, "198.18.1.7", "UI", n * 3), &ABOUT)
        });
        latest(sessions)
    }

    pub(crate) fn fires() -> Option<Severity> {
        held(3, "198.19.200.9")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        held(2, "198.19.200.9")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        held(5, "198.18.1.9")
    }
}
