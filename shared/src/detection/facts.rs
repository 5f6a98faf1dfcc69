//! What one login shows, and how well each of it is known: worked out once, for every detection.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::profile::{UserProfile, is_grant};
use super::reading::Reading;
use super::{Familiar, Familiarity, Risk, Spot, View};
use crate::observation::{AccessPath, ClientFamily, CountryCode, Login, Network, Text, User};

/// What was first seen less than this ago is new still: whoever comes twice in a day has not become usual.
pub(super) const SETTLED: SignedDuration = SignedDuration::from_hours(24);

static NO_CLIENT: ClientFamily = ClientFamily::NONE;
static NO_WAY: Text = Text::new_static("");

/// Whether something is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// For longer than a day.
    Yes,
    /// It is new, or was new within the day.
    No,
    /// There is nothing to know, or too little history to say.
    Unsaid,
}

/// Where what a login shows lies among what its user, or its org, is familiar with.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spots {
    pub(super) country: Spot,
    pub(super) client: Spot,
    pub(super) way: Spot,
    pub(super) application: Spot,
}

impl Spots {
    fn of(
        facts: &Facts<'_>,
        login: &Login,
        countries: &Familiar<CountryCode>,
        clients: &Familiar<ClientFamily>,
        grants: &Familiar<Text>,
        applications: &Familiar<Text>,
    ) -> Self {
        Self {
            country: facts.country.map(|country| countries.spot(&country)).unwrap_or_default(),
            client: clients.spot(facts.family),
            way: grants.spot_like(facts.way, |name| is_grant(name, login)),
            application: applications.spot(&login.application),
        }
    }
}

/// What one login shows, and how well each of it is known for its user.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Browser and platform without versions, as in `ClientFamily`.
    pub family: &'a ClientFamily,
    /// The same as a mark.
    pub client: u32,
    /// Login type and sub-type as one name.
    pub way: &'a Text,
    /// By which way it came.
    pub path: AccessPath,
    /// From which network.
    pub network: Option<Network>,
    /// From which country.
    pub country: Option<CountryCode>,
    /// What links attempts of one tool from many places: TLS, cipher, the host logged in to, browser family and platform; `None` for a client
    /// that says nothing of itself.
    pub fingerprint: Option<u32>,
    /// TLS version and cipher, as a mark; `None` where Salesforce recorded neither.
    pub cipher: Option<u32>,
    /// Where the network lies among the user's.
    pub(super) of_network: Spot,
    /// Where the rest lies among what the user is familiar with.
    pub(super) of_user: Spots,
    /// Where it lies among what the org is familiar with; only of successes.
    pub(super) of_org: Spots,
    /// What was first seen before this is settled.
    pub(super) settled: Timestamp,
    /// Whether the user knows the network or one near it, or it is the organisation's.
    pub knows_network: Known,
    /// Whether the user knows the client's family.
    pub knows_client: Known,
    /// Whether the user knows the country.
    pub knows_country: Known,
    /// The hour of the day, 0 to 23, in the user's own time zone; in UTC where that is not known.
    pub hour: usize,
    /// How unlikely a success is as a whole.
    pub risk: Option<Risk>,
}

impl<'a> Facts<'a> {
    /// Of something that is no login.
    pub(super) fn none() -> Self {
        Self {
            family: &NO_CLIENT,
            client: 0,
            way: &NO_WAY,
            path: AccessPath::Other,
            network: None,
            country: None,
            fingerprint: None,
            cipher: None,
            of_network: Spot::default(),
            of_user: Spots::default(),
            of_org: Spots::default(),
            settled: Timestamp::MIN,
            knows_network: Known::Unsaid,
            knows_client: Known::Unsaid,
            knows_country: Known::Unsaid,
            hour: 0,
            risk: None,
        }
    }

    /// Of a login, by what was read from its texts.
    pub(super) fn of(view: &View<'_>, login: &Login, reading: &'a Reading) -> Self {
        let Reading { ref family, client, ref way, path, fingerprint, cipher, .. } = *reading;
        let network = login.source.network();
        let country = login.place.as_ref().and_then(|place| place.country);
        let hour = hour_of(login.time, view.account());
        let settled = login.time - SETTLED;
        let mut facts = Self {
            family,
            client,
            way,
            path,
            network,
            country,
            fingerprint,
            cipher,
            settled,
            hour,
            ..Self::none()
        };
        if let Some(user) = view.user() {
            facts.of_network = network.map(|network| user.networks.spot(&network)).unwrap_or_default();
            facts.of_user =
                Spots::of(&facts, login, &user.countries, &user.clients, &user.grants, &user.applications);
        }
        if login.succeeded() {
            let org = view.org();
            facts.of_org =
                Spots::of(&facts, login, &org.countries, &org.clients, &org.grants, &org.applications);
        }
        if let Some(user) = view.user().filter(|user| user.has_history(login.time)) {
            let is_settled = |known: Option<&Familiarity>| known.is_some_and(|known| known.first() < settled);
            facts.knows_network = knows_network(view, user, login, &facts);
            let client = is_settled(user.clients.at(facts.of_user.client));
            facts.knows_client = known(fingerprint.map(|_| client));
            let country_is_settled = is_settled(user.countries.at(facts.of_user.country));
            facts.knows_country = known(country.map(|_| country_is_settled));
        }
        facts.risk = Risk::of(view, &facts, login);
        facts
    }

    /// Whether neither the network nor the client is known for the user, be it that he has no history.
    pub fn may_be_stranger(&self) -> bool {
        self.knows_network != Known::Yes && self.knows_client != Known::Yes
    }

    /// Whether both the network and the client are new for the user.
    pub fn is_stranger(&self) -> bool {
        self.knows_network == Known::No && self.knows_client == Known::No
    }
}

/// A user's habits follow his clock, also when that is put forward.
fn hour_of(time: Timestamp, account: Option<&User>) -> usize {
    let zone = account.map_or("", |account| account.details.time_zone.as_str());
    let zone = if zone.is_empty() { None } else { TimeZone::get(zone).ok() };
    let local = zone.map(|zone| usize::try_from(zone.to_datetime(time).hour()).unwrap_or_default());
    local.unwrap_or_else(|| utc_hour(time))
}

fn utc_hour(time: Timestamp) -> usize {
    // Before 1970 an instant lies before its second, not after it.
    let second = time.as_second() - i64::from(time.subsec_nanosecond() < 0);
    (second.rem_euclid(86_400) / 3_600) as usize
}

fn known(known: Option<bool>) -> Known {
    match known {
        Some(true) => Known::Yes,
        Some(false) => Known::No,
        None => Known::Unsaid,
    }
}

fn knows_network(view: &View<'_>, user: &UserProfile, login: &Login, facts: &Facts<'_>) -> Known {
    let Some(address) = login.source.address() else { return Known::Unsaid };
    let network = Network::of(address);
    let is_known = user.networks.at(facts.of_network).is_some_and(|known| known.first() < facts.settled)
        || user.knew_pool_by(network, facts.settled)
        || user.knows_carrier(login)
        || view.is_egress(address, login.time);
    known(Some(is_known))
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;

    use super::*;

    #[test]
    fn the_hour_is_the_calendars() {
        let hours = (-50..50).map(|hour| hour * 3_600_000_000_000);
        let instants = hours.flat_map(|hour: i128| [-1_000_000_000, -1, 0, 1].map(|off| hour + off));
        for instant in instants.chain([i128::from(i64::MIN), i128::from(i64::MAX)]) {
            let time = Timestamp::from_nanosecond(instant).unwrap();
            let calendar = Offset::UTC.to_datetime(time).hour();
            assert_eq!(utc_hour(time), usize::try_from(calendar).unwrap(), "{time}");
        }
    }
}
