//! Who works here, and how: the habits from which the days are made.

use super::cities::{HOME_CITIES, TRAVEL, city};
use super::devices::Device;
use super::dice::Dice;
use super::networks;
use crate::arrival::{CIPHER, Method, Source};
use crate::id::Id;

/// How a person logs in to the user interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignOn {
    Password,
    Single,
}

/// A few days in another city, in days since 1970; the first and the last are spent travelling.
#[derive(Clone, Debug)]
pub(crate) struct Trip {
    pub(crate) place: usize,
    pub(crate) from: i64,
    pub(crate) until: i64,
}

/// A member of staff.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) user_id: Id,
    pub(crate) number: usize,
    pub(crate) office: usize,
    pub(crate) home: usize,
    pub(crate) sign_on: SignOn,
    pub(crate) desktop: Device,
    pub(crate) spare: Device,
    pub(crate) phone: Device,
    pub(crate) app: Option<&'static str>,
    /// Minutes after local midnight at which the day begins.
    pub(crate) begins: f64,
    pub(crate) remote_share: f64,
    pub(crate) vpn_share: f64,
    pub(crate) weekend_share: f64,
    pub(crate) typo_share: f64,
    pub(crate) joined: i64,
    pub(crate) left: Option<i64>,
    pub(crate) trips: Vec<Trip>,
    pub(crate) holidays: Vec<(i64, i64)>,
    pub(crate) v6: bool,
    /// The way out of his office, where it is not the office's usual one.
    pub(crate) egress: Option<Source>,
    /// Whether his browser hides him behind a relay when he is at home.
    pub(crate) relay: bool,
    pub(crate) cipher: &'static str,
}

impl Person {
    pub(crate) fn new(number: usize, days: (i64, i64), dice: &mut Dice) -> Self {
        let office = [0, 0, 0, 1, 1, 2][dice.below(6)];
        let home = (office * 4 + [0, 0, 0, 1, 2, 3][dice.below(6)]) % HOME_CITIES;
        let phone = Device::phone(dice);
        let app = if phone.is_iphone() { "Salesforce for iOS" } else { "Salesforce for Android" };
        Self {
            user_id: Id::new("005", 0),
            number,
            office,
            home,
            sign_on: if dice.chance(0.5) { SignOn::Single } else { SignOn::Password },
            desktop: Device::desktop(dice),
            spare: Device::desktop(dice),
            phone,
            app: dice.chance(0.3).then_some(app),
            begins: dice.around(8.7 * 60.0, 28.0),
            remote_share: if dice.chance(0.2) { 0.95 } else { 0.4 },
            vpn_share: if dice.chance(0.45) { 0.5 } else { 0.0 },
            weekend_share: if dice.chance(0.06) { 0.4 } else { 0.01 },
            typo_share: if dice.chance(0.1) { 0.08 } else { 0.015 },
            joined: if dice.chance(0.1) { dice.within(days.0..days.1) } else { days.0 - 400 },
            left: dice.chance(0.05).then(|| dice.within(days.0 + 5..days.1 - 2)),
            trips: trips(days, dice),
            holidays: holidays(days, dice),
            v6: dice.chance(0.2),
            egress: None,
            relay: false,
            cipher: CIPHER,
        }
    }

    pub(crate) fn employed(&self, day: i64) -> bool {
        self.joined <= day && self.left.is_none_or(|left| day < left)
    }

    pub(crate) fn on_holiday(&self, day: i64) -> bool {
        self.holidays.iter().any(|(from, until)| (*from..*until).contains(&day))
    }

    pub(crate) fn trip(&self, day: i64) -> Option<&Trip> {
        self.trips.iter().find(|trip| (trip.from..=trip.until).contains(&day))
    }

    pub(crate) fn offset(&self) -> i64 {
        city(self.home).offset * 60
    }

    /// The line at home on `day`; its address changes every few weeks.
    pub(crate) fn home_line(&self, day: i64) -> Source {
        home_line(self.home, self.number, self.v6, day)
    }

    pub(crate) fn method(&self) -> Method {
        match self.sign_on {
            SignOn::Password => Method::PASSWORD,
            SignOn::Single => Method::saml(),
        }
    }
}

pub(crate) fn home_line(home: usize, number: usize, v6: bool, day: i64) -> Source {
    let lease = day.max(0) as usize / (20 + number % 40);
    if v6 {
        networks::home_v6(home, number, lease)
    } else {
        networks::home(home, number, 7 + number * 13 + lease * 29)
    }
}

fn holidays(days: (i64, i64), dice: &mut Dice) -> Vec<(i64, i64)> {
    let block = |_| {
        let from = dice.within(days.0..days.1);
        (from, from + dice.within(4..12))
    };
    (0..2).map(block).collect()
}

fn trips(days: (i64, i64), dice: &mut Dice) -> Vec<Trip> {
    if !dice.chance(0.3) {
        return Vec::new();
    }
    let mut trips: Vec<Trip> = Vec::new();
    for _ in 0..=dice.below(3) {
        let from = dice.within(days.0..days.1);
        let place = TRAVEL.start + dice.below(TRAVEL.len());
        let trip = Trip { place, from, until: from + dice.within(2..6) };
        // Two trips never overlap, nor does one begin the day another ends.
        if trips.iter().all(|other| trip.until + 1 < other.from || other.until + 1 < trip.from) {
            trips.push(trip);
        }
    }
    trips
}
