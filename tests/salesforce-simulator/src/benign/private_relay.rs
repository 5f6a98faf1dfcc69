//! People whose browser hides them behind a relay: a changing exit somewhere in their country, and home lines between.

use super::cast::{day, free, from_now_on, log_in};
use crate::clock::shifted;
use crate::generate::devices::Device;
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const PEOPLE: usize = 3;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let people: Vec<_> = free(org, now, |person| !person.relay).into_iter().take(PEOPLE).collect();
    for person in &people {
        let country = person.home / 4 * 4;
        for (ago, exit) in [(170 * 60, 3), (95 * 60, 19), (0, 40)] {
            let source = networks::relay(country + exit % 4, exit + person.number);
            let client = Device::new("Safari", "Mac OSX").client(day(now));
            log_in(org, person.user_id, shifted(now, -ago), person.method(), source, client);
        }
        from_now_on(org, person.user_id, |person| {
            (person.relay, person.desktop) = (true, Device::new("Safari", "Mac OSX"));
        });
    }
    people.iter().map(|person| person.user_id).collect()
}
