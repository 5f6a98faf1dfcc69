//! H10: a session that goes on after the password was changed.

use jiff::SignedDuration;

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Session;

pub(crate) static ABOUT: About = About {
    id: "survived-reset",
    row: "H10",
    title: "A session that goes on elsewhere after the password was changed",
    why: "A new password ends no session by itself. Whoever was to be shut out by it is still in.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Session,
    shown: Shown::NONE,
    mitre: &["T1550.004"],
    needs: &[Sensor::Sessions, Sensor::Accounts],
    parameters: MEANINGS,
    quiet: &["A session held from a network that its user knows, or that colleagues share: he changed the password in it."],
};

parameters! {
    /// The session is used more than this after the change.
    grace: SignedDuration = SignedDuration::from_mins(15),
    /// Successes before a network can be unknown.
    logins: u64 = 10,
}

/// The detection.
#[derive(Debug)]
pub struct SurvivedReset(pub Parameters);

impl Detection for SurvivedReset {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let changed = view.account()?.details.last_password_change?;
        let user = view.user().filter(|user| user.successes >= self.0.logins)?;
        let network = session.source.network()?;
        let survived = session.created < changed && session.last_modified > changed + self.0.grace;
        let is_elsewhere = user.is_foreign(network) && !view.is_shared(network, session.last_modified);
        (survived && is_elsewhere && session.seconds_valid > 0).then(|| {
            Hit::on_session(&ABOUT, Severity::High, session).fact("password_changed", changed.to_string()).because(
                format!("A session from {} is in use, begun before the password was changed.", session.source),
                format!("In {} successes this user had not come from there.", user.successes),
                "A session begun after the change, or held from a network of his own, would not count.",
            )
        })
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};
    use crate::observation::Observation;

    fn held(address: &str, changed_after: i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let mut session = world.session("ada", address, "198.18.1.7", "UI", 0);
        session.last_modified = session.created + SignedDuration::from_hours(4);
        world.account("ada", "");
        let account = world.state.users.get_mut(&"ada".into()).unwrap();
        account.details.last_password_change = Some(session.created + SignedDuration::from_hours(changed_after));
        severity(&world.judge(Observation::Session(Box::new(session))), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        held("203.0.113.9", 1)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        held("203.0.113.9", -1)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        held("198.18.1.9", 1)
    }
}
