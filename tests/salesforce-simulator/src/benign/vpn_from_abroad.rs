//! The corporate VPN lets its users out in another country, minutes after they were at home.

use super::cast::{day, free, log_in};
use crate::clock::shifted;
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

/// Seconds between the login at home and the one through the VPN.
const SWITCHED_AFTER: i64 = 11 * 60;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let staff: Vec<_> = free(org, now, |person| person.vpn_share > 0.0).into_iter().take(3).collect();
    for (egress, person) in staff.iter().enumerate() {
        let client = person.desktop.client(day(now));
        let before = shifted(now, -SWITCHED_AFTER);
        log_in(org, person.user_id, before, person.method(), person.home_line(day(now)), client.clone());
        log_in(org, person.user_id, now, person.method(), networks::vpn(egress), client);
    }
    staff.iter().map(|person| person.user_id).collect()
}
