//! A session that goes along with its owner: into the VPN, onto his phone's hotspot, into a café.

use super::cast::{day, free, log_in};
use crate::clock::shifted;
use crate::generate::future::carry;
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

/// Seconds between the login at home and the session's first use elsewhere.
const MOVED_AFTER: i64 = 25 * 60;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let mut users = Vec::new();
    for person in free(org, now, |person| person.remote_share < 0.9 && !person.v6).into_iter().take(3) {
        let elsewhere = match users.len() {
            0 => networks::vpn(1),
            1 => networks::mobile(person.home, person.number, 91),
            _ => networks::hotel(person.home, person.number, 4),
        };
        let (at, client) = (shifted(now, -MOVED_AFTER), person.desktop.client(day(now)));
        let family = log_in(org, person.user_id, at, person.method(), person.home_line(day(now)), client);
        carry(org, &family, now, &elsewhere);
        users.push(person.user_id);
    }
    users
}
