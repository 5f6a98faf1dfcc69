//! A8: a spray that worked.

use jiff::SignedDuration;

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, UserProfile, View,
};
use crate::observation::{Login, Network};

pub(crate) static ABOUT: About = About {
    id: "spray-success",
    row: "A8",
    title: "Success on the heels of a spray",
    why: "Of all the logins in an attack on many users, the one that succeeds is the takeover. It comes from the \
          network that attacks, or with new marks for a user who was just tried.",
    severity: Severity::High,
    confidence: Confidence::High,
    family: Family::Credential,
    mitre: &["T1110.003", "T1110.004", "T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "The user knows the network: he comes from where he always comes from, whatever else came from there.",
        "A user who was tried and comes from a new network with his own client is `low`: he travels.",
    ],
};

parameters! {
    /// The attack is no older than this.
    window: SignedDuration = SignedDuration::from_hours(24),
    /// An attack from many networks is linked by its client over this.
    linked: SignedDuration = SignedDuration::from_hours(168),
    /// Users for whom that client failed.
    users: usize = 10,
    /// Networks from which it failed.
    networks: usize = 4,
}

/// The detection.
#[derive(Debug)]
pub struct SpraySuccess(pub Parameters);

impl Detection for SpraySuccess {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let network = view.facts().network.filter(|_| login.succeeded())?;
        let is_recent = |attacked| login.time.duration_since(attacked) <= self.0.window;
        let knows = view.facts().knows_network;
        if knows != Known::Yes && view.org().attacked_from(network).is_some_and(is_recent) {
            return Some(self.hit(login, Severity::High, network, "the network that attacks"));
        }
        if view.facts().is_stranger() && self.is_linked(view, login) {
            return Some(self.hit(login, Severity::High, network, "a new network with the client that attacks"));
        }
        let tried_from = self.tried_from(view, view.user()?, login)?;
        let severity = if view.is_new_client() { Severity::Medium } else { Severity::Low };
        (knows == Known::No).then(|| self.hit(login, severity, tried_from, "another network than the attack"))
    }
}

impl SpraySuccess {
    /// Whether the login's client has lately failed for many users from many networks, and came in as fewer.
    fn is_linked(&self, view: &View<'_>, login: &Login) -> bool {
        let known = view.facts().fingerprint.and_then(|mark| view.org().fingerprints.get(&mark));
        known.is_some_and(|known| {
            let since = login.time - self.0.linked;
            let failing = known.failing.seen(since, login.time).count();
            failing >= self.0.users
                && known.networks.seen(since, login.time).count() >= self.0.networks
                && failing >= known.users.seen(since, login.time).count()
        })
    }

    /// The attacking network from which this user's password was tried.
    fn tried_from(&self, view: &View<'_>, user: &UserProfile, login: &Login) -> Option<Network> {
        let guesses = user.guesses(login.time - self.0.window, login.time);
        guesses.filter_map(|guess| guess.network).find(|network| view.org().attacked_from(*network).is_some())
    }

    fn hit(&self, login: &Login, severity: Severity, attacker: Network, whence: &str) -> Hit {
        let days = self.0.linked.as_hours() / 24;
        Hit::on_login(&ABOUT, severity, login).fact("attacking_network", attacker.to_string()).because(
            format!("A success from {}, {whence}.", login.source),
            format!("Within the last {days} days it tried the passwords of many users of this org."),
            "From a network the user knows it would not count.",
        )
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};
    use crate::observation::Outcome;

    fn sprayed(users: i64) -> World {
        let mut world = World::with_office_workers();
        (0..users).for_each(|n| drop(world.fail_from(&format!("worker{n}"), "198.19.200.9", n)));
        world
    }

    pub(crate) fn fires() -> Option<Severity> {
        severity(&sprayed(8).hits_of_success("ada", "198.19.200.9", 15), &ABOUT)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        severity(&sprayed(4).hits_of_success("ada", "198.19.200.9", 15), &ABOUT)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        severity(&sprayed(8).hits_of_success("worker3", "198.18.1.7", 15), &ABOUT)
    }

    #[test]
    fn a_slow_spray_is_linked_by_its_client() {
        let came = |tried: i64, browser: &str| {
            let mut world = World::with_office_workers();
            for n in 0..tried {
                let mut login = world.login(&format!("worker{}", n % 10), &format!("198.19.{}.9", 16 * n), n * 420);
                login.client.browser = "Firefox 115".into();
                (login.outcome, login.status) = (Outcome::WrongPassword, "Invalid Password".into());
                world.see(login);
            }
            let mut login = world.login("ada", "203.0.113.9", tried * 420);
            login.client.browser = browser.into();
            severity(&world.see(login), &ABOUT)
        };
        assert_eq!(came(12, "Firefox 115"), Some(Severity::High));
        assert_eq!(came(5, "Firefox 115"), None, "too few");
        assert_eq!(came(12, "Safari 18"), None, "another client");
    }

    #[test]
    fn a_victim_who_travels_is_low_and_a_stranger_in_his_name_is_not() {
        let mut world = sprayed(8);
        let travels = severity(&world.hits_of_success("worker3", "198.18.99.4", 20), &ABOUT);
        let mut login = world.login("worker4", "198.19.77.1", 21);
        login.client.browser = "Firefox 115".into();
        assert_eq!((travels, severity(&world.see(login), &ABOUT)), (Some(Severity::Low), Some(Severity::Medium)));
    }
}
