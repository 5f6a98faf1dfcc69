//! H7: an administrator's session without high assurance, from somewhere new.

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View, is_temporary,
};
use crate::observation::Session;

pub(crate) static ABOUT: About = About {
    id: "weak-admin-session",
    row: "H7",
    title: "Administrator's session without high assurance, from a new network",
    why: "Salesforce marks a session `HIGH_ASSURANCE` where a second factor was shown. An administrator's that is not, \
          and that is held from where he never logs in, opens everything with the password, or with a cookie alone.",
    severity: Severity::Low,
    confidence: Confidence::Low,
    family: Family::Session,
    shown: Shown::NONE,
    mitre: &["T1078.004", "T1539"],
    needs: &[Sensor::Sessions, Sensor::Accounts],
    parameters: MEANINGS,
    quiet: &["A network the administrator knows, and the organisation's egress.", "Hand-over sessions."],
};

parameters! {
    /// Profiles whose users are administrators, without case.
    profiles: Vec<String> = vec!["System Administrator".to_owned()],
}

/// The detection.
#[derive(Debug)]
pub struct WeakAdminSession(pub Parameters);

impl Detection for WeakAdminSession {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let is_weak = matches!(session.security_level.as_str(), "STANDARD" | "LOW");
        let user = view.user().filter(|_| is_weak && !is_temporary(session))?;
        let account = view.account().filter(|account| account.has_profile_of(&self.0.profiles))?;
        let here = session.source.network().filter(|here| user.is_foreign(*here))?;
        if view.is_shared(here, session.last_modified) {
            return None;
        }
        let hit = Hit::on_session(&ABOUT, Severity::Low, session).fact("profile", account.profile.clone());
        Some(hit.because(
            format!("An administrator's session of level {} from {here}.", session.security_level),
            "He has not logged in from that network.",
            "A session of level HIGH_ASSURANCE, or one from a network he knows, would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};
    use crate::observation::Observation;

    fn held(profile: &str, level: &str, address: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.account("ada", profile);
        let session = Session {
            security_level: level.to_owned(),
            ..world.session("ada", address, address, "UI", 5)
        };
        severity(&world.judge(Observation::Session(Box::new(session))), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        held("System Administrator", "STANDARD", "198.19.200.9")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        held("Sales", "STANDARD", "198.19.200.9").or(held("System Administrator", "HIGH_ASSURANCE", "198.19.200.9"))
    }

    pub(crate) fn quiet() -> Option<Severity> {
        held("System Administrator", "STANDARD", "198.18.1.7")
    }
}
