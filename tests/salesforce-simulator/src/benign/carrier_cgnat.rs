//! Colleagues on a train, all behind one address of their carrier.

use super::cast::{day, free, log_in};
use crate::clock::shifted;
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const COLLEAGUES: usize = 10;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let office = org.innocents.len() % 3;
    let local = free(org, now, |person| person.office == office);
    let colleagues: Vec<_> = local.into_iter().take(COLLEAGUES).collect();
    for (place, person) in (0_i64..).zip(&colleagues) {
        let source = networks::mobile(office * 4 + 1, 7, 77);
        let client = person.desktop.client(day(now));
        log_in(org, person.user_id, shifted(now, -400 * place), person.method(), source, client);
    }
    colleagues.iter().map(|person| person.user_id).collect()
}
