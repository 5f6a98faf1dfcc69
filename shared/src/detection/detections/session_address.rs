//! H1: a session is held from another address than its login came from.

use std::collections::HashSet;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use super::authenticator_country::country_of;
use crate::detection::{
    About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, UserProfile, View,
};
use crate::observation::{Network, Session, SessionLogin, Source};

pub(crate) static ABOUT: About = About {
    id: "session-address",
    row: "H1",
    title: "Session held from another address than its login",
    why: "A session that moves to a network of which its owner knows nothing was taken: by a proxy that sat in the \
          login, or by malware that copied a cookie. No password and no factor is asked again.",
    severity: Severity::High,
    confidence: Confidence::Medium,
    family: Family::Session,
    shown: Shown::NONE,
    mitre: &["T1539", "T1550.004"],
    needs: &[Sensor::Sessions, Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "A near network, one the user knows or colleagues share, and hand-over sessions of Salesforce’s own servers.",
        "An address of the other kind (IPv4 and IPv6) alone is weak: one machine uses both.",
        "A pool of networks that colleagues came from before, in a country the user knows, is weak: a phone’s hotspot. One colleague makes it `medium`: it may be his home.",
        "Where a data pack puts the address into the country of the login's network, and into a system that colleagues come through, it is `medium`: a laptop carried to a café.",
        "A user whose login itself came from a place that is new for him is on a journey, where sessions move on: `medium`.",
    ],
};

/// Users who make a pool of networks a carrier's.
const COLLEAGUES: usize = 2;

parameters! {
    /// Successes before a network can count as unknown to the user.
    logins: u64 = 10,
    /// Days after which the network that the login came from counts as one of the user's own.
    settled: i64 = 7,
    /// So many different days on it are often enough; with little history every fifth day.
    usual: i64 = 8,
}

/// The detection.
#[derive(Debug)]
pub struct SessionAddress(pub Parameters);

impl Detection for SessionAddress {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let user = view.user().filter(|user| user.successes >= self.0.logins)?;
        let login = session.login.as_ref()?;
        let (time, login_source) = login.read.as_ref()?;
        let held_from = session.source.network()?;
        // A reused session points to its newest login; the address may be that of its first.
        let first = session.first_login.as_ref().and_then(|first| first.read.as_ref()?.1.network());
        let is_where_it_began = first.is_some_and(|first| held_from.is_near(first));
        if session.is_temporary() || !session.has_moved() || is_where_it_began {
            return None;
        }
        let time = (*time).max(session.created);
        let settled = time - SignedDuration::from_hours(24);
        if user.knew_pool_by(held_from, settled) || view.is_shared(held_from, time) {
            return None;
        }
        // One machine reaches Salesforce over IPv4 and IPv6 in turn: an address of the other kind alone is weak.
        let both_kinds = session.source.address()?.is_ipv4() != login_source.address()?.is_ipv4();
        let colleagues = colleagues_at_home(view, user, held_from, time);
        let is_on_the_way = login_source.address().is_some_and(|from| !self.is_settled(view, user, from, time));
        let severity = if both_kinds || colleagues >= COLLEAGUES {
            Severity::Low
        } else if colleagues > 0 || is_on_the_way || is_around(view, session, login_source, time) {
            Severity::Medium
        } else {
            Severity::High
        };
        Some(hit(severity, session, login, login_source))
    }
}

impl SessionAddress {
    /// Whether the login's network is one that its user comes from for a while and often, or the organisation's. An hotel of
    /// last month is not.
    fn is_settled(&self, view: &View<'_>, user: &UserProfile, from: IpAddr, time: Timestamp) -> bool {
        let settled = time - SignedDuration::from_hours(24 * self.0.settled);
        let days = (user.days_of_history(time) / 5).clamp(1, self.0.usual) as u32;
        user.networks.is_known(&Network::of(from), days, settled) || view.is_egress(from, time)
    }
}

/// How many colleagues had come from a network's pool before the day before `time`, if it is in a country that this user had
/// come from: people take a session along to the hotspot of a carrier, whose networks everybody around them shares.
fn colleagues_at_home(view: &View<'_>, user: &UserProfile, network: Network, time: Timestamp) -> usize {
    let settled = time - SignedDuration::from_hours(24);
    let pool = network.pool_members().filter_map(|near| view.network(near));
    let known = pool.filter(|known| known.seen.is_some_and(|seen| seen.first() < settled));
    let (mut colleagues, mut is_at_home) = (HashSet::new(), false);
    for known in known {
        colleagues.extend(&known.users);
        let mut countries = known.places.iter().filter_map(|place| place.country);
        is_at_home |= countries.any(|country| user.countries.is_known(&country, 1, settled));
    }
    if is_at_home { colleagues.len() } else { 0 }
}

/// Whether a session is held in the country that its login came from, through a system that somebody of the organisation comes
/// through, as far as a data pack tells: a laptop was carried to a café nearby. Salesforce tells only where the login came from.
fn is_around(view: &View<'_>, session: &Session, login: &Source, time: Timestamp) -> bool {
    let Some(origin) = &session.origin else { return false };
    let home = login.network().and_then(|network| country_of(view, network));
    let is_at_home = origin.country.zip(home).is_some_and(|(held, home)| held == home);
    is_at_home && origin.asn.is_some_and(|asn| view.org().systems.knows(asn, time))
}

fn hit(severity: Severity, session: &Session, login: &SessionLogin, login_source: &Source) -> Hit {
    let idle = session.last_modified.duration_since(session.created).max(SignedDuration::ZERO);
    Hit::new(&ABOUT, severity, Subject::user(&session.user_id), Some(&session.user_id))
        .fact("session_source", session.source.to_string())
        .fact("login_source", login_source.to_string())
        .fact("session_type", session.session_type.clone())
        .fact("security_level", session.security_level.clone())
        .fact("in_use_minutes", idle.as_mins())
        .fact("login", login.id.as_str())
        .session(&session.id)
        .containable()
        .because(
            format!("A live session is held from {}; its login came from {login_source}.", session.source),
            "This user has not logged in from that network before, and colleagues do not share it."
                .to_owned(),
            "A network near the login's, known for this user or shared by colleagues would not count.",
        )
}

#[cfg(test)]
pub(crate) mod cases {
    use crate::observation::{CountryCode, Observation, Origin};
    use super::*;
    use crate::detection::detections::world::{LAGOS, LYON, World, severity};

    fn held(from: &str) -> Option<Severity> {
        let mut world = World::with_office_workers();
        severity(&world.hits_of_session("ada", from, "198.18.1.7", "UI", 5), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        held("198.19.200.9")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        held("198.18.2.9")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        held("2001:db8:77::9")
    }

    #[test]
    fn a_session_that_moved() {
        let mut world = World::with_office_workers();
        let hits = world.hits_of_session("ada", "198.19.200.9", "198.18.1.7", "UI", 5);
        assert_eq!(hits["session-address"].severity, Severity::High);
        assert_eq!(hits["session-address"].session_ids.len(), 1);
    }

    #[test]
    fn the_same_pool_a_known_network_or_a_hand_over_is_none() {
        let mut world = World::with_office_workers();
        assert!(world.hits_of_session("ada", "198.18.2.9", "198.18.1.7", "UI", 5).is_empty());
        assert!(world.hits_of_session("ada", "198.18.1.9", "198.19.200.9", "UI", 6).is_empty());
        assert!(world.hits_of_session("ada", "198.19.200.9", "198.18.1.7", "TempUIFrontdoor", 7).is_empty());
    }

    #[test]
    fn a_reused_session_may_be_held_where_it_began() {
        let mut world = World::with_office_workers();
        let mut reused = |first: &str, minute: i64| {
            let session = world.session("ada", "198.19.200.9", "198.18.1.7", "UI", minute);
            let read = session.login.as_ref().and_then(|login| login.read.clone());
            let read = read.map(|(time, _)| (time, Source::from(first)));
            let first_login = Some(SessionLogin { id: "login-w".into(), read });
            let hits = world.judge(Observation::Session(Box::new(Session { first_login, ..session })));
            hits.contains_key(ABOUT.id)
        };
        assert!(!reused("198.19.200.7", 5));
        assert!(reused("203.0.113.7", 6));
    }

    #[test]
    fn a_used_token_keeps_access_recent_that_was_seen_and_nobody_elses() {
        let mut world = World::with_office_workers();
        world.use_token("ada", "Data Loader", 1);
        assert!(world.findings().is_empty(), "a used token alone speaks against nobody");
        world.hits_of_session("ada", "198.19.200.9", "198.18.1.7", "UI", 5);
        let told = |world: &World| {
            let findings = world.findings();
            let finding = findings.iter().find(|finding| finding.user_id.is_some()).unwrap();
            (finding.last_seen, finding.version)
        };
        let (seen, version) = told(&world);
        world.use_token("bob", "Data Loader", 60);
        assert_eq!(told(&world), (seen, version));
        world.use_token("ada", "Data Loader", 60);
        assert_eq!(told(&world), (seen + SignedDuration::from_mins(53), version));
    }

    #[test]
    fn a_carrier_whose_networks_colleagues_share_is_weak_where_the_user_is_at_home() {
        let held_after = |days: i64, city, colleagues: &[&str]| {
            let mut world = World::with_office_workers();
            for (n, colleague) in colleagues.iter().enumerate() {
                world.succeed_at(colleague, &format!("198.19.20{n}.7"), city, 0);
            }
            let minute = days * 1_440;
            severity(&world.hits_of_session("ada", "198.19.200.9", "198.18.1.7", "UI", minute), &ABOUT)
        };
        assert_eq!(held_after(3, LYON, &["bob", "worker1"]), Some(Severity::Low));
        assert_eq!(held_after(3, LYON, &["bob"]), Some(Severity::Medium), "a colleague's home, or a phone");
        assert_eq!(held_after(3, LYON, &[]), Some(Severity::High));
        assert_eq!(held_after(3, LAGOS, &["bob"]), Some(Severity::High));
        assert_eq!(held_after(3, LAGOS, &["bob", "worker1"]), Some(Severity::High), "where ada has never been");
        assert_eq!(held_after(0, LYON, &["bob", "worker1"]), Some(Severity::High), "since this morning");
    }

    #[test]
    fn a_laptop_carried_to_a_cafe_nearby_is_weaker_than_a_session_abroad() {
        let held_in = |country: &str, asn: u32| {
            let mut world = World::with_office_workers();
            let origin = |country, asn| Some(Box::new(Origin { country, asn: Some(asn), ..Origin::default() }));
            let mut login = world.login("bob", "198.18.77.9", 0);
            login.detail.origin = origin(CountryCode::parse("FR"), 3215);
            world.see(login);
            let session = world.session("ada", "198.19.200.9", "198.18.1.7", "UI", 3 * 1_440);
            let session = Session { origin: origin(CountryCode::parse(country), asn), ..session };
            severity(&world.judge(Observation::Session(Box::new(session))), &ABOUT)
        };
        assert_eq!(held_in("FR", 3215), Some(Severity::Medium));
        assert_eq!(held_in("NG", 3215), Some(Severity::High));
        assert_eq!(held_in("FR", 64_496), Some(Severity::High), "which nobody comes through");
    }

    #[test]
    fn on_a_journey_sessions_move_on() {
        let held_after = |days: i64| {
            let mut world = World::with_office_workers();
            (0..days).for_each(|day| world.succeed_at("ada", "203.0.113.9", LYON, day * 1_440));
            severity(&world.hits_of_session("ada", "198.19.200.9", "203.0.113.7", "UI", 20 * 1_440), &ABOUT)
        };
        assert_eq!(held_after(3), Some(Severity::Medium), "a hotel");
        assert_eq!(held_after(12), Some(Severity::High), "a second home");
    }

    #[test]
    fn the_other_internet_protocol_alone_is_weak() {
        let mut world = World::with_office_workers();
        let hits = world.hits_of_session("ada", "2001:db8:77::9", "198.18.1.7", "UI", 5);
        assert_eq!(hits["session-address"].severity, Severity::Low);
    }

    /// Whoever comes twice in a day has not become usual.
    #[test]
    fn a_network_that_the_user_came_from_an_hour_ago_excuses_nobody() {
        let mut world = World::with_office_workers();
        world.succeed_at("ada", "198.19.200.9", LYON, 0);
        let hits = world.hits_of_session("ada", "198.19.200.9", "198.18.1.7", "UI", 60);
        assert_eq!(severity(&hits, &ABOUT), Some(Severity::High));
    }

    #[test]
    fn a_login_that_could_not_be_read_is_none() {
        let mut world = World::with_office_workers();
        let hits = world.hits_of_session("ada", "198.19.200.9", "", "UI", 5);
        assert!(!hits.contains_key("session-address"));
    }
}
