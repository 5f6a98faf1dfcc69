//! A proxy or an update changes what TLS everybody agrees on, on one day and from then on.

use super::cast::{day, free, log_in};
use crate::arrival::Client;
use crate::clock::shifted;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const FIRST: usize = 20;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let people: Vec<_> = free(org, now, |_| true).into_iter().take(FIRST).collect();
    org.people.iter_mut().for_each(|person| person.cipher = CIPHER);
    for (place, person) in (0_i64..).zip(&people) {
        let client = Client { cipher: CIPHER, ..person.desktop.client(day(now)) };
        let at = shifted(now, -100 * place);
        log_in(org, person.user_id, at, person.method(), person.home_line(day(now)), client);
    }
    people.iter().map(|person| person.user_id).collect()
}

const CIPHER: &str = "TLS_AES_128_GCM_SHA256";
