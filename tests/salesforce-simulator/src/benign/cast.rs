//! Who plays in a harmless oddity, and how they log in.

use crate::arrival::{Arrival, Client, Method, SUCCESS, Source};
use crate::campaign::attacked;
use crate::clock::shifted;
use crate::generate::Person;
use crate::generate::people::SignOn;
use crate::generate::present::UI_SECONDS;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

pub(super) const DAY: i64 = 86_400;

/// Settled members of staff whom no campaign and no other oddity has touched, the latest hired first.
pub(super) fn free(org: &Org, now: Timestamp, fits: impl Fn(&Person) -> bool) -> Vec<Person> {
    let today = now.as_second().div_euclid(DAY);
    let settled = |person: &&Person| {
        person.number >= 4 && person.joined < today - 30 && person.left.is_none() && !person.on_holiday(today)
    };
    let untouched = |person: &&Person| !attacked(org, person.user_id);
    let free = org.people.iter().rev().filter(settled).filter(untouched);
    free.filter(|person| fits(person)).cloned().collect()
}

/// The seconds since the user's last success; none ever counts as very long.
pub(super) fn quiet_for(org: &Org, user_id: Id, now: Timestamp) -> i64 {
    let last = org.user(&user_id).and_then(|user| user.last_login).unwrap_or(Timestamp::UNIX_EPOCH);
    now.as_second() - last.as_second()
}

pub(super) fn types_a_password(person: &Person) -> bool {
    person.sign_on == SignOn::Password
}

/// A login, and for a success in the browser the family it opens.
pub(super) fn log_in(
    org: &mut Org,
    user_id: Id,
    time: Timestamp,
    method: Method,
    source: Source,
    client: Client,
) {
    let opens = client.application == "Browser";
    let arrival = Arrival { user_id, time, method, source, client, status: SUCCESS, challenge: None };
    let login = org.record(arrival);
    if opens {
        org.open_ui_family(login, time, UI_SECONDS);
    }
}

/// One wrong password every twenty seconds until shortly before `until`.
pub(super) fn mistype(
    org: &mut Org,
    user_id: Id,
    until: Timestamp,
    times: i64,
    source: &Source,
    client: &Client,
) {
    for wrong in 0..times {
        let time = shifted(until, -20 * (times - wrong));
        let (source, client) = (source.clone(), client.clone());
        let status = "Invalid Password".into();
        let method = Method::PASSWORD;
        org.record(Arrival { user_id, time, method, source, client, status, challenge: None });
    }
}

/// The day of `now` since 1970, as the habits count it.
pub(super) fn day(now: Timestamp) -> i64 {
    now.as_second().div_euclid(DAY)
}
