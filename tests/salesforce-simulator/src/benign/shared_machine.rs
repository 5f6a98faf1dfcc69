//! A branch with one computer: six people log in to it, one after the other, and go on doing so.

use super::cast::{day, free, from_now_on, log_in};
use crate::clock::shifted;
use crate::generate::devices::Device;
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const PEOPLE: usize = 6;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let staff = free(org, now, |person| person.office == 1);
    let people: Vec<_> = staff.into_iter().take(PEOPLE).collect();
    let (source, computer) = (networks::branch(5, org.innocents.len()), Device::new("Edge", "Windows 10"));
    for (turn, person) in (0_i64..).zip(people.iter().rev()) {
        let (at, client) = (shifted(now, -1_500 * turn), computer.client(day(now)));
        log_in(org, person.user_id, at, person.method(), source.clone(), client);
        from_now_on(org, person.user_id, |person| {
            (person.egress, person.remote_share) = (Some(source.clone()), 0.0);
            person.desktop = computer.clone();
        });
    }
    people.iter().map(|person| person.user_id).collect()
}
