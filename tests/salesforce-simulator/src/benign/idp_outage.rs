//! The identity provider is down: those who never type a password type one, within the same hour.

use super::cast::{day, free, log_in, mistype};
use crate::arrival::Method;
use crate::clock::shifted;
use crate::generate::networks;
use crate::generate::people::SignOn;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const PEOPLE: usize = 15;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let people = free(org, now, |person| person.sign_on == SignOn::Single && person.office == 0);
    let people: Vec<_> = people.into_iter().take(PEOPLE).collect();
    for (place, person) in (0_i64..).zip(&people) {
        let source = if place % 2 == 0 { networks::office(0, 1) } else { person.home_line(day(now)) };
        let (at, client) = (shifted(now, -210 * place), person.desktop.client(day(now)));
        if place % 3 == 0 {
            mistype(org, person.user_id, at, 2, &source, &client);
        }
        log_in(org, person.user_id, at, Method::PASSWORD, source, client);
    }
    people.iter().map(|person| person.user_id).collect()
}
