//! E5: a refresh token that outlived its user, or woke up.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::TokenUse;

pub(crate) static ABOUT: About = About {
    id: "leavers-token",
    row: "E5",
    title: "A refresh token that outlived its user, or woke up",
    why: "A refresh token needs no password and shows no login screen. One that is used after its user has left, or after \
          months of rest, is used by somebody who found it.",
    severity: Severity::High,
    confidence: Confidence::High,
    family: Family::Application,
    shown: Shown::NONE,
    mitre: &["T1528", "T1550.001"],
    needs: &[Sensor::Tokens, Sensor::Accounts],
    parameters: MEANINGS,
    quiet: &["An active user whose token rested: `low`, since people come back to an application, too."],
};

parameters! {
    /// Days without a use after which a token has rested.
    days: i64 = 90,
}

/// The detection.
#[derive(Debug)]
pub struct LeaversToken(pub Parameters);

impl Detection for LeaversToken {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_token(&self, view: &View<'_>, seen: &TokenUse) -> Option<Hit> {
        let used = seen.token.last_used.filter(|_| seen.shows_use())?;
        let has_left = view.account().is_some_and(|account| !account.is_active);
        let rested = seen.used_before.map_or(0, |before| used.duration_since(before).as_hours() / 24);
        let (severity, baseline) = match (has_left, rested >= self.0.days) {
            (true, _) => (Severity::High, "Salesforce says that its user may not log in.".to_owned()),
            (false, true) => (Severity::Low, format!("Nobody had used it for {rested} days.")),
            (false, false) => return None,
        };
        Some(Hit::on_token(&ABOUT, severity, seen).because(
            format!("A refresh token of {} was used {} times.", seen.token.app_name, seen.uses),
            baseline,
            "A token of an active user that is used now and then would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};
    use crate::observation::Observation;
    use jiff::SignedDuration;

    fn used(deactivated: Option<&str>, rested_days: i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        if let Some(user) = deactivated {
            world.deactivate(user);
        }
        let mut seen = world.token_use("ada", "Data Loader", 3, 5);
        seen.used_before = seen.used_before.map(|used| used - SignedDuration::from_hours(24 * rested_days));
        severity(&world.judge(Observation::TokenUse(Box::new(seen))), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        used(Some("ada"), 0)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        used(Some("bob"), 60)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        used(None, 120)
    }
}
