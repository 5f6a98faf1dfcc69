//! The company changes its browser: on one day everybody comes with one that nobody had before.

use super::cast::{day, free, log_in};
use crate::arrival::Client;
use crate::clock::shifted;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const PEOPLE: usize = 30;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let people: Vec<_> = free(org, now, |person| person.app.is_none()).into_iter().take(PEOPLE).collect();
    for (place, person) in (0_i64..).zip(&people) {
        let today = day(now);
        let client = Client { browser: "Island 1.61".into(), ..person.desktop.client(today) };
        let at = shifted(now, -75 * place);
        log_in(org, person.user_id, at, person.method(), person.home_line(today), client);
    }
    people.iter().map(|person| person.user_id).collect()
}
