//! What is usual for the org as a whole.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Systems;
use super::recent::note;
use crate::detection::crowd::mark;
use crate::detection::facts::Facts;
use crate::detection::{Calibration, Crowd, Familiar, Familiarity, Moment, Spot};
use crate::observation::{
    AccessPath, ClientFamily, CountryCode, Login, Network, Observation, Outcome, Text, User, UserId,
    is_same_name,
};

/// Password logins older than this say nothing about an outage of single sign-on.
const PASSWORD_MEMORY: SignedDuration = SignedDuration::from_hours(1);
/// Password logins kept.
const PASSWORDS: usize = 64;
/// Hostile networks kept, the newest.
const HOSTILE: usize = 64;
/// Fingerprints kept; the one seen longest ago gives way.
const FINGERPRINTS: usize = 48;
/// Peer groups of a kind that are kept; an org with more judges the users of the others by the org.
const GROUPS: usize = 24;
/// Countries whose visitors are kept.
const COUNTRIES: usize = 48;
/// Characters of a name that are kept.
const NAME: usize = 64;

/// What is usual for the org as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrgProfile {
    /// Observations folded in.
    pub observations: u64,
    /// Logins folded in.
    pub logins: u64,
    /// Identity verifications folded in.
    pub verifications: u64,
    /// Successes by day.
    pub seen: Option<Familiarity>,
    /// Who logged in with a password within the last hour, oldest first.
    pub passwords: VecDeque<(Timestamp, UserId)>,
    /// Networks that attacked the org, and when last.
    pub hostile: Vec<(Network, Timestamp)>,
    /// Who does what with one kind of client.
    pub fingerprints: BTreeMap<u32, Fingerprint>,
    /// Who was locked out lately.
    pub locked: Crowd<48>,
    /// Countries of successes.
    pub countries: Familiar<CountryCode>,
    /// Who was in which country lately.
    pub visitors: BTreeMap<CountryCode, Crowd<8>>,
    /// Applications of successes.
    pub applications: Familiar<Text>,
    /// Login types and sub-types of successes.
    pub grants: Familiar<Text>,
    /// Identity providers of successes.
    pub providers: Familiar<Text>,
    /// TLS version and cipher of successes, as marks, with who used them lately.
    pub ciphers: BTreeMap<u32, Crowd<16>>,
    /// What users of one profile do.
    pub groups: BTreeMap<String, PeerGroup>,
    /// What users of one role do.
    pub roles: BTreeMap<String, PeerGroup>,
    /// Countries of successes of users whose address is in one country.
    pub homes: BTreeMap<String, Familiar<CountryCode>>,
    /// Client families of successes.
    pub clients: Familiar<ClientFamily>,
    /// Providers of successes.
    #[serde(skip_serializing_if = "Systems::is_empty")]
    pub systems: Systems,
    /// How unlikely the org's own logins are.
    pub calibration: Calibration,
}

/// Who does what with one kind of client: TLS, cipher, browser family and platform together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fingerprint {
    /// Users for whom guesses failed with it from networks they do not know, and who have not come in with it since.
    pub failing: Crowd<24>,
    /// From where.
    pub networks: Crowd<24>,
    /// Users who came in with it, though client and network were new for them.
    pub strangers: Crowd<16>,
    /// Users who came in with it.
    pub users: Crowd<24>,
}

/// What users of one profile or one role do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PeerGroup {
    /// Successes.
    pub successes: u64,
    /// Countries of successes.
    pub countries: Familiar<CountryCode>,
    /// Applications of successes.
    pub applications: Familiar<Text>,
}

impl OrgProfile {
    pub(super) fn count(&mut self, observation: &Observation) {
        self.observations += 1;
        self.logins += u64::from(matches!(observation, Observation::Login(_)));
        self.verifications += u64::from(matches!(observation, Observation::Verification(_)));
    }

    pub(super) fn learn(&mut self, login: &Login, facts: &Facts<'_>, account: Option<&User>, at: Moment) {
        Familiarity::learn(&mut self.seen, at);
        if !login.application.is_empty() {
            learn_application(&mut self.applications, login, facts.of_org.application, at);
        }
        self.grants.learn_at(facts.of_org.way, facts.way, at);
        self.clients.learn_at(facts.of_org.client, facts.family, at);
        if let Some(risk) = &facts.risk {
            self.calibration.learn(risk);
        }
        if !login.detail.auth_service_id.is_empty() {
            learn_name(&mut self.providers, &login.detail.auth_service_id, at);
        }
        if let Some(country) = facts.country {
            self.countries.learn_at(facts.of_org.country, &country, at);
        }
        if let Some(asn) = login.detail.origin.as_ref().and_then(|origin| origin.asn) {
            self.systems.learn(asn, login.time);
        }
        if let Some(User { profile, details, .. }) = account {
            if let Some(group) = group(&mut self.groups, profile) {
                group.learn(login, facts, at);
            }
            if let Some(group) = group(&mut self.roles, &details.role_id) {
                group.learn(login, facts, at);
            }
            if let (Some(country), Some(home)) = (facts.country, group(&mut self.homes, &details.country)) {
                home.learn(&country, at);
            }
        }
        let Some(user) = &login.user_id else { return };
        self.learn_of_user(login, facts, mark(user.as_str()));
        if facts.path == AccessPath::Password {
            let password = (login.time, user.clone());
            note(&mut self.passwords, password, |(time, _)| *time, PASSWORD_MEMORY, PASSWORDS);
        }
    }

    fn learn_of_user(&mut self, login: &Login, facts: &Facts<'_>, user: u32) {
        if let Some(country) = facts.country
            && (self.visitors.len() < COUNTRIES || self.visitors.contains_key(&country))
        {
            self.visitors.entry(country).or_default().note(user, login.time);
        }
        if let Some(cipher) = facts.cipher {
            bounded(&mut self.ciphers, cipher, 24, Crowd::newest).note(user, login.time);
        }
        if let Some(fingerprint) = facts.fingerprint {
            let known = self.fingerprint(fingerprint);
            known.users.note(user, login.time);
            known.failing.forget(user, login.time);
        }
    }

    /// The users that one is like: of the same profile, and of the same role.
    pub fn peers(&self, user: &User) -> impl Iterator<Item = &PeerGroup> {
        let of = [self.groups.get(&user.profile), self.roles.get(&user.details.role_id)];
        of.into_iter().flatten()
    }

    /// A guess failed from a network that its user does not know.
    pub(super) fn note_failure(&mut self, login: &Login, facts: &Facts<'_>, user: u32) {
        if login.outcome == Outcome::LockedOut {
            self.locked.note(user, login.time);
        }
        let (Some(fingerprint), Some(network)) = (facts.fingerprint, facts.network) else { return };
        let known = self.fingerprint(fingerprint);
        known.failing.note(user, login.time);
        known.networks.note(mark(&network.to_string()), login.time);
    }

    pub(super) fn note_hostile(&mut self, network: Network, time: Timestamp) {
        if let Some((_, last)) = self.hostile.iter_mut().find(|(known, _)| *known == network) {
            *last = time.max(*last);
            return;
        }
        self.hostile.push((network, time));
        if self.hostile.len() > HOSTILE {
            self.hostile.sort_by_key(|(_, last)| *last);
            self.hostile.remove(0);
        }
    }

    pub(super) fn fingerprint(&mut self, fingerprint: u32) -> &mut Fingerprint {
        bounded(&mut self.fingerprints, fingerprint, FINGERPRINTS, |known| {
            known.users.newest().max(known.failing.newest())
        })
    }

    /// When a network last attacked the org; `None` where it never did.
    pub fn attacked_from(&self, network: Network) -> Option<Timestamp> {
        self.hostile.iter().find(|(known, _)| *known == network).map(|(_, last)| *last)
    }

    /// On how many days successes were seen.
    pub fn days(&self) -> u32 {
        self.seen.as_ref().map_or(0, |known| known.days)
    }

    /// How many successes were seen.
    pub fn successes(&self) -> u32 {
        self.seen.as_ref().map_or(0, |known| known.count)
    }
}

impl PeerGroup {
    fn learn(&mut self, login: &Login, facts: &Facts<'_>, at: Moment) {
        self.successes += 1;
        if let Some(country) = facts.country {
            self.countries.learn(&country, at);
        }
        if !login.application.is_empty() {
            learn_name(&mut self.applications, &login.application, at);
        }
    }
}

/// The group of a name, if it has one and there is room.
fn group<'g, G: Default>(groups: &'g mut BTreeMap<String, G>, name: &str) -> Option<&'g mut G> {
    if !groups.contains_key(name) {
        if name.is_empty() || groups.len() >= GROUPS {
            return None;
        }
        groups.insert(name.to_owned(), G::default());
    }
    groups.get_mut(name)
}

/// The entry of a key; where it is new and there is no room, the one seen longest ago gives way.
fn bounded<V: Default>(
    map: &mut BTreeMap<u32, V>,
    key: u32,
    capacity: usize,
    newest: impl Fn(&V) -> i64,
) -> &mut V {
    if map.len() >= capacity
        && !map.contains_key(&key)
        && let Some(oldest) = map.iter().min_by_key(|(_, value)| newest(value)).map(|(key, _)| *key)
    {
        map.remove(&oldest);
    }
    map.entry(key).or_default()
}

pub(super) fn learn_name(names: &mut Familiar<Text>, name: &Text, at: impl Into<Moment>) {
    let is_short = name.len() <= NAME;
    match if is_short { None } else { name.char_indices().nth(NAME) } {
        None => names.learn(name, at),
        Some((end, _)) => names.learn(&name[..end].into(), at),
    }
}

/// Learns a login's application at the spot where its whole name was looked for.
pub(super) fn learn_application(names: &mut Familiar<Text>, login: &Login, spot: Spot, at: Moment) {
    let name = &login.application;
    if name.len() <= NAME { names.learn_at(spot, name, at) } else { learn_name(names, name, at) }
}

/// Whether a name is that of a login's type and sub-type.
pub(in crate::detection) fn is_grant(name: &str, login: &Login) -> bool {
    let sub_type = name.strip_prefix(login.login_type.as_str()).and_then(|rest| rest.strip_prefix(" / "));
    sub_type.is_some_and(|name| is_same_name(name, &login.login_sub_type))
        || name.len() >= NAME && name == grant(login)
}

/// Login type and sub-type as one name.
pub(in crate::detection) fn grant(login: &Login) -> String {
    let name = format!("{} / {}", login.login_type, login.login_sub_type);
    name.chars().take(NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::detections::world::{LYON, World};

    #[test]
    fn groups_are_learned_by_profile_role_and_country_and_are_bounded() {
        let mut world = World::with_office_workers();
        for user in 0..40 {
            let name = |what: &str| format!("{what}{user}");
            world.account_of(&name("user"), &name("profile"), &name("role"), &name("country"));
            world.succeed_at(&name("user"), "198.18.1.7", LYON, user);
        }
        world.succeed_at("ada", "198.18.1.7", LYON, 5_000);
        let org = &world.state.profiles.org;
        assert_eq!((org.groups.len(), org.roles.len(), org.homes.len()), (GROUPS, GROUPS, GROUPS));
        let lyon = CountryCode::parse("FR").unwrap();
        assert!(org.homes["country0"].of(&lyon).is_some());
        assert!(org.roles["role0"].countries.of(&lyon).is_some());
        assert!(!org.roles.contains_key(""), "who has no role has no peers by it");
    }
}
