//! A3: one user's password is guessed from many networks.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "distributed-brute-force",
    row: "A3",
    title: "One user's password guessed from many networks",
    why: "Rented machines take turns so that no address is blocked. Many networks that all fail for the same user, \
          and that he has never used, have one owner.",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    family: Family::Credential,
    shown: Shown::FAILURE,
    mitre: &["T1110.001", "T1110.004"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "Networks near each other count once: a mobile carrier changes the address with every connection.",
        "Networks the user knows do not count.",
    ],
};

parameters! {
    /// Different networks, none near another.
    networks: usize = 5,
    /// Wrong passwords.
    failures: usize = 8,
    /// They lie within this.
    window: SignedDuration = SignedDuration::from_mins(60),
}

/// The detection.
#[derive(Debug)]
pub struct DistributedBruteForce(pub Parameters);

impl Detection for DistributedBruteForce {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|_| !login.succeeded())?;
        let here = view.facts().network.filter(|network| user.is_foreign(*network))?;
        let guesses = user.guesses(login.time - self.0.window, login.time);
        let from: Vec<_> = guesses.filter_map(|guess| guess.network).filter(|n| user.is_foreign(*n)).collect();
        let networks: BTreeSet<_> = from.iter().chain([&here]).map(|network| network.pool()).collect();
        let failures = from.len() + 1;
        if networks.len() < self.0.networks || failures < self.0.failures {
            return None;
        }
        let (count, minutes) = (networks.len(), self.0.window.as_mins());
        let hit = Hit::on_login(&ABOUT, Severity::Medium, login)
            .fact("networks", networks.iter().map(ToString::to_string).collect::<Vec<_>>())
            .fact("failures", failures);
        Some(hit.because(
            format!("{failures} wrong passwords from {count} networks within {minutes} minutes."),
            "This user had not come from any of them.",
            "Addresses of one provider's pool count once.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn guessed(addresses: impl Fn(i64) -> String) -> Option<Severity> {
        let mut world = World::with_office_workers();
        latest((0..9).map(|n| severity(&world.fail_from("ada", &addresses(n), n * 3), &ABOUT)))
    }

    pub(crate) fn fires() -> Option<Severity> {
        guessed(|n| format!("198.19.{}.9", 16 * n))
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        guessed(|n| format!("198.19.{}.9", 16 * (n % 4)))
    }

    pub(crate) fn quiet() -> Option<Severity> {
        guessed(|n| format!("198.19.{}.9", 16 + n))
    }
}
