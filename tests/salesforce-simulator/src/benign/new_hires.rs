//! A class of newcomers on its first day: first passwords, mistyped, and a factor registered by each.

use super::cast::{DAY, FACTOR, day, log_in, mistype, newcomer, register};
use crate::clock::shifted;
use crate::generate::networks;
use crate::generate::people::SignOn;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const PEOPLE: usize = 5;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let mut people = Vec::new();
    for (turn, desk) in (0_i64..).zip(0..PEOPLE) {
        let person = newcomer(org, shifted(now, -3 * DAY), day(now), desk % 4, SignOn::Password);
        let (source, client) = (networks::office(0, desk % 2), person.desktop.client(day(now)));
        let at = shifted(now, -600 - 45 * turn);
        mistype(org, person.user_id, at, 1 + turn % 3, &source, &client);
        log_in(org, person.user_id, at, person.method(), source, client);
        register(org, shifted(at, 240), &FACTOR);
        people.push(person.user_id);
    }
    people
}
