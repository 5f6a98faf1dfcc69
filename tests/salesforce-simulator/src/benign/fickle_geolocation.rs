//! The geolocation of one address changes its mind within the hour; the person and his line are where they were.

use super::cast::{day, free, log_in};
use crate::arrival::Source;
use crate::clock::shifted;
use crate::generate::cities::{TRAVEL, city};
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let Some(person) = free(org, now, |person| !person.v6).into_iter().next() else { return Vec::new() };
    let home = person.home_line(day(now));
    let elsewhere = Source { city: Some(city(TRAVEL.start + person.number % TRAVEL.len())), ..home.clone() };
    for (minutes, source) in [(50, &home), (30, &elsewhere), (15, &home), (0, &elsewhere)] {
        let (at, client) = (shifted(now, -60 * minutes), person.desktop.client(day(now)));
        log_in(org, person.user_id, at, person.method(), source.clone(), client);
    }
    vec![person.user_id]
}
