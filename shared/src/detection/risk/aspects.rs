//! What each aspect of a login says: the logarithm of how much more likely it is of a stranger than of the user.

use std::borrow::Borrow;

use jiff::Timestamp;

use super::novelty::{Novelty, Trait, Who};
use crate::detection::facts::{Facts, Known};
use crate::detection::{Familiar, Familiarity, Key, Spot, View};
use crate::observation::{CountryCode, Login, Text};

/// Logins that stand for what is not known of a user's hours.
const HOURS: f64 = 12.0;

/// What an aspect says, and what was new about it.
pub(super) type Said = (f64, Option<Novelty>);

/// Nothing can be told.
const SILENT: Said = (0.0, None);

/// How often one value was seen among all.
#[derive(Clone, Copy, Default)]
struct Seen {
    count: f64,
    total: f64,
    kinds: f64,
}

impl Seen {
    fn among<K: Key>(all: &Familiar<K>, known: Option<&Familiarity>, settled: Timestamp) -> Self {
        let count = known.filter(|known| known.first() < settled).map_or(0, |known| known.count);
        Self { count: f64::from(count), total: all.total() as f64, kinds: all.len() as f64 }
    }

    fn of<K: Key + Borrow<Q>, Q: Key + ?Sized>(all: &Familiar<K>, value: &Q, settled: Timestamp) -> Self {
        Self::among(all, all.of(value), settled)
    }

    fn at<K: Key>(all: &Familiar<K>, spot: Spot, settled: Timestamp) -> Self {
        Self::among(all, all.at(spot), settled)
    }

    fn is_known(self) -> bool {
        self.count > 0.0
    }
}

/// One trait of a login, beside what is known of it.
struct Compared {
    of: Trait,
    user: Seen,
    peers: Seen,
    org: Seen,
}

impl Compared {
    fn said(&self, view: &View<'_>) -> Said {
        let Self { of, user, peers, org } = *self;
        if user.is_known() {
            let own = user.count / (user.total + user.kinds);
            return ((of.copied() * (org.count / org.total.max(1.0)) / own).ln(), None);
        }
        let who = match (peers.is_known(), org.is_known()) {
            (true, _) => Who::Peers,
            (false, true) => Who::Org,
            (false, false) => Who::Nobody,
        };
        novel(view, Novelty { of, who }, user)
    }
}

/// Something that the user never had. Whoever has shown many values among few sightings will soon show another (Witten and
/// Bell, IEEE Transactions on Information Theory 37, 1991, method C); and who else has it is compared with what else was new
/// for its users in this org.
fn novel(view: &View<'_>, novelty: Novelty, user: Seen) -> Said {
    let unseen = user.kinds + 1.0;
    let of_user = unseen / (user.total + unseen) * view.org().calibration.share(novelty);
    ((novelty.of_stranger() / of_user).ln(), Some(novelty))
}

/// A new country makes the network new anyway, so only one of the two speaks.
pub(super) fn whence(view: &View<'_>, facts: &Facts<'_>) -> Said {
    if facts.knows_network == Known::Yes {
        return (f64::NEG_INFINITY, None);
    }
    let settled = facts.settled;
    if let Some(country) = &facts.country {
        let seen = |countries: &Familiar<CountryCode>| Seen::of(countries, country, settled);
        let user = view.user().map(|user| Seen::at(&user.countries, facts.of_user.country, settled));
        let user = user.unwrap_or_default();
        if !user.is_known() {
            let peers = first_known(view.peers_countries().map(seen));
            let org = Seen::at(&view.org().countries, facts.of_org.country, settled);
            return Compared { of: Trait::Country, user, peers, org }.said(view);
        }
    }
    let Some(network) = facts.network else { return SILENT };
    let is_seen = view.network(network).and_then(|known| known.seen.as_ref());
    let who = if is_seen.is_some_and(|seen| seen.first() < settled) { Who::Org } else { Who::Nobody };
    let user = view.user().map(|user| Seen::among(&user.networks, None, settled)).unwrap_or_default();
    novel(view, Novelty { of: Trait::Network, who }, user)
}

/// The client's family; one that says nothing of itself says nothing here.
pub(super) fn with(view: &View<'_>, facts: &Facts<'_>) -> Said {
    if facts.fingerprint.is_none() {
        return SILENT;
    }
    let user = view.user().map(|user| Seen::at(&user.clients, facts.of_user.client, facts.settled));
    let org = Seen::at(&view.org().clients, facts.of_org.client, facts.settled);
    Compared { of: Trait::Client, user: user.unwrap_or_default(), peers: Seen::default(), org }.said(view)
}

/// A new way in makes the application a new one of it, so only one of the two speaks.
pub(super) fn how(view: &View<'_>, facts: &Facts<'_>, login: &Login) -> Said {
    let settled = facts.settled;
    let (org, user) = (view.org(), view.user());
    let way = Compared {
        of: Trait::Grant,
        user: user.map(|user| Seen::at(&user.grants, facts.of_user.way, settled)).unwrap_or_default(),
        peers: Seen::default(),
        org: Seen::at(&org.grants, facts.of_org.way, settled),
    };
    if login.application.is_empty() || !way.user.is_known() {
        return way.said(view);
    }
    let seen = |names: &Familiar<Text>| Seen::of(names, &login.application, settled);
    let user = user.map(|user| Seen::at(&user.applications, facts.of_user.application, settled));
    let user = user.unwrap_or_default();
    let peers = if user.is_known() {
        Seen::default()
    } else {
        first_known(view.peers().map(|peers| seen(&peers.applications)))
    };
    let org = Seen::at(&org.applications, facts.of_org.application, settled);
    Compared { of: Trait::Application, user, peers, org }.said(view)
}

/// Of what several groups know of a thing, the first that is anything.
fn first_known(mut of_groups: impl Iterator<Item = Seen>) -> Seen {
    of_groups.find(|seen| seen.is_known()).unwrap_or_default()
}

/// A stranger comes at any hour; a program's hours are its schedule's.
pub(super) fn when(view: &View<'_>, facts: &Facts<'_>) -> Said {
    const ANY: f64 = 5.0 / 24.0;
    let Some(user) = view.user().filter(|_| !facts.path.is_unattended()) else { return SILENT };
    let total = f64::from(user.hours.total());
    let near = user.hours.share_near(facts.hour) * total;
    ((ANY / ((near + HOURS * ANY) / (total + HOURS))).ln(), None)
}
