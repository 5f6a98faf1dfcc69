//! A hotel in a far city, a flight's time after the last login at home, on the traveller's own devices.

use super::cast::{be_away, day, free, log_in, quiet_for};
use crate::clock::shifted;
use crate::generate::cities::TRAVEL;
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

/// The longest flight between two of the cities takes less, in seconds.
const JOURNEY: i64 = 26 * 3_600;
/// Seconds between the phone's login on arrival and the one in the hotel.
const CHECKED_IN_AFTER: i64 = 50 * 60;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let rested = |org: &Org, id: Id| quiet_for(org, id, now) > JOURNEY;
    let habitual = free(org, now, |person| !person.trips.is_empty());
    let traveller = habitual.iter().find(|person| rested(org, person.user_id)).cloned();
    let anybody =
        || free(org, now, |_| true).into_iter().max_by_key(|person| quiet_for(org, person.user_id, now));
    let Some(person) = traveller.or_else(anybody) else { return Vec::new() };
    let place = person.trips.first().map_or(TRAVEL.start, |trip| trip.place);
    let (number, client) = (person.number, person.desktop.client(day(now)));
    let landed = shifted(now, -CHECKED_IN_AFTER);
    log_in(
        org,
        person.user_id,
        landed,
        person.method(),
        networks::mobile(place, number, 9),
        person.phone.client(day(now)),
    );
    log_in(org, person.user_id, now, person.method(), networks::hotel(place, number, 3), client);
    be_away(org, person.user_id, now, place);
    vec![person.user_id]
}
