//! G1: an account nobody used wakes up.

use crate::detection::{About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "dormant-account",
    row: "G1",
    title: "An account that nobody used wakes up",
    why: "Nobody misses what an unused account does. Whoever finds its password has time.",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    family: Family::Lifecycle,
    mitre: &["T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &["From a network and with a client the user knows it is `info`: he is back from a long leave."],
};

parameters! {
    /// Days without a success.
    days: i64 = 45,
}

/// The detection.
#[derive(Debug)]
pub struct DormantAccount(pub Parameters);

impl Detection for DormantAccount {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let last = view.user().filter(|_| login.succeeded())?.last_login?;
        let days = login.time.duration_since(last).as_hours() / 24;
        if days < self.0.days {
            return None;
        }
        let facts = view.facts();
        let severity = match (facts.knows_network, facts.knows_client) {
            (Known::Yes, Known::Yes) => Severity::Info,
            (Known::No, Known::No) => Severity::Medium,
            _ => Severity::Low,
        };
        Some(Hit::on_login(&ABOUT, severity, login).fact("days", days).because(
            format!("A success from {}.", login.source),
            format!("The account had not been used for {days} days."),
            "A known network and client weigh less.",
        ))
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn after(days: i64, address: &str) -> Option<Severity> {
        severity(&World::with_office_workers().hits_of_success("ada", address, days * 1440), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        after(60, "198.19.200.9")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        after(30, "198.19.200.9")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        after(60, "198.18.1.7")
    }
}
