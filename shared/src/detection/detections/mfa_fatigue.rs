//! A15: the owner is asked again and again until he says yes.

use jiff::{SignedDuration, Timestamp};

use crate::detection::{
    About, Check, CheckOutcome, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, UserProfile, View,
};
use crate::observation::{Login, Verification};

pub(crate) static ABOUT: About = About {
    id: "mfa-fatigue",
    row: "A15",
    title: "Asked again and again to approve a login",
    why: "Whoever has the password and not the phone asks until the owner gives in. A denial that the owner reports \
          says that somebody else has his password, and a success after denials says that he gave in.",
    severity: Severity::High,
    confidence: Confidence::High,
    family: Family::Assurance,
    shown: Shown::SUCCESS.and(Shown::NEW_NETWORK),
    mitre: &["T1621"],
    needs: &[Sensor::Logins, Sensor::Verifications],
    parameters: MEANINGS,
    quiet: &["A success from a network the user knows: he denied his own request by mistake, and then approved it."],
};

parameters! {
    /// Denied or failed requests.
    denials: usize = 3,
    /// They, and a success after them, lie within this.
    window: SignedDuration = SignedDuration::from_mins(30),
}

/// The detection.
#[derive(Debug)]
pub struct MfaFatigue(pub Parameters);

impl Detection for MfaFatigue {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    /// A success on the heels of denials, from a network the user does not know.
    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|_| login.succeeded() && view.is_new_network())?;
        let (denials, reported) = self.denials(user, login.time);
        let gave_in = denials >= self.0.denials || reported > 0;
        let minutes = self.0.window.as_mins();
        gave_in.then(|| {
            Hit::on_login(&ABOUT, Severity::High, login).fact("denials", denials).fact("reported", reported).because(
                format!("A success from {} within {minutes} minutes of {denials} denied requests.", login.source),
                "The user had not come from that network before.",
                "From a network he knows it would not count.",
            )
        })
    }

    fn on_verification(&self, view: &View<'_>, check: &Verification) -> Option<Hit> {
        let outcome = CheckOutcome::of(check);
        let is_denial = matches!(outcome, CheckOutcome::Denied | CheckOutcome::Reported);
        let (before, _) = view.user().filter(|_| is_denial).map_or((0, 0), |user| self.denials(user, check.time));
        let is_reported = outcome == CheckOutcome::Reported;
        if !is_reported && (!is_denial || before + 1 < self.0.denials) {
            return None;
        }
        let what = if is_reported { "and reported it as not his own" } else { "again" };
        let hit = Hit::on_verification(&ABOUT, Severity::Medium, check).fact("denials", before + 1);
        Some(hit.because(
            format!("The user denied a login from {} {what}.", check.source),
            format!("{} requests were denied within {} minutes.", before + 1, self.0.window.as_mins()),
            "A single denial that is not reported would not count.",
        ))
    }
}

impl MfaFatigue {
    /// Denied requests within the window, and how many of them were reported.
    fn denials(&self, user: &UserProfile, now: Timestamp) -> (usize, usize) {
        let recent = |check: &&Check| (now - self.0.window..=now).contains(&check.time);
        let of = |outcome| user.checks.iter().filter(recent).filter(|check| check.outcome == outcome).count();
        let reported = of(CheckOutcome::Reported);
        (of(CheckOutcome::Denied) + reported, reported)
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn denied(times: i64, then_from: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        (0..times).for_each(|minute| drop(world.check("ada", "198.19.200.9", "Denied", minute)));
        severity(&world.hits_of_success("ada", then_from, times), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        denied(4, "198.19.200.9")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        denied(2, "198.19.200.9")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        denied(4, "198.18.1.7")
    }

    #[test]
    fn one_report_is_enough_and_freezes_nobody() {
        let mut world = World::with_office_workers();
        let hits = world.check("ada", "198.19.200.9", "ReportedDenied", 1);
        assert_eq!(hits["mfa-fatigue"].containable, crate::detection::Containable::No);
    }
}
