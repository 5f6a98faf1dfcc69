//! A11: many accounts are locked at once.

use jiff::SignedDuration;

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, View, mark,
};
use crate::observation::{Login, Outcome};

pub(crate) static ABOUT: About = About {
    id: "lockout-wave",
    row: "A11",
    title: "Many accounts locked at once",
    why: "Guessing that goes too far locks people out, and locking people out can itself be the aim.",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    family: Family::Credential,
    shown: Shown::FAILURE,
    mitre: &["T1110", "T1531"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["Lockouts from networks their users know do not count: an expired password locks people out at their desks."],
};

parameters! {
    /// Different users locked out from networks they do not know.
    users: usize = 5,
    /// They lie within this.
    window: SignedDuration = SignedDuration::from_mins(15),
}

/// The detection.
#[derive(Debug)]
pub struct LockoutWave(pub Parameters);

impl Detection for LockoutWave {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let id = login.user_id.as_ref().filter(|_| login.outcome == Outcome::LockedOut)?;
        view.facts().network.filter(|network| view.user().is_none_or(|user| user.is_foreign(*network)))?;
        let since = login.time - self.0.window;
        let users = view.org().locked.others(mark(id.as_str()), since, login.time) + 1;
        let minutes = self.0.window.as_mins();
        let hit = || {
            Hit::on_login(&ABOUT, Severity::Medium, login).about(Subject::org()).fact("users", users).because(
                format!("{users} users were locked out within {minutes} minutes."),
                "All of them from networks they do not know.",
                format!("Fewer than {} would not count.", self.0.users),
            )
        };
        (users >= self.0.users).then(hit)
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn locked(address: &str, every: i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let waves = (0..6).map(|n| {
            let login = world.login(&format!("worker{n}"), address, n * every);
            severity(&world.see(Login { outcome: Outcome::LockedOut, ..login }), &ABOUT)
        });
        latest(waves)
    }

    pub(crate) fn fires() -> Option<Severity> {
        locked("198.19.200.9", 1)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        locked("198.19.200.9", 5)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        locked("198.18.1.7", 1)
    }
}
