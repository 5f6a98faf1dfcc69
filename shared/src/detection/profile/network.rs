//! What is usual for one network.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::detection::{Crowd, Familiarity, Moment};
use crate::observation::{Login, LoginId, Place, UserId};

/// Users remembered per network: more than any threshold needs, and no more.
const USERS: usize = 24;
/// Different places remembered per network.
const PLACES: usize = 4;
/// Two places closer than this are one.
const SAME_PLACE_KM: f64 = 100.0;

/// Entries remembered.
const ENTERED: usize = 4;

/// Somebody who came in from a network as a stranger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entered {
    /// When.
    pub time: Timestamp,
    /// By which login.
    pub login: LoginId,
    /// As whom.
    pub user: UserId,
}

/// What is usual for one network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkProfile {
    /// Users who came from here; at most 24 are remembered.
    pub users: BTreeSet<UserId>,
    /// Successes by day, for how long it has been in use.
    pub seen: Option<Familiarity>,
    /// Where geolocation has put it: one network may resolve to several places over time.
    pub places: Vec<Place>,
    /// Users for whom guesses failed here, where they had never come from here.
    #[serde(skip_serializing_if = "Crowd::is_empty")]
    pub failing: Crowd<48>,
    /// Users who came in from here with a client as new for them as the network.
    #[serde(skip_serializing_if = "Crowd::is_empty")]
    pub strangers: Crowd<16>,
    /// The last who came in from here though they, or the whole org, had never been here nor with such a client; oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entered: Vec<Entered>,
    /// Users whose sessions are held from here, where they had never logged in from here.
    #[serde(skip_serializing_if = "Crowd::is_empty")]
    pub holders: Crowd<16>,
}

/// Whether two places have one point, as nearly all of one network have: far cheaper to see than a distance.
fn is_point(one: &Place, other: &Place) -> bool {
    (one.latitude.to_bits(), one.longitude.to_bits()) == (other.latitude.to_bits(), other.longitude.to_bits())
}

impl NetworkProfile {
    pub(super) fn learn(&mut self, login: &Login, at: Moment) {
        if let Some(user) = &login.user_id
            && self.users.len() < USERS
            && !self.users.contains(user)
        {
            self.users.insert(user.clone());
        }
        Familiarity::learn(&mut self.seen, at);
        let Some(place) = &login.place else { return };
        let is_new = !self.places.iter().any(|known| is_point(known, place))
            && !self.places.iter().any(|known| known.distance_km(place) <= SAME_PLACE_KM);
        if is_new && self.places.len() < PLACES {
            self.places.push(place.clone());
        }
    }

    pub(super) fn note_entry(&mut self, login: &Login, user: &UserId) {
        let entry = Entered { time: login.time, login: login.id.clone(), user: user.clone() };
        let place = self.entered.partition_point(|known| *known < entry);
        self.entered.insert(place, entry);
        if self.entered.len() > ENTERED {
            self.entered.remove(0);
        }
    }

    /// Whether many colleagues come from here: an office, a VPN, a proxy. `before` keeps an attacker who takes
    /// over several users in one day from making his own network look shared.
    pub fn is_shared(&self, users: usize, days: u32, before: Timestamp) -> bool {
        self.users.len() >= users
            && self.seen.as_ref().is_some_and(|seen| seen.days >= days && seen.first() < before)
    }
}
