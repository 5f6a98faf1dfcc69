//! A8: a spray that worked.

use jiff::SignedDuration;

use crate::detection::{
    About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, Shown, Subject, UserProfile, View, mark,
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
    shown: Shown::SUSPECT,
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
    /// Other users for whom the network failed within that, where it and the client are new for whoever comes in; …
    tried: usize = 3,
    /// … and where he has no history, or came before them.
    many: usize = 6,
    /// An attack from many networks is linked by its client over this.
    linked: SignedDuration = SignedDuration::from_hours(168),
    /// Users for whom that client failed. Fewer than make a spray, for here somebody came in.
    users: usize = 5,
    /// Networks from which it failed.
    networks: usize = 3,
}

/// The detection.
#[derive(Debug)]
pub struct SpraySuccess(pub Parameters);

impl Detection for SpraySuccess {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let network = view.facts().network?;
        if !login.succeeded() {
            return self.came_before(view, login, network);
        }
        let knows = view.facts().knows_network;
        if knows == Known::Yes {
            return None;
        }
        let is_recent = |attacked| login.time.duration_since(attacked) <= self.0.window;
        let hit = |severity, attacker, whence| Some(self.hit(Hit::on_login(&ABOUT, severity, login), attacker, whence));
        if view.org().attacked_from(network).is_some_and(is_recent) {
            return hit(Severity::High, network, "the network that attacks");
        }
        let is_stranger = view.facts().is_stranger();
        let is_nobody = is_stranger || view.facts().may_be_stranger() && view.is_nobodys_network();
        let tried = if is_stranger { self.0.tried } else { self.0.many };
        if is_nobody && self.tries(view, network, login) >= tried {
            return hit(Severity::High, network, "a network that fails for many");
        }
        if is_nobody && self.is_linked(view, login) {
            return hit(Severity::High, network, "a new network with the client that attacks");
        }
        let user = view.user().filter(|_| knows == Known::No)?;
        let tried_from = self.tried_from(view, user, login)?;
        let severity = if view.is_new_client() { Severity::Medium } else { Severity::Low };
        hit(severity, tried_from, "another network than the attack")
    }
}

impl SpraySuccess {
    /// Other users for whom a network failed lately, none of whom had come from there; 0 where more came in than failed.
    fn tries(&self, view: &View<'_>, network: Network, login: &Login) -> usize {
        let Some(known) = view.network(network).filter(|_| !view.is_shared(network, login.time)) else { return 0 };
        let user = login.user_id.as_ref().map_or(0, |id| mark(id.as_str()));
        let tried = known.failing.others(user, login.time - self.0.window, login.time);
        if tried > known.users.len() { tried } else { 0 }
    }

    /// Who hits early in a spray comes before it can be told from one. What fails after him tells of him: of one such user at a
    /// time, in turn.
    fn came_before(&self, view: &View<'_>, login: &Login, network: Network) -> Option<Hit> {
        let entered = &view.network(network).filter(|known| !known.entered.is_empty())?.entered;
        let tried = self.tries(view, network, login);
        let before = entered.get(tried % entered.len())?;
        let since = login.time.duration_since(before.time);
        if tried < self.0.many || since > self.0.window || since.is_negative() || login.user_id.as_ref() == Some(&before.user) {
            return None;
        }
        let hit = Hit::new(&ABOUT, Severity::High, Subject::user(&before.user), Some(&before.user));
        let hit = hit.fact("source", login.source.to_string()).logins([before.login.clone()]).containable();
        Some(self.hit(hit, network, "a network that has failed for many since"))
    }

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

    fn hit(&self, hit: Hit, attacker: Network, whence: &str) -> Hit {
        let days = self.0.linked.as_hours() / 24;
        let seen = format!("A success from {}, {whence}.", hit.evidence["source"].as_str().unwrap_or_default());
        hit.fact("attacking_network", attacker.to_string()).because(
            seen,
            format!("Within {days} days the passwords of many users of this org were tried from there or with the same client."),
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
        assert_eq!(came(4, "Firefox 115"), None, "too few");
        assert_eq!(came(12, "Safari 18"), None, "another client");
    }

    /// Comes with a client that is new for him.
    fn came_strange(world: &mut World, user: &str, minute: i64) -> Option<Severity> {
        let mut login = world.login(user, "198.19.200.9", minute);
        login.client.browser = "Firefox 115".into();
        severity(&world.see(login), &ABOUT)
    }

    #[test]
    fn who_hits_early_is_told_of_by_the_failures() {
        assert_eq!(came_strange(&mut sprayed(2), "ada", 9), None);
        assert_eq!(came_strange(&mut sprayed(3), "ada", 9), Some(Severity::High), "a stranger among failures");
        assert_eq!(came_strange(&mut sprayed(5), "newcomer", 9), None, "somebody without history");
        assert_eq!(came_strange(&mut sprayed(6), "newcomer", 9), Some(Severity::High));
        let told_by = |failures: i64| {
            let mut world = World::with_office_workers();
            came_strange(&mut world, "ada", 0);
            (0..failures).for_each(|n| drop(world.fail_from(&format!("worker{n}"), "198.19.200.9", 1 + n)));
            world.findings().into_iter().any(|f| f.user_id.is_some() && f.detections.iter().any(|d| d.id == ABOUT.id))
        };
        assert!(told_by(8) && !told_by(6), "six others had failed before the seventh");
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
