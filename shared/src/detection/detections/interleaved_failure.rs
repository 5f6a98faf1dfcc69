//! A13: the owner is in, and somebody else fails in his name.

use jiff::SignedDuration;

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::{Login, Outcome};

pub(crate) static ABOUT: About = About {
    id: "interleaved-failure",
    row: "A13",
    title: "The owner is in, and somebody else fails in his name",
    why: "A success from a known network and, minutes later, wrong passwords from one he has never used: two people. \
          The second has not got in.",
    severity: Severity::Low,
    confidence: Confidence::Low,
    family: Family::Credential,
    shown: Shown::FAILURE.and(Shown::NEW_NETWORK).and(Shown::NEW_COUNTRY),
    mitre: &["T1110", "T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "The failure comes from a country the user knows: his phone has lost the office's network.",
        "The organisation's egress.",
    ],
};

parameters! {
    /// The failure comes no later than this after the success.
    window: SignedDuration = SignedDuration::from_mins(10),
    /// Wrong passwords after that success.
    failures: usize = 2,
}

/// The detection.
#[derive(Debug)]
pub struct InterleavedFailure(pub Parameters);

impl Detection for InterleavedFailure {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let is_elsewhere = login.outcome == Outcome::WrongPassword && view.is_new_network() && view.is_new_country();
        let user = view.user().filter(|_| is_elsewhere)?;
        let since = login.time - self.0.window;
        let known = |network| user.knows_network(network, login.time);
        let success = user.attempts.iter().rev().find(|attempt| {
            attempt.outcome == Outcome::Success && (since..=login.time).contains(&attempt.time) && attempt.network.is_some_and(known)
        })?;
        let failures = user.guesses(success.time, login.time).filter(|guess| guess.network == view.facts().network);
        if failures.count() + 1 < self.0.failures {
            return None;
        }
        let minutes = login.time.duration_since(success.time).as_mins();
        let hit = Hit::on_login(&ABOUT, Severity::Low, login).logins([success.login.clone()]);
        Some(hit.fact("minutes_after_the_success", minutes).because(
            format!("Wrong passwords from {} {minutes} minutes after the user came in from a network of his own.", login.source),
            "He has come neither from that network nor from that country.",
            "From a country he knows it would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{City, LAGOS, LYON, World, severity, latest};

    fn failed(city: City, after: i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.succeed_at("ada", "198.18.1.7", LYON, 0);
        let tries = (0..2).map(|n| {
            let login = world.login_in("ada", "198.19.200.9", city, after + n);
            severity(&world.see(Login { outcome: Outcome::WrongPassword, ..login }), &ABOUT)
        });
        latest(tries)
    }

    pub(crate) fn fires() -> Option<Severity> {
        failed(LAGOS, 4)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        failed(LAGOS, 40)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        failed(LYON, 4)
    }
}
