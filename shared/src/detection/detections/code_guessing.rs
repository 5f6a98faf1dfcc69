//! A16: one-time codes are guessed.

use jiff::SignedDuration;

use crate::detection::{
    About, CheckOutcome, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View,
};
use crate::observation::Verification;

pub(crate) static ABOUT: About = About {
    id: "code-guessing",
    row: "A16",
    title: "One-time codes are guessed",
    why: "Six digits are a million tries. Whoever guesses them has the password already.",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    family: Family::Assurance,
    shown: Shown::NONE,
    mitre: &["T1110.001", "T1621"],
    needs: &[Sensor::Verifications],
    parameters: MEANINGS,
    quiet: &["From a network the user knows it is `low`: a phone whose clock is wrong shows wrong codes."],
};

parameters! {
    /// Wrong codes.
    failures: usize = 8,
    /// They lie within this.
    window: SignedDuration = SignedDuration::from_mins(15),
}

/// The detection.
#[derive(Debug)]
pub struct CodeGuessing(pub Parameters);

impl Detection for CodeGuessing {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_verification(&self, view: &View<'_>, check: &Verification) -> Option<Hit> {
        let user = view.user().filter(|_| CheckOutcome::of(check) == CheckOutcome::WrongCode)?;
        let since = check.time - self.0.window;
        let wrong = user.checks.iter().filter(|old| old.outcome == CheckOutcome::WrongCode && old.time >= since);
        let failures = wrong.count() + 1;
        if failures < self.0.failures {
            return None;
        }
        let is_foreign = check.source.network().is_none_or(|network| user.is_foreign(network));
        let severity = if is_foreign { Severity::Medium } else { Severity::Low };
        let hit = Hit::on_verification(&ABOUT, severity, check).fact("failures", failures);
        Some(hit.because(
            format!("{failures} wrong codes within {} minutes, from {}.", self.0.window.as_mins(), check.source),
            format!("Fewer than {} are mistyping.", self.0.failures),
            "From a network the user knows it weighs less.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn guessed(address: &str, times: i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let checks = (0..times).map(|minute| severity(&world.check("ada", address, "FailedInvalidCode", minute), &ABOUT));
        latest(checks)
    }

    pub(crate) fn fires() -> Option<Severity> {
        guessed("198.19.200.9", 9)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        guessed("198.19.200.9", 7)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        guessed("198.18.1.7", 9)
    }
}
