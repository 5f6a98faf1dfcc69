//! A phone never seen before, on the home network, minutes after the known computer.

use super::cast::{day, free, log_in};
use crate::arrival::Client;
use crate::clock::shifted;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let Some(person) = free(org, now, |person| person.app.is_none()).into_iter().next() else {
        return Vec::new();
    };
    let today = day(now);
    let known = person.desktop.client(today);
    let phone = Client { browser: "Samsung Internet 27".into(), platform: "Android".into(), ..known.clone() };
    log_in(org, person.user_id, shifted(now, -25 * 60), person.method(), person.home_line(today), known);
    log_in(org, person.user_id, now, person.method(), person.home_line(today), phone);
    vec![person.user_id]
}
