//! A1: passwords were guessed until one was right.

use jiff::SignedDuration;
use crate::detection::{
    About, Confidence, Detection, Family, Hit, Known, Sensor, Severity, Shown, Subject, View,
};
use crate::observation::{Login, LoginId};

pub(crate) static ABOUT: About = About {
    id: "brute-force-success",
    row: "A1",
    title: "Password guessed until it was right",
    why: "A burst of wrong passwords that ends in a success is how guessing, stuffing and spraying look when they \
          work. From that moment the attacker holds a session.",
    severity: Severity::High,
    confidence: Confidence::High,
    family: Family::Credential,
    shown: Shown::SUCCESS,
    mitre: &["T1110.001", "T1078"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "The owner at his own desk, with his own client: he mistyped, or logged in while somebody else was guessing.",
        "The owner's own client from a network that is new for him, in a country he knows, is `medium` after a few wrong passwords: he mistyped on a journey.",
        "Guesses from elsewhere than the success weigh `medium` at most: whoever guesses does not choose that the owner is frozen when he next travels.",
    ],
};

parameters! {
    /// Wrong passwords that make a burst. Other failures do not count: they are not guesses.
    failures: usize = 5,
    /// With the owner's own client more wrong passwords than this are no mistyping: Salesforce locks an account after ten, unless
    /// told otherwise.
    mistyped: usize = 9,
    /// They and the success lie within this.
    window: SignedDuration = SignedDuration::from_mins(15),
}

/// The detection.
#[derive(Debug)]
pub struct BruteForceSuccess(pub Parameters);

impl Detection for BruteForceSuccess {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|_| login.succeeded())?;
        let burst: Vec<_> = user.guesses(login.time - self.0.window, login.time).collect();
        if burst.len() < self.0.failures {
            return None;
        }
        let network = login.source.network();
        let from_success =
            burst.iter().filter(|guess| guess.network.is_some() && guess.network == network).count();
        let is_egress = login.source.address().is_some_and(|address| view.is_egress(address, login.time));
        let knows_network = view.facts().knows_network == Known::Yes || is_egress;
        let knows_client = user.knows_client(login);
        let may_be_mistyping = burst.len() <= self.0.mistyped && !view.is_new_country();
        let severity = match (knows_network, knows_client) {
            // The owner at his own desk: he mistyped, or he logged in while somebody else was guessing.
            (true, true) => return None,
            (true, false) => Severity::Medium,
            // Whoever guesses elsewhere does not choose that the owner is frozen when he next travels.
            (false, _) if from_success == 0 => Severity::Medium,
            (false, true) if may_be_mistyping => Severity::Medium,
            (false, _) => Severity::High,
        };
        let logins = burst.iter().map(|guess| guess.login.clone()).chain([login.id.clone()]);
        Some(self.hit(severity, login, burst.len(), from_success, logins))
    }
}

impl BruteForceSuccess {
    fn hit(
        &self,
        severity: Severity,
        login: &Login,
        failures: usize,
        same_network: usize,
        logins: impl Iterator<Item = LoginId>,
    ) -> Hit {
        let user = login.user_id.as_ref();
        let subject = user.map_or_else(|| Subject::user(&"unknown".into()), Subject::user);
        let minutes = self.0.window.as_mins();
        Hit::new(&ABOUT, severity, subject, user)
            .fact("failures", failures)
            .fact("failures_from_the_same_network", same_network)
            .fact("window_minutes", minutes)
            .fact("source", login.source.to_string())
            .fact("client", login.client.family().to_string())
            .logins(logins)
            .containable()
            .because(
                format!("{failures} wrong passwords within {minutes} minutes, then a success from {}.", login.source),
                format!(
                    "The success came from a network that this user had not used before that day, or with a client \
                     that is new to him; {same_network} of the wrong passwords came from the same network."
                ),
                "From a network and client known for this user it would have counted as mistyping.",
            )
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn guessed(failures: i64, from: &str, then_from: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        (0..failures).for_each(|minute| drop(world.fail_from("ada", from, minute)));
        severity(&world.hits_of_success("ada", then_from, failures + 1), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        guessed(12, "198.19.200.9", "198.19.200.9")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        guessed(4, "198.19.200.9", "198.19.200.9")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        guessed(6, "198.18.1.7", "198.18.1.7")
    }

    #[test]
    fn the_owner_mistyping_on_a_journey_at_the_office_or_where_his_line_has_moved_is_no_takeover() {
        assert_eq!(guessed(6, "198.19.200.9", "198.19.200.9"), Some(Severity::Medium), "a hotel");
        assert_eq!(guessed(12, "198.19.200.9", "198.19.200.9"), Some(Severity::High), "nobody mistypes so often");
        assert_eq!(guessed(6, "198.18.2.7", "198.18.2.7"), None, "near his own");
        let mut world = World::with_office_workers();
        (0..6).for_each(|minute| drop(world.fail_from("newhire", "198.18.1.7", minute)));
        let hits = world.hits_of_success("newhire", "198.18.1.7", 7);
        assert_eq!(severity(&hits, &ABOUT), Some(Severity::Medium), "with a client that is new to him");
    }

    #[test]
    fn guesses_from_elsewhere_that_succeed() {
        let mut world = World::with_office_workers();
        for minute in 0..6 {
            world.fail_from("ada", "198.19.200.9", minute);
        }
        let mut login = world.login("ada", "198.19.200.9", 7);
        login.client.browser = "Firefox 115".into();
        let hits = world.see(login);
        assert_eq!(hits["brute-force-success"].severity, Severity::High);
        assert_eq!(hits["brute-force-success"].login_ids.len(), 7);
        assert_eq!(hits["brute-force-success"].evidence["failures"], 6);
    }

    #[test]
    fn the_owner_mistyping_at_his_desk_is_none() {
        let mut world = World::with_office_workers();
        for minute in 0..8 {
            world.fail_from("ada", "198.18.1.7", minute);
        }
        assert!(!world.hits_of_success("ada", "198.18.1.7", 9).contains_key("brute-force-success"));
    }

    #[test]
    fn four_failures_or_an_old_burst_are_none() {
        let mut world = World::with_office_workers();
        for minute in 0..4 {
            world.fail_from("ada", "198.19.200.9", minute);
        }
        assert!(!world.hits_of_success("ada", "198.19.200.9", 5).contains_key("brute-force-success"));
        for minute in 6..12 {
            world.fail_from("ada", "198.19.200.9", minute);
        }
        assert!(!world.hits_of_success("ada", "198.19.200.9", 40).contains_key("brute-force-success"));
    }

    #[test]
    fn guesses_from_elsewhere_and_the_owner_on_a_journey_are_no_takeover() {
        let mut world = World::with_office_workers();
        for minute in 0..6 {
            world.fail_from("ada", "198.19.200.9", minute);
        }
        let hits = world.hits_of_success("ada", "198.18.140.9", 7);
        assert_eq!(hits["brute-force-success"].severity, Severity::Medium);
    }

    #[test]
    fn failures_after_a_success_that_appears_late_are_no_burst_before_it() {
        let mut world = World::with_office_workers();
        for minute in 20..27 {
            world.fail_from("ada", "198.19.200.9", minute);
        }
        world.fail_from("bob", "198.18.1.7", 60);
        assert!(!world.hits_of_success("ada", "198.19.200.9", 10).contains_key("brute-force-success"));
    }

    #[test]
    fn order_matters() {
        let mut world = World::with_office_workers();
        assert!(!world.hits_of_success("ada", "198.19.200.9", 1).contains_key("brute-force-success"));
        for minute in 2..9 {
            world.fail_from("ada", "198.19.200.9", minute);
        }
        assert!(world.findings().iter().all(|f| f.detections.iter().all(|d| d.id != "brute-force-success")));
    }
}
