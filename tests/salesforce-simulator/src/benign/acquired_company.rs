//! A company is bought: its people get accounts and come all at once, from an egress and a city the org does not know.

use super::cast::{DAY, day, from_now_on, log_in, newcomer};
use crate::clock::shifted;
use crate::generate::cities::VPN_CITY;
use crate::generate::networks;
use crate::generate::people::SignOn;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const PEOPLE: usize = 25;
/// A city where the org has nobody.
const PLACE: usize = VPN_CITY - 1;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let number = org.innocents.len();
    let mut people = Vec::new();
    for (minute, host) in (0_i64..).zip(0..PEOPLE) {
        let person = newcomer(org, shifted(now, -DAY), day(now), PLACE, SignOn::Password);
        let (at, source) = (shifted(now, -90 * minute), networks::new_egress(PLACE, number, host % 2));
        from_now_on(org, person.user_id, |person| person.egress = Some(source.clone()));
        log_in(org, person.user_id, at, person.method(), source, person.desktop.client(day(now)));
        people.push(person.user_id);
    }
    people
}
