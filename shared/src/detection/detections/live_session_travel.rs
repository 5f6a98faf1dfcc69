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
    use super::*;
    use crate::detection::detections::world::{City, LAGOS, LYON, World, severity};

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
    #[test]
    fn a_new_phone_whose_carrier_comes_out_elsewhere_in_the_country_is_no_second_person() {
        const NICE: City = (43.7, 7.27, "FR", "Nice");
        const BREST: City = (48.39, -4.49, "FR", "Brest");
        assert_eq!(used_at(BREST, "198.18.50.7", NICE, 10), Some(Severity::Medium));
        assert_eq!(used_at(LYON, "198.18.50.7", LAGOS, 10), Some(Severity::High));
    }
}
