//! G7: a person whose logins keep time like a scheduler.

use jiff::SignedDuration;

use super::failing_machine::is_even;
use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::{Login, Outcome};

pub(crate) static ABOUT: About = About {
    id: "metronome",
    row: "G7",
    title: "A person whose logins keep time like a scheduler",
    why: "Nobody logs in every half hour to the second through a login page. A script does, with a person's password.",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    family: Family::Lifecycle,
    shown: Shown::SUCCESS,
    mitre: &["T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["Ways in which no person takes part, and accounts of programs.", "It is told when the row is long enough, once."],
};

parameters! {
    /// Logins in a row, of one day.
    logins: usize = 12,
}

/// The detection.
#[derive(Debug)]
pub struct Metronome(pub Parameters);

impl Detection for Metronome {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let is_attended = login.succeeded() && !view.facts().path.is_unattended() && !view.is_integration();
        let user = view.user().filter(|user| is_attended && user.attempts.len() + 1 >= self.0.logins)?;
        let successes = user.attempts.iter().filter(|attempt| attempt.outcome == Outcome::Success);
        let mut times: Vec<_> = successes.map(|attempt| attempt.time).collect();
        times.push(login.time);
        if times.len() != self.0.logins || !is_even(&times, SignedDuration::from_secs(50)) {
            return None;
        }
        Some(Hit::on_login(&ABOUT, Severity::Low, login).fact("logins", times.len()).because(
            format!("{} logins through a login page followed each other at even intervals.", times.len()),
            "People do not keep time like that.",
            "Uneven intervals would not count.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn came(login_type: &str, minute: impl Fn(i64) -> i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let logins = (0..12).map(|n| {
            let mut login = world.login("ada", "198.18.1.7", 2_000 + minute(n));
            login.login_type = login_type.into();
            severity(&world.see(login), &ABOUT)
        });
        latest(logins)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came("Application", |n| n * 30)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came("Application", |n| n * 30 + (n % 3) * 9)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        came("Remote Access 2.0", |n| n * 30)
    }
}
