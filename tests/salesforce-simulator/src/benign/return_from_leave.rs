//! Somebody comes back after months away, on his home line, and needs two tries.

use super::cast::{DAY, day, log_in, mistype, newcomer};
use crate::clock::shifted;
use crate::generate::people::SignOn;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const AWAY_DAYS: i64 = 200;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let last = shifted(now, -AWAY_DAYS * DAY);
    let person = newcomer(org, shifted(last, -400 * DAY), day(now), org.people.len() % 4, SignOn::Password);
    if let Some(user) = org.users.get_mut(&person.user_id) {
        user.last_login = Some(last);
    }
    let (source, client) = (person.home_line(day(now)), person.desktop.client(day(now)));
    mistype(org, person.user_id, now, 1, &source, &client);
    log_in(org, person.user_id, now, person.method(), source, client);
    vec![person.user_id]
}
