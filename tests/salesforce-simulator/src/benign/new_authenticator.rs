//! A new telephone, and so a new factor: registered at home by one, in a café by another.

use super::cast::{FACTOR, day, free, log_in, register};
use crate::clock::shifted;
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let people: Vec<_> = free(org, now, |person| !person.v6).into_iter().take(2).collect();
    for (turn, person) in people.iter().enumerate() {
        let cafe = networks::hotel(person.home, person.number + 3, 9);
        let source = if turn == 0 { person.home_line(day(now)) } else { cafe };
        let (at, client) = (shifted(now, -900), person.desktop.client(day(now)));
        log_in(org, person.user_id, at, person.method(), source, client);
        register(org, shifted(at, 500), &FACTOR);
    }
    people.iter().map(|person| person.user_id).collect()
}
