//! Wrong passwords on a known device at home, then the right one.

use super::cast::{day, free, log_in, mistype, types_a_password};
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let typists: Vec<_> = free(org, now, types_a_password).into_iter().take(3).collect();
    for (wrong, person) in (2..).zip(&typists) {
        let (source, client) = (person.home_line(day(now)), person.desktop.client(day(now)));
        mistype(org, person.user_id, now, wrong.min(3), &source, &client);
        log_in(org, person.user_id, now, person.method(), source, client);
    }
    typists.iter().map(|person| person.user_id).collect()
}
