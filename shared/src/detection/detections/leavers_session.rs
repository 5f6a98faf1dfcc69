//! G2: a session that outlived its account.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Session;

pub(crate) static ABOUT: About = About {
    id: "leavers-session",
    row: "G2",
    title: "Access that outlived its account",
    why: "Salesforce ends a deactivated user's sessions when they are next asked for a login, not before. Whoever has \
          left, or was shut out, still reads with what he holds.",
    severity: Severity::High,
    confidence: Confidence::High,
    family: Family::Lifecycle,
    shown: Shown::NONE,
    mitre: &["T1078.004", "T1550"],
    needs: &[Sensor::Sessions, Sensor::Accounts],
    parameters: MEANINGS,
    quiet: &["A session that ended before it was seen: rows linger.", "An account that is active, or whose state was not read.",
        "One that is frozen and not deactivated: somebody is at work on it, and the hourly look at freezes tells of it."],
};

parameters! {}

/// The detection.
#[derive(Debug)]
pub struct LeaversSession(pub Parameters);

impl Detection for LeaversSession {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let account = view.account().filter(|account| !account.is_active)?;
        let is_used = session.seconds_valid > 0;
        is_used.then(|| {
            let hit = Hit::on_session(&ABOUT, Severity::High, session).fact("username", account.username.clone());
            hit.because(
                format!("A session from {} is live with an account that is deactivated.", session.source),
                "Salesforce says that the account may not log in.",
                "An active account would not count.",
            )
        })
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};
    use crate::observation::Observation;

    fn held(deactivated: Option<&str>, seconds_valid: i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        if let Some(user) = deactivated {
            world.deactivate(user);
        }
        let session = Session { seconds_valid, ..world.session("ada", "198.18.1.7", "198.18.1.7", "UI", 0) };
        severity(&world.judge(Observation::Session(Box::new(session))), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        held(Some("ada"), 7_200)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        held(Some("bob"), 7_200)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        held(Some("ada"), 0)
    }
}
