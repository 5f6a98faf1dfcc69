//! A2: many wrong passwords for one user, and no success.

use jiff::SignedDuration;

use super::failing_machine::is_regular;
use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "brute-force",
    row: "A2",
    title: "Many wrong passwords for one user",
    why: "Somebody guesses one user's password. As long as nothing succeeds nobody is in, and nobody is frozen: the \
          user is warned, and a second factor is checked.",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    family: Family::Credential,
    shown: Shown::FAILURE,
    mitre: &["T1110.001"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "Guesses at even intervals from one network are a machine with an old password: `failing-machine`.",
        "Wrong passwords from a network the user knows do not count: he has forgotten it.",
    ],
};

parameters! {
    /// Wrong passwords from networks the user does not know.
    failures: usize = 10,
    /// They lie within this.
    window: SignedDuration = SignedDuration::from_mins(20),
}

/// The detection.
#[derive(Debug)]
pub struct BruteForce(pub Parameters);

impl Detection for BruteForce {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|_| !login.succeeded())?;
        let network = view.facts().network.filter(|network| user.is_foreign(*network))?;
        let guesses = user.guesses(login.time - self.0.window, login.time);
        let foreign = guesses.filter(|guess| guess.network.is_some_and(|from| user.is_foreign(from)));
        let failures = foreign.count() + 1;
        if failures < self.0.failures || is_regular(user, network, login.time) {
            return None;
        }
        let minutes = self.0.window.as_mins();
        Some(Hit::on_login(&ABOUT, Severity::Low, login).fact("failures", failures).because(
            format!("{failures} wrong passwords within {minutes} minutes, the last from {}.", login.source),
            "This user had not come from there before.",
            "From a network he knows, or at even intervals, it would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn guessed(address: &str, minutes: impl IntoIterator<Item = i64>) -> Option<Severity> {
        let mut world = World::with_office_workers();
        latest(minutes.into_iter().map(|minute| severity(&world.fail_from("ada", address, minute), &ABOUT)))
    }

    pub(crate) fn fires() -> Option<Severity> {
        guessed("198.19.200.9", [0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3])
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        guessed("198.19.200.9", [0, 0, 0, 1, 1, 1, 1, 2, 2])
    }

    pub(crate) fn quiet() -> Option<Severity> {
        guessed("198.18.1.7", [0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3])
    }
}
