//! The company introduces an app: people approve it in the office on one day and use it on.

use super::cast::{day, free};
use crate::arrival::{Arrival, Client, Method, SUCCESS};
use crate::clock::shifted;
use crate::generate::networks;
use crate::generate::present::add_token;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

const PEOPLE: usize = 12;
const APP: &str = "Deskpilot";

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let people = free(org, now, |person| person.office == 0 && person.remote_share < 0.9);
    let people: Vec<_> = people.into_iter().take(PEOPLE).collect();
    for (place, person) in (0_i64..).zip(&people) {
        let client = Client { application: APP.into(), ..person.desktop.client(day(now)) };
        let (first, again) = (shifted(now, -700 - 600 * place), shifted(now, -600 * place));
        add_token(org, person.user_id, APP, first, 0, None);
        for (time, sub_type) in [(first, None), (again, Method::REFRESH.sub_type)] {
            let (method, source) = (Method { sub_type, ..Method::REFRESH }, networks::office(0, 0));
            let (user_id, client) = (person.user_id, client.clone());
            org.come(Arrival { user_id, time, method, source, client, status: SUCCESS, challenge: None });
        }
    }
    people.iter().map(|person| person.user_id).collect()
}
