//! Somebody has moved to another of the company's cities for good: a new home line there, on his own devices.

use super::cast::{day, free, from_now_on, log_in, quiet_for};
use crate::clock::shifted;
use crate::generate::cities::HOME_CITIES;
use crate::generate::people::home_line;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let staff = free(org, now, |_| true);
    let Some(person) = staff.into_iter().max_by_key(|person| quiet_for(org, person.user_id, now)) else {
        return Vec::new();
    };
    let home = (person.home + 4) % HOME_CITIES;
    let quiet = quiet_for(org, person.user_id, now);
    for ago in [(quiet / 4).min(5 * 3_600), 0] {
        let source = home_line(home, person.number + 1, person.v6, day(now));
        let client = person.desktop.client(day(now));
        log_in(org, person.user_id, shifted(now, -ago), person.method(), source, client);
    }
    from_now_on(org, person.user_id, |person| (person.home, person.office) = (home, home / 4));
    vec![person.user_id]
}
