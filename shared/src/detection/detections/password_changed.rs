//! F6: a password was changed, and somebody new comes in.

use jiff::SignedDuration;

use crate::detection::{About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, Shown, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "password-changed",
    row: "F6",
    title: "A password was changed, and somebody new comes in",
    why: "Whoever reads a mailbox lets himself be sent a new password. People change theirs at their own desk.",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    family: Family::Assurance,
    shown: Shown::SUCCESS.and(Shown::ACCOUNT),
    mitre: &["T1098"],
    needs: &[Sensor::Logins, Sensor::Accounts],
    parameters: MEANINGS,
    quiet: &["From a network or with a client that the user knows: `info` at most."],
};

parameters! {
    /// The login comes within this after the change.
    window: SignedDuration = SignedDuration::from_hours(24),
}

/// The detection.
#[derive(Debug)]
pub struct PasswordChanged(pub Parameters);

impl Detection for PasswordChanged {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let changed = view.account().filter(|_| login.succeeded())?.details.last_password_change?;
        let since = login.time.duration_since(changed);
        if since.is_negative() || since > self.0.window {
            return None;
        }
        let facts = view.facts();
        let severity = match (facts.knows_network, facts.knows_client) {
            (Known::No, Known::No) => Severity::Medium,
            (Known::No, _) | (_, Known::No) => Severity::Info,
            _ => return None,
        };
        Some(Hit::on_login(&ABOUT, severity, login).fact("minutes_since", since.as_mins()).because(
            format!("A success from {}, {} minutes after the password was changed.", login.source, since.as_mins()),
            "Network and client are new for this user.",
            "A network or client that he knows would have made it mere context.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{LYON, World, severity};

    fn came(hours_after: i64, address: &str, browser: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let mut login = world.login_in("ada", address, LYON, 5);
        login.client.browser = browser.into();
        world.account("ada", "");
        let account = world.state.users.get_mut(&"ada".into()).unwrap();
        account.details.last_password_change = Some(login.time - SignedDuration::from_hours(hours_after));
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came(1, "203.0.113.9", "Firefox 140")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came(30, "203.0.113.9", "Firefox 140")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        came(1, "203.0.113.9", "Chrome 141")
    }
}
