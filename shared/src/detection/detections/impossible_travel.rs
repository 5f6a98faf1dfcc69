//! B1 with B10: nobody travels that fast, even if geolocation errs.

use jiff::SignedDuration;
use crate::detection::{
    About, Confidence, Detection, Family, Hit, LastSuccess, Sensor, Severity, Shown, Subject, UserProfile, View,
};
use crate::observation::{CountryCode, Login, LoginId, Network, Place, ProviderKind};

pub(crate) static ABOUT: About = About {
    id: "impossible-travel",
    row: "B1, B10",
    title: "Two places, too far apart for the time between",
    why: "One account cannot be in two distant places at once: two people hold its credentials. Geolocation errs and \
          VPNs move people, so the distance counted is the least that every known uncertainty allows.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Place,
    shown: Shown::SUCCESS,
    mitre: &["T1078"],
    needs: &[Sensor::Logins, Sensor::Places],
    parameters: MEANINGS,
    quiet: &[
        "Either network is the organisation’s egress, declared or learned: colleagues come from there, nobody is there.",
        "The user knows both networks from other days: a VPN or a phone, not a twin.",
        "Geolocation that changes its mind: the distance is the least between any places either network was ever put in, less both radii.",
        "Within one country, or through a carrier of phones, it is `medium`: their customers come out anywhere.",
        "Accounts of programs: `integration-network` judges those.",
    ],
};

parameters! {
    /// Faster than this is impossible, in km/h: an airliner's ground speed.
    speed_kmh: f64 = 900.0,
    /// Nearer than this is not travel, in km, after all uncertainty is taken off.
    distance_km: f64 = 500.0,
    /// A previous place older than this says nothing.
    memory: SignedDuration = SignedDuration::from_hours(48),
}

/// The detection.
#[derive(Debug)]
pub struct ImpossibleTravel(pub Parameters);

impl Detection for ImpossibleTravel {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let user = view.user().filter(|_| login.succeeded())?;
        let last = user.last_success.as_ref()?;
        let (here, address) = (login.place.as_ref()?, login.source.address()?);
        let network = Network::of(address);
        let elapsed = login.time.duration_since(last.time);
        if network == last.network
            || elapsed > self.0.memory
            || elapsed.is_negative()
            || view.is_integration()
        {
            return None;
        }
        // A person who uses both networks on other days has a VPN or a phone, not a twin.
        if user.knows_network(network, login.time) && user.knows_network(last.network, login.time) {
            return None;
        }
        if view.is_egress(address, login.time) || view.is_shared(last.network, login.time) {
            return None;
        }
        let distance = least_distance(view, last, here, network);
        let hours = (elapsed.as_secs_f64() / 3600.0).max(1.0 / 60.0);
        let speed = distance / hours;
        let is_impossible = distance >= self.0.distance_km && speed > self.0.speed_kmh;
        let severity = if is_across_borders(login, last.place.country) { Severity::High } else { Severity::Medium };
        is_impossible.then(|| {
            let strange = strange_ones(user, last, login, network);
            self.hit(severity, last, login, here, distance, speed).logins(strange)
        })
    }
}

/// Of the two logins those from where this user had not come before: the other is his own, beside them.
fn strange_ones(user: &UserProfile, last: &LastSuccess, login: &Login, network: Network) -> Vec<LoginId> {
    let both = [(last.network, &last.login), (network, &login.id)];
    let is_known = both.map(|(network, _)| user.knows_network(network, login.time));
    let is_told = |place: usize| !is_known[place] || is_known[0] == is_known[1];
    (0..2).filter(|place| is_told(*place)).map(|place| both[place].1.clone()).collect()
}

/// Whether a login is known to come from another country than `there`, and through no carrier of phones. Carriers and VPNs
/// put their customers a thousand kilometres off every day, within a country more often than not; a carrier abroad
/// may be one's own, roaming.
pub(super) fn is_across_borders(login: &Login, there: Option<CountryCode>) -> bool {
    let is_carrier = login.detail.origin.as_ref().is_some_and(|origin| origin.kind == ProviderKind::Mobile);
    let here = login.place.as_ref().and_then(|place| place.country);
    !is_carrier && here.zip(there).is_some_and(|(here, there)| here != there)
}

/// The least distance between any place that either network has been put in.
pub(super) fn least_distance(view: &View<'_>, last: &LastSuccess, here: &Place, network: Network) -> f64 {
    let places = |network| view.network(network).map_or(&[][..], |known| &known.places);
    let (there, beside) = (places(last.network), places(network));
    let there = there.iter().chain([&last.place]);
    let pairs = there.flat_map(|a| beside.iter().chain([here]).map(move |b| a.least_distance_km(b)));
    pairs.fold(f64::INFINITY, f64::min)
}

impl ImpossibleTravel {
    fn hit(
        &self,
        severity: Severity,
        last: &LastSuccess,
        login: &Login,
        here: &Place,
        distance: f64,
        speed: f64,
    ) -> Hit {
        let user = login.user_id.as_ref();
        let subject = user.map_or_else(|| Subject::user(&"unknown".into()), Subject::user);
        let minutes = login.time.duration_since(last.time).as_mins();
        Hit::new(&ABOUT, severity, subject, user)
            .fact("from", last.place.label())
            .fact("to", here.label())
            .fact("least_distance_km", distance.round())
            .fact("minutes", minutes)
            .fact("least_speed_kmh", speed.round())
            .fact("source", login.source.to_string())
            .fact("from_login", last.login.as_str())
            .fact("to_login", login.id.as_str())
            .containable()
            .because(
                format!(
                    "A success from {} {minutes} minutes after one from {}: at least {distance:.0} km apart, \
                     {speed:.0} km/h.",
                    here.label(),
                    last.place.label()
                ),
                format!(
                    "Faster than {:.0} km/h is impossible; neither network is one that many colleagues use, and this \
                     user has not come from both before.",
                    self.0.speed_kmh
                ),
                "Had either network been the organisation's learned or declared egress, or both been known for this \
                 user, it would not count.",
            )
    }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{City, LAGOS, LYON, World, severity};
    use crate::observation::Origin;

    fn travelled(minutes: i64, through: Option<&str>) -> Option<Severity> {
        let mut world = World::with_office_workers();
        if let Some(egress) = through {
            world.learn_egress(egress, LAGOS);
        }
        world.succeed_at("ada", "198.18.50.7", LYON, 0);
        severity(&world.hits_at("ada", "198.19.200.9", LAGOS, minutes), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        travelled(30, None)
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        travelled(600, None)
    }

    pub(crate) fn quiet() -> Option<Severity> {
        travelled(30, Some("198.19.200.1"))
    }

    #[test]
    fn lyon_to_lagos_in_half_an_hour() {
        let mut world = World::with_office_workers();
        world.succeed_at("ada", "198.18.50.7", LYON, 0);
        let hits = world.hits_at("ada", "198.19.200.9", LAGOS, 30);
        assert_eq!(hits["impossible-travel"].severity, Severity::High);
        assert!(hits["impossible-travel"].evidence["least_distance_km"].as_f64().unwrap() > 3_800.0);
    }

    #[test]
    fn it_rests_on_the_strange_login_whichever_came_first() {
        let rests_on_last = |first: (&str, City), then: (&str, City)| {
            let mut world = World::with_office_workers();
            world.succeed_at("ada", "198.18.50.7", LYON, -4 * 1_440);
            world.succeed_at("ada", first.0, first.1, 0);
            let hit = world.hits_at("ada", then.0, then.1, 30).remove("impossible-travel").unwrap();
            assert_eq!(hit.login_ids.len(), 1);
            hit.evidence["from_login"] == *hit.login_ids[0].as_str()
        };
        let (own, strange) = (("198.18.50.7", LYON), ("198.19.200.9", LAGOS));
        assert_eq!((rests_on_last(own, strange), rests_on_last(strange, own)), (false, true));
    }

    #[test]
    fn within_a_country_or_through_a_carrier_it_is_weaker() {
        const NICE: City = (43.7, 7.27, "FR", "Nice");
        const BREST: City = (48.39, -4.49, "FR", "Brest");
        let came = |from: City, to: City, kind| {
            let mut world = World::with_office_workers();
            world.succeed_at("ada", "198.18.50.7", from, 0);
            let mut login = world.login_in("ada", "198.19.200.9", to, 10);
            login.detail.origin = Some(Box::new(Origin { kind, ..Origin::default() }));
            severity(&world.see(login), &ABOUT)
        };
        assert_eq!(came(BREST, NICE, ProviderKind::Other), Some(Severity::Medium));
        assert_eq!(came(LYON, LAGOS, ProviderKind::Mobile), Some(Severity::Medium));
        assert_eq!(came(LYON, LAGOS, ProviderKind::Other), Some(Severity::High));
    }

    #[test]
    fn back_from_declared_egress_is_no_travel() {
        let mut world = World::with_office_workers();
        world.under("egress: { declared: [198.18.77.0/24] }");
        world.succeed_at("ada", "198.18.77.1", LAGOS, 0);
        assert!(!world.hits_at("ada", "198.18.50.8", LYON, 9).contains_key("impossible-travel"));
    }

    #[test]
    fn a_flight_is_possible() {
        let mut world = World::with_office_workers();
        world.succeed_at("ada", "198.18.50.7", LYON, 0);
        assert!(!world.hits_at("ada", "198.19.200.9", LAGOS, 10 * 60).contains_key("impossible-travel"));
    }

    #[test]
    fn learned_egress_abroad_is_no_travel() {
        let mut world = World::with_office_workers();
        world.learn_egress("198.18.77.1", LAGOS);
        world.succeed_at("ada", "198.18.50.7", LYON, 0);
        assert!(!world.hits_at("ada", "198.18.77.1", LAGOS, 5).contains_key("impossible-travel"));
        assert!(!world.hits_at("ada", "198.18.50.8", LYON, 9).contains_key("impossible-travel"), "and back");
    }

    #[test]
    fn a_country_alone_is_too_uncertain_for_its_neighbour() {
        let mut world = World::with_office_workers();
        let country =
            |code: &str| Place::from_parts(None, crate::observation::CountryCode::parse(code), None);
        world.succeed_in("ada", "198.18.50.7", country("FR"), 0);
        assert!(!world.hits_in("ada", "198.19.200.9", country("PL"), 20).contains_key("impossible-travel"));
        assert!(world.hits_in("ada", "198.19.201.9", country("JP"), 40).contains_key("impossible-travel"));
    }
}
