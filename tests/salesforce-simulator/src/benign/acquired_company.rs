//! A company is bought: its people get accounts and come all at once, from an egress and a city the org does not know.

use super::cast::{DAY, day, log_in};
use crate::arrival::Method;
use crate::clock::shifted;
use crate::generate::cities::VPN_CITY;
use crate::generate::people::SignOn;
use crate::generate::{Account, devices, networks};
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const PEOPLE: usize = 25;
/// A city where the org has nobody.
const PLACE: usize = VPN_CITY - 1;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let known = org.people.last().and_then(|person| org.user(&person.user_id));
    let profile = known.map_or(org.id(), |user| user.profile_id);
    let first = org.users.len();
    let mut people = Vec::new();
    for (minute, number) in (0_i64..).zip(0..PEOPLE) {
        let created = shifted(now, -DAY);
        let id = org.add_user(Account::person(first + number, SignOn::Password, PLACE, profile, created));
        let at = shifted(now, -90 * minute);
        let source = networks::new_egress(PLACE, org.innocents.len(), number % 2);
        log_in(org, id, at, Method::PASSWORD, source, devices::plain(day(now)));
        people.push(id);
    }
    people
}
