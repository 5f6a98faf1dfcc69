//! Who plays in a harmless oddity, and how they log in.

use crate::arrival::{Arrival, Challenge, Client, Method, SUCCESS, Source};
use crate::campaign::attacked;
use crate::clock::shifted;
use crate::generate::dice::Dice;
use crate::generate::people::{SignOn, Trip};
use crate::generate::present::UI_SECONDS;
use crate::generate::{Account, Person};
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

pub(super) const DAY: i64 = 86_400;

/// Settled members of staff whom no campaign and no other oddity has touched, the latest hired first.
pub(super) fn free(org: &Org, now: Timestamp, fits: impl Fn(&Person) -> bool) -> Vec<Person> {
    let today = now.as_second().div_euclid(DAY);
    let settled = |person: &&Person| {
        person.trip(today).is_none()
            && person.number >= 4
            && person.joined < today - 30
            && person.left.is_none()
            && !person.on_holiday(today)
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
) -> Vec<Id> {
    let opens = client.application == "Browser";
    let arrival = Arrival { user_id, time, method, source, client, status: SUCCESS, challenge: None };
    let login = org.record(arrival);
    if opens { org.open_ui_family(login, time, UI_SECONDS) } else { Vec::new() }
}

/// From now on somebody lives differently.
pub(super) fn from_now_on(org: &mut Org, user_id: Id, change: impl FnOnce(&mut Person)) {
    if let Some(person) = org.people.iter_mut().find(|person| person.user_id == user_id) {
        change(person);
    }
}

/// A new way to prove who somebody is.
pub(super) const FACTOR: Challenge = Challenge {
    activity: "ConnectSalesforceAuthenticator",
    status: "Succeeded",
    policy: "TwoFactorAuthentication",
    method: "SalesforceAuthenticator",
};

/// Whoever logged in last registers a factor with that session.
pub(super) fn register(org: &mut Org, time: Timestamp, factor: &Challenge) {
    if let Some(login) = org.logins.all().last().cloned() {
        org.challenge(&login, time, factor);
    }
}

/// He is in another city for three days, and then travels home.
pub(super) fn be_away(org: &mut Org, user_id: Id, now: Timestamp, place: usize) {
    let today = day(now);
    from_now_on(org, user_id, |person| {
        person.trips.insert(0, Trip { place, from: today - 1, until: today + 4 });
    });
}

/// Somebody who gets an account and goes on living here.
pub(super) fn newcomer(
    org: &mut Org,
    created: Timestamp,
    today: i64,
    home: usize,
    sign_on: SignOn,
) -> Person {
    let known = org.people.last().and_then(|person| org.user(&person.user_id));
    let profile = known.map_or(org.id(), |user| user.profile_id);
    let number = org.people.len();
    let mut dice = Dice::new(org.id().number("00D").unwrap_or_default(), 40_000 + number as u64);
    let mut person = Person::new(number, (today, today + 1), &mut dice);
    (person.home, person.office, person.sign_on) = (home, home / 4 % 3, sign_on);
    (person.joined, person.left) = (today, None);
    (person.trips, person.holidays) = (Vec::new(), Vec::new());
    person.user_id = org.add_user(Account::person(number, sign_on, home, profile, created));
    org.people.push(person.clone());
    person
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
