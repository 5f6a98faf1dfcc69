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
}

/// The detection.
#[derive(Debug)]
pub struct SpraySuccess(pub Parameters);

impl Detection for SpraySuccess {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let network = view.facts().network.filter(|_| login.succeeded() && !view.org().hostile.is_empty())?;
        let is_recent = |attacked| login.time.duration_since(attacked) <= self.0.window;
        let knows = view.facts().knows_network;
        if knows != Known::Yes && view.org().attacked_from(network).is_some_and(is_recent) {
            return Some(self.hit(login, Severity::High, network, "the network that attacks"));
        }
        let tried_from = self.tried_from(view, view.user()?, login)?;
        let severity = if view.is_new_client() { Severity::Medium } else { Severity::Low };
        (knows == Known::No).then(|| self.hit(login, severity, tried_from, "another network than the attack"))
    }
}

impl SpraySuccess {
    /// The attacking network from which this user's password was tried.
    fn tried_from(&self, view: &View<'_>, user: &UserProfile, login: &Login) -> Option<Network> {
        let guesses = user.guesses(login.time - self.0.window, login.time);
        guesses.filter_map(|guess| guess.network).find(|network| view.org().attacked_from(*network).is_some())
    }

    fn hit(&self, login: &Login, severity: Severity, attacker: Network, whence: &str) -> Hit {
        let hours = self.0.window.as_hours();
        Hit::on_login(&ABOUT, severity, login).fact("attacking_network", attacker.to_string()).because(
            format!("A success from {}, {whence}.", login.source),
            format!("{attacker} tried the passwords of many users within the last {hours} hours."),
            "From a network the user knows it would not count.",
        )
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

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
    fn a_victim_who_travels_is_low_and_a_stranger_in_his_name_is_not() {
        let mut world = sprayed(8);
        let travels = severity(&world.hits_of_success("worker3", "198.18.99.4", 20), &ABOUT);
        let mut login = world.login("worker4", "198.19.77.1", 21);
        login.client.browser = "Firefox 115".into();
        assert_eq!((travels, severity(&world.see(login), &ABOUT)), (Some(Severity::Low), Some(Severity::Medium)));
    }
}
