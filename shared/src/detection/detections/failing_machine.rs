//! A14: failures at even intervals are a machine with an old password.

use jiff::{SignedDuration, Timestamp};

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, UserProfile, View};
use crate::observation::{Login, Network, Outcome};

pub(crate) static ABOUT: About = About {
    id: "failing-machine",
    row: "A14",
    title: "A machine fails at even intervals",
    why: "No attacker keeps time like a scheduler. An integration whose secret was changed fails on and on: it is \
          noise that hides attacks, and work that is not done.",
    severity: Severity::Low,
    confidence: Confidence::High,
    family: Family::Credential,
    shown: Shown::FAILURE,
    mitre: &["T1110"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["It is told once for every day that it lasts: each twentieth failure of a day is one."],
};

parameters! {
    /// Failures from one network before they are told.
    failures: usize = 20,
}

/// Fewer gaps than this show no rhythm.
const GAPS: usize = 8;
/// Spread of the gaps between tries, as a share of their mean, below which a machine keeps the time.
const EVEN: f64 = 0.1;

/// The detection.
#[derive(Debug)]
pub struct FailingMachine(pub Parameters);

impl Detection for FailingMachine {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let (user, network) = (view.user().filter(|_| !login.succeeded())?, view.facts().network?);
        let failures = user.attempts.iter().filter(|attempt| attempt.outcome != Outcome::Success && attempt.network == Some(network)).count() + 1;
        if failures != self.0.failures || !is_regular(user, network, login.time) {
            return None;
        }
        let hit = Hit::on_login(&ABOUT, Severity::Low, login).fact("failures", failures);
        Some(hit.fact("application", login.application.as_str()).because(
            format!("{failures} failures from {} at even intervals.", login.source),
            format!("The gaps between them differ by less than {:.0} % of their mean.", EVEN * 100.0),
            "Uneven gaps would be guessing.",
        ))
    }
}

/// Whether the failures of a user from one network keep time like a scheduler, with at least a minute between two.
pub(super) fn is_regular(user: &UserProfile, network: Network, now: Timestamp) -> bool {
    let failed = user.attempts.iter().filter(|attempt| attempt.outcome != Outcome::Success && attempt.network == Some(network));
    let times: Vec<_> = failed.map(|attempt| attempt.time).chain([now]).collect();
    is_even(&times, SignedDuration::from_secs(50))
}

/// Whether instants in order follow each other evenly, at least `least` apart.
pub(super) fn is_even(times: &[Timestamp], least: SignedDuration) -> bool {
    let gaps: Vec<_> = times.windows(2).map(|two| two[1].duration_since(two[0]).as_secs_f64()).collect();
    if gaps.len() < GAPS {
        return false;
    }
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    mean >= least.as_secs_f64() && variance.sqrt() < EVEN * mean
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn failed(tries: i64, minute: impl Fn(i64) -> i64) -> Option<Severity> {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        let hits = (0..tries).map(|n| {
            let login = world.refresh("sync", "Acme Sync", "198.18.90.10", minute(n));
            let login = Login { outcome: Outcome::OtherFailure, status: "Failed: bad token".into(), ..login };
            severity(&world.see(login), &ABOUT)
        });
        latest(hits)
    }

    pub(crate) fn fires() -> Option<Severity> {
        failed(20, |n| n * 15)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        failed(20, |n| n * 15 + (n % 3) * 7)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        failed(19, |n| n * 15)
    }
}
