//! H6: a person's session that is in use for days.

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View, is_temporary,
};
use crate::observation::Session;

pub(crate) static ABOUT: About = About {
    id: "long-session",
    row: "H6",
    title: "A browser session in use for days",
    why: "People sleep and their sessions end. One that is kept alive over days by a script survives the password's \
          change and everything else that only a login is asked for.",
    severity: Severity::Low,
    confidence: Confidence::Low,
    family: Family::Session,
    shown: Shown::NONE,
    mitre: &["T1539"],
    needs: &[Sensor::Sessions],
    parameters: MEANINGS,
    quiet: &[
        "Sessions of programs, which live long.",
        "A session whose validity is longer than the limit needs no keeping alive.",
    ],
};

parameters! {
    /// Hours from the session's beginning to its last activity.
    hours: i64 = 72,
}

/// The detection.
#[derive(Debug)]
pub struct LongSession(pub Parameters);

impl Detection for LongSession {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let hours = session.last_modified.duration_since(session.created).as_hours();
        let is_browsers = session.session_type.eq_ignore_ascii_case("UI") && !is_temporary(session);
        let needs_keeping = session.seconds_valid < self.0.hours * 3_600;
        if !is_browsers || hours < self.0.hours || !needs_keeping || view.is_integration() {
            return None;
        }
        let hit = Hit::on_session(&ABOUT, Severity::Low, session).fact("hours", hours);
        Some(hit.fact("seconds_valid", session.seconds_valid).because(
            format!("A browser session from {} has been in use for {hours} hours.", session.source),
            format!("It ends after {} minutes without use.", session.seconds_valid / 60),
            format!("Fewer than {} hours would not count.", self.0.hours),
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn used(kind: &str, hours: i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let session = world.session("ada", "198.18.1.7", "198.18.1.7", kind, 0);
        let last_modified = session.created + jiff::SignedDuration::from_hours(hours);
        let session = Session { last_modified, ..session };
        severity(&world.judge(crate::observation::Observation::Session(Box::new(session))), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        used("UI", 100)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        used("UI", 20)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        used("Oauth2", 100)
    }
}
