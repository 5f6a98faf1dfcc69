//! D2: one user with many kinds of client at once.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::detection::{About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, Shown, View};
use crate::observation::{Login, Outcome};

pub(crate) static ABOUT: About = About {
    id: "many-clients",
    row: "D2",
    title: "One user with many kinds of client at once",
    why: "A person has a laptop and a phone. An account that is passed around, or a tool that changes its disguise, \
          has more within the hour.",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    family: Family::Client,
    shown: Shown::SUCCESS.and(Shown::NEW_CLIENT),
    mitre: &["T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["The last one is a client the user knows.", "Clients that say nothing of themselves, as programs do."],
};

parameters! {
    /// Different kinds of client that got in.
    clients: usize = 4,
    /// They lie within this.
    window: SignedDuration = SignedDuration::from_mins(60),
}

/// The detection.
#[derive(Debug)]
pub struct ManyClients(pub Parameters);

impl Detection for ManyClients {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let is_new = login.succeeded() && view.facts().knows_client == Known::No;
        let user = view.user().filter(|_| is_new)?;
        let since = login.time - self.0.window;
        let recent = user.attempts.iter().filter(|attempt| {
            attempt.outcome == Outcome::Success && (since..=login.time).contains(&attempt.time)
        });
        let own = view.facts().client;
        let clients = recent.map(|attempt| attempt.client).chain([own]).collect::<BTreeSet<_>>().len();
        let minutes = self.0.window.as_mins();
        (clients >= self.0.clients).then(|| {
            Hit::on_login(&ABOUT, Severity::Low, login).fact("clients", clients).because(
                format!("{clients} kinds of client got in within {minutes} minutes."),
                "The last was new for this user.",
                format!("Fewer than {} would not count.", self.0.clients),
            )
        })
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};

    fn came(browsers: &[&str]) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let logins = (0..).zip(browsers).map(|(n, browser)| {
            let mut login = world.login("ada", "198.18.1.7", n * 5);
            login.client.browser = (*browser).into();
            severity(&world.see(login), &ABOUT)
        });
        latest(logins)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(&["Firefox 1", "Edge 1", "Opera 1", "Vivaldi 1"])
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(&["Firefox 1", "Edge 1", "Opera 1"])
    }

    pub(crate) fn quiet() -> Option<Severity> {
        came(&["Firefox 1", "Edge 1", "Opera 1", "Chrome 142"])
    }
}
