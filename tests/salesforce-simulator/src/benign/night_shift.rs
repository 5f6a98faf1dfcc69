//! Somebody who has worked by day works by night from now on, on the same devices.

use super::cast::{day, free, from_now_on, log_in};
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const PEOPLE: usize = 3;
/// Minutes after local midnight.
const BEGINS: f64 = 22.0 * 60.0;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let people: Vec<_> = free(org, now, |person| person.office == 0).into_iter().take(PEOPLE).collect();
    for person in &people {
        let source = networks::office(person.office, person.number % 2);
        log_in(org, person.user_id, now, person.method(), source, person.desktop.client(day(now)));
        from_now_on(org, person.user_id, |person| person.begins = BEGINS);
    }
    people.iter().map(|person| person.user_id).collect()
}
