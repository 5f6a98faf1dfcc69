//! C7: an integration is used from outside the networks it has always come from.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use crate::detection::{
    About, Attempt, Confidence, Detection, Familiar, Familiarity, Family, Hit, Sensor, Severity, Shown, UserProfile, View,
};
use crate::observation::{AccessPath, Login, Network, Outcome, Session};

pub(crate) static ABOUT: About = About {
    id: "integration-network",
    row: "C7",
    title: "Integration used from outside its networks",
    why: "A program logs in from the same few networks for months. Its token used from elsewhere is a stolen token: \
          the one lasting mark of supply-chain thefts, where every other field looks right.",
    severity: Severity::High,
    confidence: Confidence::High,
    family: Family::Network,
    shown: Shown::SUCCESS,
    mitre: &["T1528", "T1550.001"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "A network near a known one, the organisation’s egress, or one from which the same application serves others.",
        "A network that has taken the place of the known ones, as steadily as they were used, is weak: the vendor has moved. \
         A thief comes beside the vendor.",
        "A session held from where its login came: that login was judged.",
    ],
};

/// A program that comes less often than this a day is never said to have moved.
const DAILY: f64 = 4.0;
/// Logins that the known networks would have made by now. That all of them fail to come by chance happens once in e^3 (20) times,
/// were they as irregular as a Poisson process; programs are more regular.
const MISSED: f64 = 3.0;
/// Half as many logins show that a program has moved, however often it used to come.
const STEADY: f64 = 48.0;
/// Logins of the last day from a new place, beside the known ones, that are a vendor's trial.
const TRIALS: usize = 1;
/// Pauses between logins by which a program's pace is known.
const PAUSES: usize = 20;
/// A program that is silent for so many times its longest pause of the last day but one has fallen silent.
const FELL_SILENT: f64 = 1.5;
/// Those pauses span at least this long: a nightly program's longest is its day.
const AROUND_THE_CLOCK: SignedDuration = SignedDuration::from_hours(20);

parameters! {
    /// Successes, or sightings of sessions, before networks count as learned.
    logins: u64 = 30,
    /// Days of history before networks count as learned; an application's are learned once none was added for as long.
    days: i64 = 7,
    /// More networks than this is no fixed set, and the detection abstains.
    networks: usize = 12,
    /// Share of unattended logins, 0 to 1, that makes an account or application a program's.
    unattended: f64 = 0.95,
    /// Networks to which an application is bound, by its name: `{ "Acme Sync": [198.51.100.0/24] }`. Use from anywhere
    /// else is told, and what was learned does not matter.
    pinned: BTreeMap<String, Vec<IpNet>> = BTreeMap::new(),
}

/// The detection.
#[derive(Debug)]
pub struct IntegrationNetwork(pub Parameters);

/// The networks that something is bound to, and by what.
struct Contract<'a> {
    networks: &'a Familiar<Network>,
    /// Those of sessions.
    held_from: Option<&'a Familiar<Network>>,
    /// Networks that were first seen later broke the contract, and are no part of it.
    until: Timestamp,
    seen: u64,
    severity: Severity,
}

impl Detection for IntegrationNetwork {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let address = login.source.address().filter(|_| login.succeeded())?;
        let pinned = self.0.pinned.get(login.application.as_str()).map(Vec::as_slice);
        if let Some(pinned) = pinned.or_else(|| view.bound_to()) {
            let known = || pinned.iter().map(ToString::to_string).collect();
            let is_outside = !pinned.iter().any(|net| net.contains(&address));
            return is_outside.then(|| hit(Severity::High, login, known(), "The policy binds it to"));
        }
        let network = view.facts().network.filter(|_| view.facts().path.is_unattended())?;
        let of_application = self.of_application(view, login.time);
        let of_user = self.of_user(view, login.time);
        let contract = of_user.as_ref().or(of_application.as_ref())?;
        if contract.networks().any(|known| known.is_near(network)) || view.is_egress(address, login.time) {
            return None;
        }
        // The same vendor may serve other accounts from the new network already, unless it breaks the contract there, too.
        let day_ago = login.time - SignedDuration::from_hours(24);
        let application = view.logged_in_with();
        let breaks_both = of_application.as_ref().is_some_and(|contract| !contract.networks().any(|known| known == network));
        if !breaks_both && application.is_some_and(|known| known.networks.is_known(&network, 2, day_ago)) {
            return None;
        }
        let (listed, baseline) = contract.told();
        let has_moved = || view.user().is_some_and(|user| has_moved(user, network, login.time, view.facts().hour));
        let severity = if has_moved() { Severity::Low } else { contract.severity };
        Some(hit(severity, login, listed, &baseline))
    }

    /// All that is seen of a stolen token, where its use leaves no login.
    fn on_session(&self, view: &View<'_>, session: &Session) -> Option<Hit> {
        let (here, time) = (session.source.network()?, session.last_modified);
        let is_told_by_login = session.came_from().is_some_and(|from| from.is_near(here));
        if !view.is_integration() || !session.serves_programs() || is_told_by_login {
            return None;
        }
        if let Some(bound) = view.bound_to() {
            let address = session.source.address()?;
            let known = || bound.iter().map(ToString::to_string).collect();
            let is_outside = !bound.iter().any(|net| net.contains(&address));
            return is_outside.then(|| held(Severity::High, session, known(), "The policy binds it to"));
        }
        let contract = self.of_user(view, time)?;
        if contract.networks().any(|known| known.is_near(here)) || view.is_shared(here, time) {
            return None;
        }
        let (known, baseline) = contract.told();
        Some(held(contract.severity, session, known, &baseline))
    }
}

impl IntegrationNetwork {
    /// An account that a program uses has a learned, fixed set of networks. Where the refreshes of one that is known to be a
    /// program's leave no logins, its sessions show them; a person's telephone holds such sessions too.
    fn of_user<'a>(&self, view: &View<'a>, time: Timestamp) -> Option<Contract<'a>> {
        let user = view.user()?;
        let unattended: u64 = [AccessPath::OauthUnattended, AccessPath::Api]
            .iter()
            .filter_map(|path| user.paths.of(path))
            .map(|known| u64::from(known.count))
            .sum();
        let held_from = view.is_integration().then_some(&user.program_networks);
        let held = || held_from.into_iter().flat_map(Familiar::iter).map(|(_, known)| known);
        let (attended, sessions) = (user.successes - unattended.min(user.successes), held().map(|known| u64::from(known.count)));
        let seen = user.successes.max(sessions.sum());
        let first = held().map(Familiarity::first).chain(user.first_success).min()?;
        let is_bound = seen >= self.0.logins
            && time.duration_since(first).as_hours() / 24 >= self.0.days
            && user.networks.len().max(held().count()) <= self.0.networks
            && attended as f64 <= (1.0 - self.0.unattended) * seen as f64;
        let (networks, until, severity) = (&user.networks, Timestamp::MAX, Severity::High);
        is_bound.then_some(Contract { networks, held_from, until, seen, severity })
    }

    /// So has an application that only programs use, whoever's account it is used with. A network that comes while the others
    /// have long been settled breaks that, and does not become usual before it has settled itself; one that comes sooner is one
    /// of many that are still being added.
    fn of_application<'a>(&self, view: &View<'a>, time: Timestamp) -> Option<Contract<'a>> {
        let known = view.logged_in_with()?;
        let days = SignedDuration::from_hours(24 * self.0.days);
        let until = time - days;
        let firsts = || known.networks.iter().map(|(_, seen)| seen.first());
        let newest_settled = firsts().filter(|first| *first < until).max()?;
        let is_settled = firsts().filter(|first| *first >= until).all(|first| first - days >= newest_settled);
        let is_bound = is_settled
            && known.successes >= self.0.logins
            && known.networks.len() <= self.0.networks
            && known.unattended as f64 >= self.0.unattended * known.successes as f64;
        let (networks, seen) = (&known.networks, known.successes);
        is_bound.then_some(Contract { networks, held_from: None, until, seen, severity: Severity::Medium })
    }
}

impl Contract<'_> {
    fn networks(&self) -> impl Iterator<Item = Network> {
        let all = self.networks.iter().chain(self.held_from.into_iter().flat_map(Familiar::iter));
        all.filter(|(_, seen)| seen.first() < self.until).map(|(network, _)| *network)
    }

    /// The networks as they are shown, and how they are introduced.
    fn told(&self) -> (Vec<String>, String) {
        let each: BTreeSet<_> = self.networks().collect();
        let known = each.iter().map(ToString::to_string).collect();
        (known, format!("It was seen {} times, and only from", self.seen))
    }
}

/// Whether a program has come from `network` alone for so long that the known ones are silent for another reason than chance. A
/// vendor tries the new place before it moves, once; who came oftener beside it, or when it still tries from elsewhere, is a thief.
fn has_moved(user: &UserProfile, network: Network, time: Timestamp, hour: usize) -> bool {
    let Some(heard) = user.networks.iter().map(|(_, known)| known.last()).max() else { return false };
    let is_there = |attempt: &&Attempt| attempt.network.is_some_and(|from| from.is_near(network));
    let (there, elsewhere): (Vec<_>, Vec<_>) = user.attempts.iter().partition(is_there);
    let (beside, since): (Vec<_>, Vec<_>) = succeeded(&there).partition(|came| *came <= heard);
    let Some(first) = since.first() else { return false };
    let still_tries = elsewhere.iter().any(|attempt| attempt.time > *first);
    let came = 1.0 + since.len() as f64;
    beside.len() <= TRIALS
        && !still_tries
        && (has_missed(user, *first, time, hour, came) || broke_its_pace(succeeded(&elsewhere), time, came))
}

fn succeeded(attempts: &[&Attempt]) -> impl Iterator<Item = Timestamp> {
    attempts.iter().filter(|attempt| attempt.outcome == Outcome::Success).map(|attempt| attempt.time)
}

/// At its usual hours and pace it would have been heard [`MISSED`] times from the known networks since it first came from the other
/// alone, and came as often from there. Whoever comes to a nightly program's account by day waits for the night.
fn has_missed(user: &UserProfile, since: Timestamp, time: Timestamp, hour: usize, came: f64) -> bool {
    let a_day = user.successes as f64 / user.days_of_history(time).max(1) as f64;
    let hours = usize::try_from(time.duration_since(since).as_hours()).unwrap_or_default();
    let missed = a_day * user.hours.share_before(hour, hours);
    a_day >= DAILY && missed >= MISSED && came >= missed.min(STEADY) / 2.0
}

/// Whether the logins of the last day, in their order, came around the clock and steadily, and then ended, while others came as often. One
/// pause is forgiven, as of a restart. Of an irregular program's pauses one in thirty is as long, of a steady one's none.
fn broke_its_pace(logins: impl Iterator<Item = Timestamp>, time: Timestamp, came: f64) -> bool {
    let times: Vec<_> = logins.collect();
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return false };
    let mut pauses: Vec<_> = times.windows(2).map(|pair| pair[1].duration_since(pair[0])).collect();
    pauses.sort_unstable();
    let usual = pauses.iter().rev().nth(1).filter(|_| pauses.len() >= PAUSES);
    let is_around_the_clock = last.duration_since(*first) >= AROUND_THE_CLOCK;
    let silent = usual.map_or(0.0, |usual| time.duration_since(*last).as_secs_f64() / usual.as_secs_f64().max(1.0));
    is_around_the_clock && silent > FELL_SILENT && came >= silent / 2.0
}

fn hit(severity: Severity, login: &Login, known: Vec<String>, baseline: &str) -> Hit {
    let baseline = format!("{baseline} {}.", known.join(", "));
    Hit::on_login(&ABOUT, severity, login)
        .fact("application", login.application.as_str())
        .fact("known_networks", known)
        .fact("grant", login.login_sub_type.as_str())
        .because(
            format!("The integration {} was used from {}.", quoted(&login.application), login.source),
            baseline,
            "From a network near one of these, or from the organisation's egress, it would not count.",
        )
}

fn held(severity: Severity, session: &Session, known: Vec<String>, baseline: &str) -> Hit {
    let baseline = format!("{baseline} {}.", known.join(", "));
    Hit::on_session(&ABOUT, severity, session).fact("known_networks", known).because(
        format!("A program's session is held from {}, and no login of it came from there.", session.source),
        baseline,
        "A network near one of these, or one that colleagues share, would not count.",
    )
}

fn quoted(name: &str) -> String {
    if name.is_empty() { "account".to_owned() } else { format!("“{name}”") }
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::detections::world::{World, severity};

    fn used_from(address: &str) -> Option<Severity> {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        severity(&world.hits_of_refresh("sync", "Acme Sync", address, 5), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        used_from("198.19.200.9")
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        used_from("198.18.90.99")
    }

    pub(crate) fn quiet() -> Option<Severity> {
        used_from("198.18.91.1")
    }

    #[test]
    fn a_token_used_from_elsewhere() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        let hits = world.hits_of_refresh("sync", "Acme Sync", "198.19.200.9", 5);
        assert_eq!(hits["integration-network"].severity, Severity::High);
        assert_eq!(hits["integration-network"].evidence["known_networks"][0], "198.18.90.0/24");
    }

    /// The policy knows the account for a program's.
    fn declared(world: &mut World, networks: &str) {
        world.account("sync", "");
        world.state.users.get_mut(&"sync".into()).unwrap().username = "sync@acme.example".into();
        world.under(&format!("integrations: [{{ user: sync@acme.example{networks} }}]"));
    }

    #[test]
    fn a_session_outside_the_networks_that_the_policy_binds_it_to_is_told_whatever_was_learned() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        declared(&mut world, ", networks: [203.0.113.0/24]");
        let mut held = |address: &str, minute: i64| {
            severity(&world.hits_of_session("sync", address, "", "Oauth2", minute), &ABOUT)
        };
        assert_eq!(held("203.0.113.4", 5), None, "declared, though never seen");
        assert_eq!(held("198.18.90.10", 6), Some(Severity::High), "seen, and not declared");
    }

    #[test]
    fn a_person_whose_telephone_leaves_no_logins_is_no_program() {
        let mut world = World::with_office_workers();
        for hour in 1..=9 * 24 {
            world.hits_of_session("ada", "198.18.1.7", "", "Oauth2", hour * 60 - 60 * 24 * 9);
        }
        let hits = world.hits_of_session("ada", "198.19.77.9", "", "Oauth2", 5);
        assert_eq!(severity(&hits, &ABOUT), None);
    }

    #[test]
    fn a_token_whose_use_leaves_no_login_is_seen_by_where_its_session_is_held() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        declared(&mut world, "");
        let mut held = |address: &str, login: &str, kind: &str, minute: i64| {
            severity(&world.hits_of_session("sync", address, login, kind, minute), &ABOUT)
        };
        assert_eq!(held("198.18.90.12", "", "Oauth2", 5), None);
        assert_eq!(held("198.19.200.9", "198.19.200.7", "Oauth2", 6), None, "its login is judged");
        assert_eq!(held("198.19.200.9", "", "UI", 7), None, "`role-break` judges that");
        assert_eq!(held("198.19.200.9", "", "Oauth2", 8), Some(Severity::High));
        assert_eq!(held("198.19.200.9", "", "Oauth2", 9), Some(Severity::High), "a thief's session teaches nothing");
    }

    #[test]
    fn an_integration_that_leaves_no_logins_at_all_is_bound_by_its_sessions() {
        let mut world = World::with_office_workers();
        declared(&mut world, "");
        let mut held = |address: &str, minute: i64| {
            severity(&world.hits_of_session("sync", address, "", "Oauth2", minute), &ABOUT)
        };
        assert_eq!(held("198.19.200.9", -60 * 24 * 9 - 1), None, "nothing is known yet");
        for twice in 1..=9 * 12 {
            held("198.18.90.10", twice * 120 - 60 * 24 * 9);
        }
        assert_eq!(held("198.19.77.9", 5), Some(Severity::High));
        assert_eq!(held("198.18.90.11", 6), None);
    }

    #[test]
    fn a_vendor_that_has_moved_is_weak_and_a_thief_beside_it_is_not() {
        let severities = |vendor_goes_on: bool| -> Vec<_> {
            let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
            let mut hour = |hour: i64| {
                if vendor_goes_on {
                    world.hits_of_refresh("sync", "Acme Sync", "198.18.90.10", hour * 60 + 20);
                }
                severity(&world.hits_of_refresh("sync", "Acme Sync", "198.19.200.9", hour * 60 + 30), &ABOUT)
            };
            (0..30).map(&mut hour).collect()
        };
        let (moved, stolen) = (severities(false), severities(true));
        assert_eq!(moved[..3], [Some(Severity::High), Some(Severity::Low), None], "{moved:?}");
        assert_eq!(moved[29], None, "known by now");
        assert_eq!(stolen, [Some(Severity::High); 30]);
    }

    #[test]
    fn a_thief_beside_a_vendor_that_fails_for_a_while_or_is_locked_out_stays_one() {
        for locked_out in [false, true] {
            let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
            let mut hour = |hour: i64| {
                if !(12..=16).contains(&hour) {
                    world.hits_of_refresh("sync", "Acme Sync", "198.18.90.10", hour * 60 + 20);
                } else if locked_out {
                    world.fail_from("sync", "198.18.90.10", hour * 60 + 20);
                }
                severity(&world.hits_of_refresh("sync", "Acme Sync", "198.19.200.9", hour * 60 + 30), &ABOUT)
            };
            let told: Vec<_> = (if locked_out { 12 } else { 0 }..30).map(&mut hour).collect();
            assert!(told.iter().all(|one| *one == Some(Severity::High)), "{locked_out}: {told:?}");
        }
    }

    #[test]
    fn a_thief_by_day_is_told_from_a_nightly_program_that_has_moved() {
        let mut world = World::with_nightly_integration("sync", "Acme Sync", "198.18.90.10");
        let mut came = |minute: i64| severity(&world.hits_of_refresh("sync", "Acme Sync", "198.19.200.9", minute), &ABOUT);
        let by_day: Vec<_> = (0..18).map(|half| came(half * 30)).collect();
        assert_eq!(by_day, [Some(Severity::High); 18], "while it is silent anyway");
    }

    #[test]
    fn its_own_or_a_near_network_is_none() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        assert!(world.hits_of_refresh("sync", "Acme Sync", "198.18.90.99", 5).is_empty());
        assert!(world.hits_of_refresh("sync", "Acme Sync", "198.18.91.1", 6).is_empty());
    }

    #[test]
    fn two_attacks_on_one_account_in_one_batch_are_two_findings() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        world.refresh_in_one_batch("sync", "Acme Sync", "198.19.200.9", &[5, 9, 60 * 60, 60 * 60 + 3]);
        let mut findings = world.findings();
        findings.sort_by_key(|finding| finding.first_seen);
        assert_eq!(findings.iter().map(|f| f.totals.login_ids).collect::<Vec<_>>(), [2, 2]);
        world.refresh_in_one_batch("sync", "Acme Sync", "198.19.200.9", &[62 * 60]);
        let again = world.findings().into_iter().find(|f| f.totals.login_ids == 3).unwrap();
        assert_eq!((again.version, &again.finding_id), (2, &findings[1].finding_id), "access again is news");
    }

    #[test]
    fn a_new_account_is_bound_by_its_application() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        let hits = world.hits_of_refresh("ada", "Acme Sync", "198.19.200.9", 5);
        assert_eq!(severity(&hits, &ABOUT), Some(Severity::Medium));
    }

    #[test]
    fn a_thief_who_broke_the_contract_with_one_account_is_told_from_the_application_for_a_week() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        let mut used = |user: &str, address: &str, hour: i64| {
            severity(&world.hits_of_refresh(user, "Acme Sync", address, hour * 60 + 5), &ABOUT)
        };
        assert_eq!(used("ada", "198.19.200.9", 0), Some(Severity::Medium));
        assert_eq!(used("bob", "198.19.90.9", 1), Some(Severity::Medium), "another thief");
        assert_eq!(used("ada", "198.19.200.9", 30), Some(Severity::Medium), "on the second day");
        assert_eq!(used("sync", "198.19.200.9", 54), Some(Severity::High), "on the third, as the program itself");
        assert_eq!(used("ada", "198.19.200.9", 8 * 24), None, "settled");
    }

    #[test]
    fn the_policy_binds_an_account_whatever_was_learned() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        world.account("sync", "");
        world.state.users.get_mut(&"sync".into()).unwrap().username = "sync@acme.example".into();
        world.under("integrations: [{ user: sync@acme.example, networks: [203.0.113.0/24] }]");
        let hits = world.hits_of_refresh("sync", "Acme Sync", "198.18.90.10", 5);
        assert_eq!(severity(&hits, &ABOUT), Some(Severity::High));
        let hits = world.hits_of_refresh("sync", "Acme Sync", "203.0.113.4", 6);
        assert_eq!(severity(&hits, &ABOUT), None, "declared, though never seen");
    }

    #[test]
    fn the_policy_binds_an_application_whatever_was_learned() {
        let mut world = World::with_integration("sync", "Acme Sync", "198.18.90.10");
        world.under("detections: { integration-network: { parameters: { pinned: { Acme Sync: [198.51.100.0/24] } } } }");
        let outside = severity(&world.hits_of_refresh("sync", "Acme Sync", "198.18.90.10", 5), &ABOUT);
        let inside = severity(&world.hits_of_refresh("sync", "Acme Sync", "198.51.100.7", 6), &ABOUT);
        assert_eq!((outside, inside), (Some(Severity::High), None));
    }

    #[test]
    fn a_person_has_no_such_contract() {
        let mut world = World::with_office_workers();
        assert!(!world.hits_of_success("ada", "198.19.200.9", 5).contains_key("integration-network"));
    }
}
