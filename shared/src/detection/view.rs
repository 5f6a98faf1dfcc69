//! What a detection may look at.

use std::cell::OnceCell;
use std::hash::Hash;
use std::net::IpAddr;

use indexmap::Equivalent;
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::facts::{Facts, Known};
use super::familiar::Familiar;
use super::profile::{
    ApplicationProfile, Kept, NetworkProfile, OrgProfile, PeerGroup, Places, Profiles, UserProfile,
};
use crate::observation::{AccountKind, CountryCode, Network, Observation, User, UserId};
use crate::policy::{Integration, Policy};

/// What was learned strictly before the observation being judged: the committed profiles, and ahead of them copies
/// of those that the not yet committed observations have changed.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    committed: &'a Profiles,
    ahead: &'a Profiles,
    account: Option<&'a User>,
    policy: &'a Policy,
    pub(super) facts: Facts<'a>,
    pub(super) places: Places,
    // What nearly every detection asks for is looked up once.
    user: Option<&'a UserProfile>,
    network: Option<(Network, Option<&'a NetworkProfile>)>,
    application: Option<(&'a str, Option<&'a ApplicationProfile>)>,
    event: &'a OnceCell<Value>,
}

impl<'a> View<'a> {
    /// What may be looked at to judge one observation.
    pub(crate) fn of(
        [committed, ahead]: [&'a Profiles; 2],
        policy: &'a Policy,
        observation: &'a Observation,
        account: Option<&'a User>,
        event: &'a OnceCell<Value>,
    ) -> Self {
        let user = observation.user().and_then(|id| find(&ahead.users, &committed.users, id));
        let network = observation.network();
        let of_network = network.and_then(|network| find(&ahead.networks, &committed.networks, &network));
        let application = observation.application();
        let of_application =
            application.and_then(|name| find(&ahead.applications, &committed.applications, name));
        Self {
            committed,
            ahead,
            account,
            policy,
            facts: Facts::none(),
            places: Places {
                user: user.map(|(place, _)| place),
                network: of_network.map(|(place, _)| place),
                application: of_application.map(|(place, _)| place),
            },
            user: user.map(|(_, known)| known),
            network: network.map(|network| (network, of_network.map(|(_, known)| known))),
            application: application.map(|name| (name, of_application.map(|(_, known)| known))),
            event,
        }
    }

    /// What the login being judged shows.
    pub fn facts(&self) -> &Facts<'a> {
        &self.facts
    }

    /// The observation as own rules see it, made by the first rule that asks.
    pub fn event(&self, make: impl FnOnce() -> Value) -> &'a Value {
        self.event.get_or_init(make)
    }

    /// The account, where it was read.
    pub fn account(&self) -> Option<&'a User> {
        self.account
    }

    /// Whether the login comes from a network that is new for its user, who has a history; neither near one of his
    /// own nor the organisation's.
    pub fn is_new_network(&self) -> bool {
        self.facts.knows_network == Known::No
    }

    /// Whether the login comes with a kind of client that is new for its user, who has a history.
    pub fn is_new_client(&self) -> bool {
        self.facts.knows_client == Known::No
    }

    /// Whether the login comes from a country that is new for its user, who has a history.
    pub fn is_new_country(&self) -> bool {
        self.facts.knows_country == Known::No
    }

    /// The user's profile; `None` without a user or without history.
    pub fn user(&self) -> Option<&'a UserProfile> {
        self.user
    }

    /// Another user's profile.
    pub fn user_named(&self, id: &UserId) -> Option<&'a UserProfile> {
        self.ahead.users.get(id).or_else(|| self.committed.users.get(id))
    }

    /// What was learned of a network.
    pub fn network(&self, network: Network) -> Option<&'a NetworkProfile> {
        match self.network {
            Some((here, known)) if here == network => known,
            _ => self.ahead.networks.get(&network).or_else(|| self.committed.networks.get(&network)),
        }
    }

    /// What was learned of the application of the login being judged, if somebody has logged in with it before.
    pub fn logged_in_with(&self) -> Option<&'a ApplicationProfile> {
        let (_, known) = self.application?;
        known.filter(|known| known.successes > 0)
    }

    /// What was learned of an application, also where only its tokens were seen.
    pub fn application_profile(&self, name: &str) -> Option<&'a ApplicationProfile> {
        match self.application {
            Some((this, known)) if this == name => known,
            _ => self.ahead.applications.get(name).or_else(|| self.committed.applications.get(name)),
        }
    }

    /// What was learned of the org.
    pub fn org(&self) -> &'a OrgProfile {
        if self.ahead.org.observations > 0 { &self.ahead.org } else { &self.committed.org }
    }

    /// What users of the same profile, and of the same role, do.
    pub fn peers(&self) -> impl Iterator<Item = &'a PeerGroup> {
        let org = self.org();
        self.account.into_iter().flat_map(|account| org.peers(account))
    }

    /// From where users of the same profile, of the same role, and of the same country log in.
    pub fn peers_countries(&self) -> impl Iterator<Item = &'a Familiar<CountryCode>> {
        let homes = self.account.and_then(|account| self.org().homes.get(&account.details.country));
        self.peers().map(|peers| &peers.countries).chain(homes)
    }

    /// Whole days before `time` in which the account was not used, as far as the org's history reaches; `None` for one that was
    /// never used and whose age is not known.
    pub fn days_unused(&self, time: Timestamp) -> Option<i64> {
        let never = || Some(self.account?.details.created?.max(self.org().seen.as_ref()?.first()));
        let since = self.user().and_then(|user| user.last_login).or_else(never)?;
        Some(time.duration_since(since).as_hours() / 24)
    }

    /// Whether the account is known to belong to a program, or the policy says so.
    pub fn is_integration(&self) -> bool {
        self.account.is_some_and(|user| user.kind == AccountKind::Integration) || self.integration().is_some()
    }

    fn integration(&self) -> Option<&'a Integration> {
        let account = self.account.filter(|_| !self.policy.integrations.is_empty())?;
        self.policy.integration(account.id.as_str(), &account.username)
    }

    /// Whether the account is one of this tool's own.
    pub fn is_warden(&self) -> bool {
        self.account.is_some_and(|user| user.kind == AccountKind::Warden)
    }

    /// The networks that the policy binds this account to, where it does.
    pub fn bound_to(&self) -> Option<&'a [IpNet]> {
        let integration = self.integration()?;
        (!integration.networks.is_empty()).then_some(&integration.networks)
    }

    /// Whether an address belongs to the organisation's own ways out: declared in the policy, or learned because
    /// many colleagues have come from there on several days.
    pub fn is_egress(&self, address: IpAddr, now: Timestamp) -> bool {
        self.policy.egress.declared.iter().any(|net| net.contains(&address))
            || self.is_learned_egress(Network::of(address), now)
    }

    /// Whether the login comes from a network that nobody has ever come from.
    pub fn is_nobodys_network(&self) -> bool {
        let known = self.facts.network.map(|network| self.network(network));
        known.is_some_and(|known| known.is_none_or(|known| known.users.is_empty()))
    }

    /// The same of a network, of which a declared way out may be a part: what was learned tells no single address.
    pub fn is_shared(&self, network: Network, now: Timestamp) -> bool {
        let here = network.prefix();
        let is_declared = |net: &IpNet| net.contains(&here) || here.contains(net);
        self.policy.egress.declared.iter().any(is_declared) || self.is_learned_egress(network, now)
    }

    /// Whether many colleagues had come from a network on several days, the first more than a day before `now`.
    fn is_learned_egress(&self, network: Network, now: Timestamp) -> bool {
        let (egress, day_ago) = (&self.policy.egress, now - SignedDuration::from_hours(24));
        self.network(network).is_some_and(|known| known.is_shared(egress.users, egress.days, day_ago))
    }
}

/// A profile, and where it lies among those ahead, where there is one, or else among those that are committed.
fn find<'a, K, Q, V>(ahead: &'a Kept<K, V>, committed: &'a Kept<K, V>, key: &Q) -> Option<(usize, &'a V)>
where
    Q: Equivalent<K> + Hash + ?Sized,
{
    let (place, _, known) = ahead.get_full(key).or_else(|| committed.get_full(key))?;
    Some((place, known))
}

impl Profiles {
    /// Copies what `observation` is about to change from `committed`, where it is not copied already.
    pub(super) fn copy_touched(&mut self, committed: &Self, observation: &Observation) {
        if self.org.observations == 0 {
            self.org = committed.org.clone();
        }
        if let Some(user) = observation.user()
            && let Some(known) = committed.users.get(user)
        {
            self.users.entry(user.clone()).or_insert_with(|| known.clone());
        }
        if let Some(network) = observation.network()
            && let Some(known) = committed.networks.get(&network)
        {
            self.networks.entry(network).or_insert_with(|| known.clone());
        }
        if let Some(name) = observation.application()
            && let Some(known) = committed.applications.get(name)
        {
            self.applications.entry(name.to_owned()).or_insert_with(|| known.clone());
        }
    }
}
