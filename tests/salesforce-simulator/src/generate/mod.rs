//! An org with a past: people, machines, and half a year of logins by their habits. The same seed gives the same org.

mod accounts;
pub(crate) mod cities;
pub(crate) mod devices;
pub(crate) mod dice;
mod founding;
pub(crate) mod future;
pub(crate) mod integrations;
mod large;
mod names;
pub(crate) mod networks;
pub(crate) mod people;
pub(crate) mod present;
mod workday;

pub(crate) use accounts::Account;
pub use cities::City;
pub use large::{LargeSeed, generate_large};
pub(crate) use people::Person;

use crate::arrival::{Arrival, Challenge, Method, SUCCESS};
use crate::clock::{shifted, system, whole_seconds};
use crate::org::Org;
use dice::Dice;
use future::Future;
use integrations::INTEGRATIONS;
use jiff::Timestamp;
use workday::Workday;

const DAY: i64 = 86_400;

/// What an org is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// Everything random comes from this.
    pub seed: u64,
    /// How many users; at least 40 are made, for every kind to be there.
    pub users: usize,
    /// Days of history before `now`; Salesforce keeps six months.
    pub days: u32,
    /// Where the history ends.
    pub now: Timestamp,
}

impl Default for Seed {
    fn default() -> Self {
        Self { seed: 1, users: 240, days: 180, now: system() }
    }
}

/// Makes an org whose history ends at `seed.now`; its clock is the computer's. No campaign is launched.
pub fn generate(seed: &Seed) -> Org {
    generate_ahead(seed, 0)
}

/// Makes such an org whose people have plans for so many days after `seed.now`, and follow them as far as
/// [`Org::live_until`] asks.
pub fn generate_ahead(seed: &Seed, days: u32) -> Org {
    let now = whole_seconds(seed.now);
    let since = shifted(now, -i64::from(seed.days) * DAY);
    let mut org = founding::found(seed, since, now, shifted(now, i64::from(days) * DAY));
    let mut arrivals = history(seed, &org, since.as_second(), now.as_second());
    arrivals.retain(|arrival| since <= arrival.time && arrival.time <= now);
    arrivals.sort_by_key(|arrival| arrival.time);
    for arrival in arrivals {
        org.record(arrival);
    }
    present::furnish(&mut org, seed.seed, now);
    org.future = Future::after(seed.seed, now);
    org
}

/// Every month somebody in the first office tries whether the break-glass account still works.
fn drills(org: &Org, since: i64, now: i64, arrivals: &mut Vec<Arrival>) {
    let Some(user_id) = org.break_glass().map(|user| user.id) else { return };
    let mut at = since + 9 * DAY + 10 * 3_600;
    while let Some(time) = Timestamp::from_second(at).ok().filter(|_| at < now) {
        let (source, client) = (networks::office(0, 0), devices::plain(at.div_euclid(DAY)));
        let (method, status) = (Method::PASSWORD, SUCCESS);
        let challenge = Some(Challenge::PASSED);
        arrivals.push(Arrival { user_id, time, method, source, client, status, challenge });
        at += 30 * DAY;
    }
}

fn history(seed: &Seed, org: &Org, since: i64, now: i64) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    for person in &org.people {
        let mut dice = Dice::new(seed.seed, 1_000 + person.number as u64);
        for day in since.div_euclid(DAY) - 1..=now.div_euclid(DAY) + 1 {
            Workday::live(person, day, &mut dice, &mut arrivals);
        }
    }
    drills(org, since, now, &mut arrivals);
    for (vendor, integration) in INTEGRATIONS.iter().enumerate() {
        let Some(user) = org.user_by_name(&accounts::username(integration.name)) else { continue };
        let mut dice = Dice::new(seed.seed, 100 + vendor as u64);
        integration.run(vendor, user.id, (since, now), &mut dice, &mut arrivals);
    }
    arrivals
}
