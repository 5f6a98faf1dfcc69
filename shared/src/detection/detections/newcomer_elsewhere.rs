//! G3: a new account is used from where nobody of the org is.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use crate::observation::{CountryCode, Login};

pub(crate) static ABOUT: About = About {
    id: "newcomer-elsewhere",
    row: "G3",
    title: "A new account used from where nobody of the org is",
    why: "A user without history cannot be judged by himself, so he is judged by the others. An account that an \
          attacker makes for himself is new, too.",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    family: Family::Place,
    shown: Shown::SUCCESS,
    mitre: &["T1078", "T1136"],
    needs: &[Sensor::Logins, Sensor::Places],
    parameters: MEANINGS,
    quiet: &[
        "Users of the same profile, role or country have come from there; where no such group is known, any colleague.",
        "An account in its first weeks, or in use, is `info`: people are hired everywhere. So is a country that only others of the org come from.",
    ],
};

parameters! {
    /// Fewer successes than this make an account new.
    logins: u64 = 10,
    /// Days without a use after which an account without history is no newcomer but a sleeper.
    asleep: i64 = 45,
    /// Successes in the org's history before a country can be new.
    successes: u32 = 500,
    /// Successes of a group of peers before it tells where they come from.
    peers: u64 = 100,
}

/// The detection.
#[derive(Debug)]
pub struct NewcomerElsewhere(pub Parameters);

impl Detection for NewcomerElsewhere {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let (org, country) = (view.org(), view.facts().country.filter(|_| login.succeeded())?);
        let address = login.source.address()?;
        let successes = view.user().map_or(0, |user| user.successes);
        let is_new = successes < self.0.logins && org.successes() >= self.0.successes;
        if !is_new || view.is_egress(address, login.time) || self.is_peers(view, country) {
            return None;
        }
        let is_nobodys = org.countries.of(&country).is_none();
        let is_asleep = view.days_unused(login.time).is_some_and(|days| days >= self.0.asleep);
        let severity = if is_asleep && is_nobodys { Severity::Medium } else { Severity::Info };
        let hit = Hit::on_login(&ABOUT, severity, login).fact("country", country.to_string());
        Some(hit.because(
            format!("A success from {country} with an account that has {successes} before it."),
            if is_nobodys {
                format!("In {} successes nobody of this org came from there.", org.successes())
            } else {
                "Colleagues have come from there, and none of the same profile, role or country.".to_owned()
            },
            "A country that users of the same profile, role or country have come from would not count.",
        ))
    }
}

impl NewcomerElsewhere {
    /// Whether those who are like the account's user come from a country; whether anybody of the org does, where nobody is known
    /// to be like him.
    fn is_peers(&self, view: &View<'_>, country: CountryCode) -> bool {
        let mut groups = view.peers_countries().filter(|of| of.total() >= self.0.peers).peekable();
        if groups.peek().is_none() {
            return view.org().countries.of(&country).is_some();
        }
        groups.any(|of| of.of(&country).is_some())
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{City, LAGOS, LYON, World, severity};

    fn came(user: &str, city: City, egress: bool) -> Option<Severity> {
        let mut world = World::with_office_workers();
        if egress {
            world.learn_egress("198.19.200.1", LAGOS);
        }
        severity(&world.hits_at(user, "198.19.200.9", city, 5), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        came("eve", LAGOS, false)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        came("eve", LYON, false)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        came("eve", LAGOS, true)
    }

    #[test]
    fn a_country_of_the_org_that_none_of_his_kind_comes_from_is_told_and_no_more() {
        let came = |profile: &str| {
            let mut world = World::with_office_workers();
            for worker in (0..10).map(|n| format!("worker{n}")).chain(["bob".to_owned()]) {
                world.account(&worker, "Sales");
            }
            for minute in 1..=40 {
                for worker in ["worker0", "worker1", "worker2"] {
                    world.succeed_at(worker, "198.18.1.7", LYON, minute - 10_000);
                }
            }
            world.account("carl", "Service");
            world.succeed_at("carl", "198.19.77.9", LAGOS, -5_000);
            world.account("eve", profile);
            severity(&world.hits_at("eve", "198.19.200.9", LAGOS, 5), &ABOUT)
        };
        assert_eq!(came("Sales"), Some(Severity::Info), "sellers sit in Lyon");
        assert_eq!(came("Service"), None, "of whom too little is known");
    }

    #[test]
    fn an_old_account_that_nobody_used_is_no_newcomer() {
        let mut world = World::with_office_workers();
        let login = world.login_in("eve", "198.19.200.9", LAGOS, 5);
        world.account("eve", "");
        let account = world.state.users.get_mut(&"eve".into()).unwrap();
        account.details.created = Some(login.time - jiff::SignedDuration::from_hours(24 * 400));
        let hits = world.see(login);
        assert_eq!(severity(&hits, &ABOUT), Some(Severity::Medium));
        assert!(hits.contains_key("dormant-account"), "two families speak");
    }
}
