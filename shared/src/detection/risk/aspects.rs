//! What each aspect of a login says: the logarithm of how much more likely it is of a stranger than of the user.

use std::borrow::Borrow;

use jiff::Timestamp;

use super::novelty::{Novelty, Trait, Who};
use crate::detection::facts::{Facts, Known, SETTLED};
use crate::detection::profile::grant;
use crate::detection::{Familiar, View};
use crate::observation::Login;

/// Logins that stand for what is not known of a user's hours.
const HOURS: f64 = 12.0;

/// What an aspect says, and what was new about it.
pub(super) type Said = (f64, Option<Novelty>);

/// Nothing can be told.
const SILENT: Said = (0.0, None);

/// One trait of a login, beside what is known of it.
struct Compared<'v, K, Q: ?Sized> {
    of: Trait,
    value: &'v Q,
    user: Option<&'v Familiar<K>>,
    peers: Option<&'v Familiar<K>>,
    org: &'v Familiar<K>,
}

impl<K: Ord + Borrow<Q>, Q: Ord + ?Sized> Compared<'_, K, Q> {
    /// Whether the user is known by it, from before `settled`.
    fn is_his(&self, settled: Timestamp) -> bool {
        self.user.is_some_and(|known| count(known, self.value, settled) > 0.0)
    }

    fn said(&self, view: &View<'_>, settled: Timestamp) -> Said {
        let (total, kinds) = self.user.map_or((0.0, 0.0), |known| (total(known), known.len() as f64));
        if self.is_his(settled) {
            let own = self.user.map_or(0.0, |known| count(known, self.value, settled)) / (total + kinds);
            let of_org = count(self.org, self.value, settled) / total_of(self.org);
            return ((self.of.copied() * of_org / own).ln(), None);
        }
        let has = |known: &Familiar<K>| count(known, self.value, settled) > 0.0;
        let who = match self.peers {
            Some(peers) if has(peers) => Who::Peers,
            _ if has(self.org) => Who::Org,
            _ => Who::Nobody,
        };
        novel(view, Novelty { of: self.of, who }, total, kinds)
    }
}

/// Something that the user never had. Whoever has shown many values among few sightings will soon show another (Witten and
/// Bell, IEEE Transactions on Information Theory 37, 1991, method C); and who else has it is compared with what else was new
/// for its users in this org.
fn novel(view: &View<'_>, novelty: Novelty, total: f64, kinds: f64) -> Said {
    let of_user = (kinds + 1.0) / (total + kinds + 1.0) * view.org().calibration.share(novelty);
    ((novelty.of_stranger() / of_user).ln(), Some(novelty))
}

fn count<K: Ord + Borrow<Q>, Q: Ord + ?Sized>(all: &Familiar<K>, value: &Q, settled: Timestamp) -> f64 {
    let known = all.of(value).filter(|known| known.first < settled);
    known.map_or(0.0, |known| f64::from(known.count))
}

fn total<K: Ord>(all: &Familiar<K>) -> f64 {
    all.total() as f64
}

fn total_of<K: Ord>(all: &Familiar<K>) -> f64 {
    total(all).max(1.0)
}

/// A new country makes the network new anyway, so only one of the two speaks.
pub(super) fn whence(view: &View<'_>, facts: &Facts<'_>, login: &Login) -> Said {
    let settled = login.time - SETTLED;
    let (user, org) = (view.user(), view.org());
    if facts.knows_network == Known::Yes {
        return (f64::NEG_INFINITY, None);
    }
    if let Some(country) = &facts.country {
        let country = Compared {
            of: Trait::Country,
            value: country,
            user: user.map(|user| &user.countries),
            peers: view.peers().map(|peers| &peers.countries),
            org: &org.countries,
        };
        if !country.is_his(settled) {
            return country.said(view, settled);
        }
    }
    let Some(network) = facts.network else { return SILENT };
    let is_seen = view.network(network).and_then(|known| known.seen.as_ref());
    let who = if is_seen.is_some_and(|seen| seen.first < settled) { Who::Org } else { Who::Nobody };
    let (total, kinds) = user.map_or((0.0, 0.0), |user| (total(&user.networks), user.networks.len() as f64));
    novel(view, Novelty { of: Trait::Network, who }, total, kinds)
}

/// The client's family; one that says nothing of itself says nothing here.
pub(super) fn with(view: &View<'_>, facts: &Facts<'_>, login: &Login) -> Said {
    if facts.fingerprint.is_none() {
        return SILENT;
    }
    let user = view.user().map(|user| &user.clients);
    let client =
        Compared { of: Trait::Client, value: facts.family, user, peers: None, org: &view.org().clients };
    client.said(view, login.time - SETTLED)
}

/// A new way in makes the application a new one of it, so only one of the two speaks.
pub(super) fn how(view: &View<'_>, login: &Login) -> Said {
    let settled = login.time - SETTLED;
    let (user, org) = (view.user(), view.org());
    let way = grant(login);
    let way = Compared {
        of: Trait::Grant,
        value: way.as_str(),
        user: user.map(|user| &user.grants),
        peers: None,
        org: &org.grants,
    };
    if login.application.is_empty() || !way.is_his(settled) {
        return way.said(view, settled);
    }
    let application = Compared {
        of: Trait::Application,
        value: login.application.as_str(),
        user: user.map(|user| &user.applications),
        peers: view.peers().map(|peers| &peers.applications),
        org: &org.applications,
    };
    application.said(view, settled)
}

/// A stranger comes at any hour; a program's hours are its schedule's.
pub(super) fn when(view: &View<'_>, facts: &Facts<'_>) -> Said {
    const ANY: f64 = 5.0 / 24.0;
    let Some(user) = view.user().filter(|_| !facts.path.is_unattended()) else { return SILENT };
    let total = f64::from(user.hours.total());
    let near = user.hours.share_near(facts.hour) * total;
    ((ANY / ((near + HOURS * ANY) / (total + HOURS))).ln(), None)
}
