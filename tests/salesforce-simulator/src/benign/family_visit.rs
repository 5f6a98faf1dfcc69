//! Somebody works from his family's home in a country where nobody of the org has been.

use super::cast::{be_away, day, free, log_in, quiet_for};
use crate::clock::shifted;
use crate::generate::cities::STRANGE;
use crate::generate::{Person, networks};
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

/// The longest flight takes less, in seconds.
const JOURNEY: i64 = 26 * 3_600;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let rested = free(org, now, |person| !person.v6);
    let quiet = |person: &Person| quiet_for(org, person.user_id, now);
    let Some(person) = rested.into_iter().max_by_key(quiet).filter(|person| quiet(person) > JOURNEY) else {
        return Vec::new();
    };
    let place = STRANGE.start + person.number % STRANGE.len();
    for ago in [3 * 3_600, 0] {
        let (source, client) = (networks::home(place, person.number, 50), person.desktop.client(day(now)));
        log_in(org, person.user_id, shifted(now, -ago), person.method(), source, client);
    }
    be_away(org, person.user_id, now, place);
    vec![person.user_id]
}
