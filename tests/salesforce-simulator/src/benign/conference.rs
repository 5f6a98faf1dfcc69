//! Colleagues at the same conference: a city new to all of them, one hotel, all in the same week.

use super::cast::{DAY, be_away, day, free, log_in, quiet_for};
use crate::clock::shifted;
use crate::generate::cities::TRAVEL;
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const COLLEAGUES: usize = 8;
/// The longest flight between two of the cities takes less, in seconds.
const JOURNEY: i64 = 26 * 3_600;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let place = TRAVEL.start + org.innocents.len() % TRAVEL.len();
    let mut staff = free(org, now, |person| person.trips.iter().all(|trip| trip.place != place));
    staff.sort_by_key(|person| std::cmp::Reverse(quiet_for(org, person.user_id, now).min(4 * DAY)));
    staff.truncate(COLLEAGUES);
    for ((minutes, guest), person) in (0_i64..).zip(0..).zip(&staff) {
        // Who was heard of at home lately has only just arrived.
        let rested = (quiet_for(org, person.user_id, now) - JOURNEY).clamp(0, 3 * DAY);
        for ago in [rested, rested / 2, 20 * minutes] {
            let (source, client) = (networks::hotel(place, 5, guest), person.desktop.client(day(now)));
            log_in(org, person.user_id, shifted(now, -ago), person.method(), source, client);
        }
    }
    for person in &staff {
        be_away(org, person.user_id, now, place);
    }
    staff.iter().map(|person| person.user_id).collect()
}
