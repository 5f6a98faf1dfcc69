//! Salesforce itself takes a session or a login for hostile.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, View};
use crate::observation::{Threat, ThreatKind};

pub(crate) static ABOUT: About = About {
    id: "platform-threat",
    row: "I2",
    title: "Salesforce itself raises an alarm",
    why: "Salesforce compares the fingerprints of a browser within one session, and sees stuffing of passwords over all its \
          orgs, which nobody outside can. Its events name a user and, where the login was relayed too, by its key the login whose \
          session that is. Of another one what follows is about all of the user's; at the level `session` the guard then \
          refuses, for it cannot tell them apart.",
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

    fn on_threat(&self, view: &View<'_>, threat: &Threat) -> Option<Hit> {
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
        let hit = match view.user().and_then(|user| user.relayed_as(&threat.login_key)) {
            Some((login, sessions)) => sessions.fold(hit.logins([login.clone()]), Hit::session),
            None => hit,
        };
        Some(hit.because(
            format!("{seen}, says Salesforce."),
            "Salesforce's own threat detection, which compares over time and over orgs.",
            "A lower score would weigh less.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use jiff::Timestamp;

    use super::*;
    use crate::detection::detections::world::{World, severity};
    use crate::observation::{Observation, Session, SessionLogin};

    fn told(kind: ThreatKind, score: f64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let time = world.login("ada", "198.18.1.7", 5).time;
        severity(&world.judge(alarm(kind, score, time, "")), &ABOUT)
    }

    fn alarm(kind: ThreatKind, score: f64, time: Timestamp, login_key: &str) -> Observation {
        let (id, user_id, source) = ("e1".to_owned(), "ada".into(), "198.19.200.9".into());
        let (score, login_key, summary) = (Some(score), login_key.into(), String::new());
        Observation::Threat(Box::new(Threat { id, kind, time, user_id, source, score, login_key, summary }))
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

    /// The scan reads the row after the event, and only the event has the key.
    #[test]
    fn the_key_of_a_relayed_login_leads_to_its_session_and_another_one_to_none() {
        let mut world = World::with_office_workers();
        let login = world.login("ada", "198.18.1.7", 5);
        let mut event = login.clone();
        (event.detail.relayed, event.detail.login_key) = (true, "key".into());
        world.see(event);
        world.see(login.clone());
        let session = Session {
            login: Some(SessionLogin { id: login.id.clone(), read: None }),
            ..world.session("ada", "198.18.1.7", "198.18.1.7", "UI", 6)
        };
        let root = session.parent_id.clone();
        world.judge(Observation::Session(Box::new(session)));
        let mut named = |key: &str, minute: i64| {
            let time = world.login("ada", "198.18.1.7", minute).time;
            let hit = world.judge(alarm(ThreatKind::SessionHijacking, 0.94, time, key)).remove(ABOUT.id).unwrap();
            (hit.login_ids, hit.session_ids)
        };
        assert_eq!(named("key", 20), (vec![login.id.clone()], vec![root]));
        assert_eq!(named("another", 21), (vec![], vec![]));
        assert_eq!(named("", 22), (vec![], vec![]));
    }

    #[test]
    fn what_is_merely_unusual_is_never_more_than_medium() {
        assert_eq!(told(ThreatKind::LoginAnomaly, 1.0), Some(Severity::Medium));
        assert_eq!(told(ThreatKind::CredentialStuffing, 0.1), Some(Severity::High));
    }
}
