//! A phone on a train: the carrier gives it another address with every connection.

use super::cast::{day, free, log_in};
use crate::clock::shifted;
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const CONNECTIONS: i64 = 14;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let Some(person) = free(org, now, |_| true).into_iter().next() else { return Vec::new() };
    for (ago, connection) in (0..CONNECTIONS).rev().zip(0..) {
        let at = shifted(now, -240 * ago);
        let source = networks::mobile(person.home, person.number + connection, 11 + connection * 37);
        log_in(org, person.user_id, at, person.method(), source, person.phone.client(day(now)));
    }
    vec![person.user_id]
}
