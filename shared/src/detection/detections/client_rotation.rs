//! A4: one user's password is tried with one client after the other.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "client-rotation",
    row: "A4",
    title: "Wrong passwords under changing disguises",
    why: "Guessing tools change the browser they claim to be with every try, so that nothing looks repeated. One \
          person does not own five kinds of browser.",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    family: Family::Credential,
    shown: Shown::FAILURE,
    mitre: &["T1110"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["Versions of one browser count once.", "Networks the user knows do not count: somebody tests a page."],
};

parameters! {
    /// Different kinds of client.
    clients: usize = 5,
    /// Wrong passwords.
    failures: usize = 8,
    /// They lie within this.
    window: SignedDuration = SignedDuration::from_mins(60),
}

/// The detection.
#[derive(Debug)]
pub struct ClientRotation(pub Parameters);

impl Detection for ClientRotation {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|_| !login.succeeded())?;
        view.facts().network.filter(|network| user.is_foreign(*network))?;
        let guesses = user.guesses(login.time - self.0.window, login.time);
        let foreign = guesses.filter(|guess| guess.network.is_some_and(|from| user.is_foreign(from)));
        let mut clients: Vec<_> = foreign.map(|guess| guess.client).collect();
        clients.push(view.facts().client);
        let (failures, clients) = (clients.len(), clients.into_iter().collect::<BTreeSet<_>>().len());
        if clients < self.0.clients || failures < self.0.failures {
            return None;
        }
        let minutes = self.0.window.as_mins();
        let hit = Hit::on_login(&ABOUT, Severity::Medium, login).fact("clients", clients);
        Some(hit.fact("failures", failures).because(
            format!("{failures} wrong passwords with {clients} kinds of client within {minutes} minutes."),
            "This user had not come from those networks.",
            "Versions of one browser count as one client.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity, latest};
    use crate::observation::Outcome;

    fn guessed(address: &str, browser: impl Fn(usize) -> String) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let tries = (0..10).zip(0..).map(|(n, minute)| {
            let mut login = world.login("ada", address, minute);
            (login.outcome, login.client.browser) = (Outcome::WrongPassword, browser(n).into());
            severity(&world.see(login), &ABOUT)
        });
        latest(tries)
    }

    const BROWSERS: [&str; 5] = ["Chrome", "Firefox", "Edge", "Opera", "Safari"];

    pub(crate) fn fires() -> Option<Severity> {
        guessed("198.19.200.9", |n| BROWSERS[n % 5].to_owned())
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        guessed("198.19.200.9", |n| format!("Chrome {}", 100 + n))
    }

    pub(crate) fn quiet() -> Option<Severity> {
        guessed("198.18.1.7", |n| BROWSERS[n % 5].to_owned())
    }
}
