//! G1: an account nobody used wakes up.

use crate::detection::{About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, Shown, View};
use crate::observation::{AccessPath, Login};

pub(crate) static ABOUT: About = About {
    id: "dormant-account",
    row: "G1",
    title: "An account that nobody used wakes up",
    why: "Nobody misses what an unused account does. Whoever finds its password has time.",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    family: Family::Lifecycle,
    shown: Shown::SUCCESS,
    mitre: &["T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "From a network and with a client the user knows it is `info`: he is back from a long leave.",
        "It is `high` only with a password, from where no colleague ever was, with a kind of client that hardly any of them has.",
    ],
};

parameters! {
    /// Days without a success.
    days: i64 = 45,
    /// Share of the org's successes, 0 to 1, below which a kind of client is rare.
    rare: f64 = 0.02,
    /// Successes in the org's history before anything can be rare.
    history: u32 = 500,
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
            (Known::No, Known::No) | (Known::Unsaid, _) if self.is_nobodys(view) => Severity::High,
            (Known::No, Known::No) | (Known::Unsaid, _) => Severity::Medium,
            _ => Severity::Low,
        };
        Some(Hit::on_login(&ABOUT, severity, login).fact("days", days).because(
            format!("A success from {}.", login.source),
            format!("The account had not been used for {days} days."),
            "A network and client known for the user weigh less, and so do those of colleagues.",
        ))
    }
}

impl DormantAccount {
    /// Whether it comes from where none of the colleagues is, with what hardly any of them has.
    fn is_nobodys(&self, view: &View<'_>) -> bool {
        let (facts, clients) = (view.facts(), &view.org().clients);
        let with_it = clients.of(facts.family).map_or(0, |known| known.count);
        let is_rare = f64::from(with_it) < self.0.rare * clients.total() as f64;
        is_rare && view.is_nobodys_network() && facts.path == AccessPath::Password && view.org().successes() >= self.0.history
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
    fn what_no_colleague_has_and_where_none_is_weighs_more() {
        let wakes = |address: &str, browser: &str| {
            let mut world = World::with_office_workers();
            let mut login = world.login("ada", address, 60 * 1440);
            login.client.browser = browser.into();
            severity(&world.see(login), &ABOUT)
        };
        assert_eq!(wakes("198.19.200.9", "Firefox 115"), Some(Severity::High));
        assert_eq!(wakes("198.19.200.9", "Chrome 142"), Some(Severity::Low), "his own kind of browser");
        assert_eq!(wakes("198.18.1.7", "Firefox 115"), Some(Severity::Low), "his own network");
    }

    #[test]
    fn an_old_account_that_was_never_used_wakes_up_too() {
        assert_eq!(first_use(400, "198.19.200.9"), Some(Severity::Medium));
        assert_eq!(first_use(400, "198.18.1.7"), Some(Severity::Info), "from the office");
        assert_eq!(first_use(10, "198.19.200.9"), None, "a new account");
    }
}
