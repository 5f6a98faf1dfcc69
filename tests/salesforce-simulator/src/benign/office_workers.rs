//! Colleagues behind one office address within minutes, a few of them mistyping.

use super::cast::{day, free, log_in, mistype, types_a_password};
use crate::clock::shifted;
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const COLLEAGUES: usize = 10;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let local = free(org, now, |person| person.office == 0 && person.remote_share < 0.9);
    let colleagues: Vec<_> = local.into_iter().take(COLLEAGUES).collect();
    for (place, person) in (0_i64..).zip(&colleagues) {
        let at = shifted(now, -40 * place);
        let (source, client) = (networks::office(0, 0), person.desktop.client(day(now)));
        if place % 4 == 0 && types_a_password(person) {
            mistype(org, person.user_id, at, 1, &source, &client);
        }
        log_in(org, person.user_id, at, person.method(), source, client);
    }
    colleagues.iter().map(|person| person.user_id).collect()
}
