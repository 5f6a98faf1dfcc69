//! An office moves within its city: the same colleagues, behind an egress that nobody has seen before.

use super::cast::{day, free, from_now_on, log_in};
use crate::clock::shifted;
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const COLLEAGUES: usize = 12;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let office = org.innocents.len() % 3;
    let local = free(org, now, |person| person.office == office && person.remote_share < 0.9);
    let colleagues: Vec<_> = local.into_iter().take(COLLEAGUES).collect();
    for (place, person) in (0_i64..).zip(&colleagues) {
        let source = networks::new_egress(office * 4, 15 + office, 0);
        let (at, client) = (shifted(now, -110 * place), person.desktop.client(day(now)));
        from_now_on(org, person.user_id, |person| person.egress = Some(source.clone()));
        log_in(org, person.user_id, at, person.method(), source, client);
    }
    colleagues.iter().map(|person| person.user_id).collect()
}
