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
    needs: &[Sensor::Logins, Sensor::Accounts],
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
        let days = view.days_unused(login.time).filter(|days| login.succeeded() && *days >= self.0.days)?;
        let facts = view.facts();
        let is_egress = login.source.address().is_some_and(|address| view.is_egress(address, login.time));
        let severity = match (facts.knows_network, facts.knows_client) {
            (Known::Yes, Known::Yes) => Severity::Info,
            // Of an account without history only the organisation's own networks speak for its owner.
            (Known::Unsaid, _) if is_egress => Severity::Info,
            (Known::No, Known::No) | (Known::Unsaid, _) => Severity::Medium,
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

    /// An account that the org's sixty days of history do not know, made so many days before its first login.
    fn first_use(days_old: i64, address: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        let login = world.login("eve", address, 5);
        world.account("eve", "");
        let account = world.state.users.get_mut(&"eve".into()).unwrap();
        account.details.created = Some(login.time - jiff::SignedDuration::from_hours(24 * days_old));
        severity(&world.see(login), &ABOUT)
    }

    #[test]
    fn an_old_account_that_was_never_used_wakes_up_too() {
        assert_eq!(first_use(400, "198.19.200.9"), Some(Severity::Medium));
        assert_eq!(first_use(400, "198.18.1.7"), Some(Severity::Info), "from the office");
        assert_eq!(first_use(10, "198.19.200.9"), None, "a new account");
    }
}
