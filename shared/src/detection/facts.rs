//! What one login shows, and how well each of it is known: worked out once, for every detection.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::Risk;
use super::View;
use super::profile::UserProfile;
use super::reading::Reading;
use crate::observation::{AccessPath, CountryCode, Login, Network, User};

/// What was first seen less than this ago is new still: whoever comes twice in a day has not become usual.
pub(super) const SETTLED: SignedDuration = SignedDuration::from_hours(24);

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

/// What one login shows, and how well each of it is known for its user.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Browser and platform without versions, as in `ClientFamily`.
    pub family: &'a str,
    /// Login type and sub-type as one name.
    pub way: &'a str,
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
            family: "",
            way: "",
            path: AccessPath::Other,
            network: None,
            country: None,
            fingerprint: None,
            cipher: None,
            knows_network: Known::Unsaid,
            knows_client: Known::Unsaid,
            knows_country: Known::Unsaid,
            hour: 0,
            risk: None,
        }
    }

    /// Of a login, by what was read from its texts.
    pub(super) fn of(view: &View<'_>, login: &Login, reading: &'a Reading) -> Self {
        let Reading { path, fingerprint, cipher, .. } = *reading;
        let (family, way) = (reading.family.as_str(), reading.way.as_str());
        let network = login.source.network();
        let country = login.place.as_ref().and_then(|place| place.country);
        let hour = hour_of(login.time, view.account());
        let mut facts =
            Self { family, way, path, network, country, fingerprint, cipher, hour, ..Self::none() };
        let settled = login.time - SETTLED;
        if let Some(user) = view.user().filter(|user| user.has_history(login.time)) {
            facts.knows_network = knows_network(view, user, login);
            let client = fingerprint.map(|_| user.clients.is_known(family, 1, settled));
            facts.knows_client = known(client);
            facts.knows_country = known(country.map(|country| user.countries.is_known(&country, 1, settled)));
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
    let local = zone.map_or_else(|| Offset::UTC.to_datetime(time), |zone| zone.to_datetime(time));
    usize::try_from(local.hour()).unwrap_or_default()
}

fn known(known: Option<bool>) -> Known {
    match known {
        Some(true) => Known::Yes,
        Some(false) => Known::No,
        None => Known::Unsaid,
    }
}

fn knows_network(view: &View<'_>, user: &UserProfile, login: &Login) -> Known {
    let Some(address) = login.source.address() else { return Known::Unsaid };
    let network = Network::of(address);
    let is_known = user.knows_pool(network, login.time)
        || user.knows_carrier(login)
        || view.is_egress(address, login.time);
    known(Some(is_known))
}
