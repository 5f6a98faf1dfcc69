//! B11: a session is in use in one place while its user logs in at another, too far away.

use jiff::Timestamp;

use super::impossible_travel::{is_across_borders, least_distance};
use crate::detection::{About, Confidence, Detection, Family, Hit, LastSuccess, Sensor, Severity, Shown, View};
use crate::observation::{CountryCode, Login, Network, Session};

pub(crate) static ABOUT: About = About {
    id: "live-session-travel",
    row: "B11",
    title: "A session in use in one place, its user logging in at another",
    why: "Two logins can be explained by a VPN that was switched on between them. A session that is still being used \
          there when the login comes from here cannot: two people hold the account.",
    severity: Severity::High,
    confidence: Confidence::High,
    family: Family::Session,
    shown: Shown::SUCCESS.and(Shown::NEW_NETWORK),
    mitre: &["T1078", "T1539"],
    needs: &[Sensor::Logins, Sensor::Sessions, Sensor::Places],
    parameters: MEANINGS,
    quiet: &[
        "A login with the user's own client is `low`: a VPN was switched on or off while the session lived.",
        "Within one country, or through a carrier of phones, it is `medium`: a new phone comes out where its carrier does.",
        "A session of which only the network is known, not the client, is `medium`.",
        "Either network is the organisation's egress, or the user knows both.",
        "Salesforce records activity late: the time it records is a lower bound, so that an error can only miss one.",
    ],
};

parameters! {
    /// Nearer than this is not travel, in km, after all uncertainty is taken off.
    distance_km: f64 = 500.0,
    /// Faster than this is impossible, in km/h.
    speed_kmh: f64 = 900.0,
}

/// The detection.
#[derive(Debug)]
pub struct LiveSessionTravel(pub Parameters);

impl Detection for LiveSessionTravel {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|user| login.succeeded() && !user.held.is_empty())?;
        let (network, place) = (view.facts().network.filter(|_| view.is_new_network())?, login.place.as_ref()?);
        let live = user.held.iter().filter(|held| held.network != network && held.expires > login.time);
        let here = LastSuccess { time: login.time, login: login.id.clone(), place: place.clone(), network };
        let away = live.filter_map(|held| self.distance(view, &here, held.network, held.used));
        let (distance, there) = away.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
        let severity = match (view.is_new_client(), is_across_borders(login, there)) {
            (true, true) => Severity::High,
            // A new phone, whose carrier comes out elsewhere.
            (true, false) => Severity::Medium,
            // His own client is a VPN switched on or off while the session lives, not a second person.
            (false, _) => Severity::Low,
        };
        Some(self.hit(Hit::on_login(&ABOUT, severity, login), distance, &here.place.label()))
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let user = view.user().filter(|_| !crate::detection::is_temporary(session))?;
        let (network, last) = (session.source.network()?, user.last_success.as_ref()?);
        let knows_both = user.knows_network(network, last.time) && user.knows_network(last.network, last.time);
        if network == last.network || knows_both {
            return None;
        }
        let (distance, _) = self.distance(view, last, network, session.last_modified)?;
        Some(self.hit(Hit::on_session(&ABOUT, Severity::Medium, session), distance, &last.place.label()))
    }
}

impl LiveSessionTravel {
    /// The least distance from a login to a session's network, and the network's country, where nobody could have come so far
    /// between the two.
    fn distance(
        &self,
        view: &View<'_>,
        login: &LastSuccess,
        held: Network,
        used: Timestamp,
    ) -> Option<(f64, Option<CountryCode>)> {
        let there = view.network(held)?.places.first()?;
        if view.is_shared(held, used) || view.is_shared(login.network, login.time) {
            return None;
        }
        let distance = least_distance(view, login, there, held);
        let hours = used.duration_since(login.time).as_secs_f64().abs() / 3600.0;
        let is_impossible = distance >= self.0.distance_km && distance > self.0.speed_kmh * hours;
        is_impossible.then_some((distance, there.country))
    }

    fn hit(&self, hit: Hit, distance: f64, place: &str) -> Hit {
        hit.fact("least_distance_km", distance.round()).fact("login_place", place).because(
            format!("A session was in use at least {distance:.0} km from {place}, where its user logged in."),
            format!("Faster than {:.0} km/h is impossible, and neither network is the organisation's.", self.0.speed_kmh),
            "Had both networks been known for this user, or either been learned egress, it would not count.",
        )
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use jiff::SignedDuration;

    use super::*;
    use crate::detection::detections::world::{City, LAGOS, LYON, World, severity};
    use crate::observation::{Logout, Observation, SessionLogin};

    fn used_while_logged_in(session_from: &str, city: City, after: i64) -> Option<Severity> {
        used_at(LYON, session_from, city, after)
    }

    fn used_at(home: City, session_from: &str, city: City, after: i64) -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.succeed_at("bob", "198.18.50.7", home, -3000);
        world.succeed_at("bob", "198.18.1.7", LYON, -100);
        world.hits_of_session("bob", session_from, session_from, "UI", 0);
        let mut login = world.login_in("bob", "198.19.200.9", city, after);
        login.client.browser = "Firefox 115".into();
        severity(&world.see(login), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        used_while_logged_in("198.18.50.7", LAGOS, 20)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        used_while_logged_in("198.18.50.7", LYON, 20)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        used_while_logged_in("198.18.1.7", LAGOS, 20)
    }
    /// What is said of a login from far away while a session may live whose user has logged out `over` minutes after its use, and that was
    /// seen again `again` minutes after that.
    fn after_a_logout(key: &str, over: i64, again: Option<i64>) -> Option<Severity> {
        let mut world = World::with_office_workers();
        world.succeed_at("bob", "198.18.50.7", LYON, -3000);
        let mut login = world.login_in("bob", "198.18.1.7", LYON, -100);
        login.detail.login_key = "key".into();
        world.see(login.clone());
        let mut held = world.session("bob", "198.18.50.7", "198.18.50.7", "UI", 0);
        held.login = Some(SessionLogin { id: login.id.clone(), read: None });
        world.judge(Observation::Session(Box::new(held.clone())));
        let logout = Logout {
            id: "e1".to_owned(),
            time: held.last_modified + SignedDuration::from_mins(over),
            user_id: "bob".into(),
            login_key: key.into(),
        };
        // A delivery more says nothing more.
        for _ in 0..2 {
            assert!(world.judge(Observation::Logout(Box::new(logout.clone()))).is_empty());
        }
        if let Some(again) = again {
            held.last_modified = logout.time + SignedDuration::from_mins(again);
            world.judge(Observation::Session(Box::new(held)));
        }
        let mut far = world.login_in("bob", "198.19.200.9", LAGOS, 20);
        far.client.browser = "Firefox 115".into();
        severity(&world.see(far), &ABOUT)
    }

    #[test]
    fn a_session_whose_user_has_logged_out_is_in_use_no_more_unless_it_is_seen_again() {
        assert_eq!(after_a_logout("key", 5, None), None);
        assert_eq!(after_a_logout("another", 5, None), Some(Severity::High), "the key leads nowhere");
        assert_eq!(after_a_logout("key", -5, None), Some(Severity::High), "it was used after that");
        assert_eq!(after_a_logout("key", 5, Some(5)), Some(Severity::High), "it is alive");
    }

    #[test]
    fn a_new_phone_whose_carrier_comes_out_elsewhere_in_the_country_is_no_second_person() {
        const NICE: City = (43.7, 7.27, "FR", "Nice");
        const BREST: City = (48.39, -4.49, "FR", "Brest");
        assert_eq!(used_at(BREST, "198.18.50.7", NICE, 10), Some(Severity::Medium));
        assert_eq!(used_at(LYON, "198.18.50.7", LAGOS, 10), Some(Severity::High));
    }
}
