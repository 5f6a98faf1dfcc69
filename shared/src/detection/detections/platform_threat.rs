//! Salesforce itself takes a session or a login for hostile.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, View};
use crate::observation::{Threat, ThreatKind};

pub(crate) static ABOUT: About = About {
    id: "platform-threat",
    row: "I2",
    title: "Salesforce itself raises an alarm",
    why: "Salesforce compares the fingerprints of a browser within one session, and sees stuffing of passwords over all its \
          orgs, which nobody outside can. Its events name a user and no session that could be deleted, so what follows is \
          about all of the user's; at the level `session` the guard refuses, for it cannot tell them apart.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Session,
    shown: Shown::NONE,
    mitre: &["T1539", "T1110.004"],
    needs: &[Sensor::Relay],
    parameters: MEANINGS,
    quiet: &["A score below the threshold is `medium`, and a login that is merely unusual never more."],
};

parameters! {
    /// From this score, 0 to 1, Salesforce is taken for sure; its own guide names 0.8 for two browsers in one session.
    sure: f64 = 0.8,
}

/// The detection.
#[derive(Debug)]
pub struct PlatformThreat(pub Parameters);

impl Detection for PlatformThreat {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_threat(&self, _view: &View<'_>, threat: &Threat) -> Option<Hit> {
        let is_sure = threat.score.is_none_or(|score| score >= self.0.sure);
        let (severity, seen) = match threat.kind {
            ThreatKind::SessionHijacking if is_sure => (Severity::High, "One session is used by two browsers"),
            ThreatKind::SessionHijacking => (Severity::Medium, "One session may be used by two browsers"),
            ThreatKind::CredentialStuffing => (Severity::High, "A login succeeded amid many with stolen passwords"),
            ThreatKind::LoginAnomaly => (Severity::Medium, "A login is not like the user's others"),
        };
        let hit = Hit::new(&ABOUT, severity, Subject::user(&threat.user_id), Some(&threat.user_id))
            .fact("event", threat.kind.name())
            .fact("event_id", threat.id.clone())
            // Not the address of a session: by it no family could be told from the user's own.
            .fact("threat_source", threat.source.to_string())
            .fact("score", threat.score)
            .fact("summary", threat.summary.clone())
            .containable();
        Some(hit.because(
            format!("{seen}, says Salesforce."),
            "Salesforce's own threat detection, which compares over time and over orgs.",
            "A lower score would weigh less.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};
    use crate::observation::Observation;

    fn told(kind: ThreatKind, score: f64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let time = world.login("ada", "198.18.1.7", 5).time;
        let (id, user_id, source) = ("e1".to_owned(), "ada".into(), "198.19.200.9".into());
        let threat = Threat { id, kind, time, user_id, source, score: Some(score), summary: String::new() };
        severity(&world.judge(Observation::Threat(Box::new(threat))), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        told(ThreatKind::SessionHijacking, 0.94)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        World::with_office_workers().hits_of_success("ada", "198.18.1.7", 5).get(ABOUT.id).map(|hit| hit.severity)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        told(ThreatKind::SessionHijacking, 0.3)
    }

    #[test]
    fn what_is_merely_unusual_is_never_more_than_medium() {
        assert_eq!(told(ThreatKind::LoginAnomaly, 1.0), Some(Severity::Medium));
        assert_eq!(told(ThreatKind::CredentialStuffing, 0.1), Some(Severity::High));
    }
}
