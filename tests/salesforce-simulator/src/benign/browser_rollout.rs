//! The company changes its browser: on one day everybody comes with one that nobody had before.

use super::cast::{day, free, from_now_on, log_in};
use crate::clock::shifted;
use crate::generate::devices::Device;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const PEOPLE: usize = 30;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let people: Vec<_> = free(org, now, |person| person.app.is_none()).into_iter().take(PEOPLE).collect();
    for (place, person) in (0_i64..).zip(&people) {
        let today = day(now);
        let client = Device::new("Island", "Windows 11").client(today);
        let at = shifted(now, -75 * place);
        from_now_on(org, person.user_id, |person| person.desktop = Device::new("Island", "Windows 11"));
        log_in(org, person.user_id, at, person.method(), person.home_line(today), client);
    }
    people.iter().map(|person| person.user_id).collect()
}
