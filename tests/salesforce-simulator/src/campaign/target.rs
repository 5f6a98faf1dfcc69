//! Whom an attack hits, and from where.

use crate::arrival::{Arrival, Client, Method, Source};
use crate::generate::Person;
use crate::generate::cities::{STRANGE, city};
use crate::generate::networks;
use crate::generate::people::SignOn;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

/// A member of staff with this sign-on who is active, not an administrator and not yet attacked.
pub(super) fn staff(org: &Org, sign_on: SignOn, now: Timestamp) -> Option<Person> {
    let today = now.as_second().div_euclid(86_400);
    let settled = |person: &&Person| person.trip(today).is_none() && person.joined < today - 60;
    let fitting =
        || org.people.iter().filter(|person| person.sign_on == sign_on && active(org, person.user_id));
    let plain = || fitting().filter(|person| person.number >= 4).filter(settled);
    let fresh = plain().find(|person| !attacked(org, person.user_id));
    fresh.or_else(|| plain().next()).or_else(|| fitting().next()).or(org.people.first()).cloned()
}

fn active(org: &Org, user_id: Id) -> bool {
    org.user(&user_id).is_some_and(|user| user.is_active()) && !org.is_frozen(&user_id)
}

pub(super) fn attacked(org: &Org, user_id: Id) -> bool {
    org.campaigns.iter().any(|campaign| campaign.user_id == user_id) || org.innocents.contains(&user_id)
}

/// Hosting nobody has used, a new block for every campaign.
pub(super) fn hideout(org: &Org) -> Source {
    let campaign = org.campaigns.len();
    networks::hosting(STRANGE.start + campaign % STRANGE.len(), campaign, 40)
}

/// Two such networks in the strange city farthest from `home`.
pub(super) fn far_hideouts(org: &Org, home: usize) -> (Source, Source) {
    let away = |place: &usize| city(*place).kilometres_to(city(home));
    let place = STRANGE.max_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or(STRANGE.start);
    let campaign = org.campaigns.len();
    (networks::hosting(place, campaign, 40), networks::hosting(place, campaign + 64, 117))
}

pub(super) fn browser() -> Client {
    Client {
        application: "Browser".into(),
        browser: "Chrome 109".into(),
        platform: "Linux".into(),
        api: None,
    }
}

pub(super) fn arrival(
    user_id: Id,
    time: Timestamp,
    method: Method,
    source: &Source,
    client: &Client,
) -> Arrival {
    let (source, client) = (source.clone(), client.clone());
    Arrival { user_id, time, method, source, client, status: crate::arrival::SUCCESS, challenge: None }
}

pub(super) fn access_token(org: &Org, session: Option<&Id>) -> String {
    let session = session.and_then(|id| org.sessions.get(id));
    session.and_then(|session| session.access_token.clone()).unwrap_or_default()
}
