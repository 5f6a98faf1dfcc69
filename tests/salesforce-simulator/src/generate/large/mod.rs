//! An org of any size, with a past that is computed when it is looked at: each login row is a function of the seed and
//! its place, each user of the seed and his number. Nothing of it is held.
//!
//! It is a coarser world than [`generate`](super::generate) makes. The org has its hours and its weekends, a person has
//! a home, an office and devices of his own; but nobody keeps hours of his own, travels, is hired or leaves.

mod crowd;
mod habits;
mod past;
mod rhythm;

use super::dice::Dice;
use super::founding::found;
use super::integrations::{GrantKind, INTEGRATIONS};
use super::{DAY, Seed, accounts, present};
use crate::clock::{shifted, system, whole_seconds};
use crate::lazy::{Lazy, Source};
use crate::objects::login_history::Login;
use crate::objects::user::Activity;
use crate::org::Org;
use crowd::Crowd;
use jiff::Timestamp;
use past::Past;
use rhythm::Rhythm;
use std::sync::Arc;

/// Users who are held like those of any org: campaigns and harmless oddities play among them.
const HELD: usize = 240;
/// The latest logins of the past, whose sessions may still be open.
const RECENT: u32 = 2_000;

/// What a large org is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LargeSeed {
    /// Everything random comes from this.
    pub seed: u64,
    /// How many users; at least 240 are made.
    pub users: u32,
    /// How many login rows; None for about two and a half a user and day. At most 4,294,967,295.
    pub logins: Option<u32>,
    /// Days of history before `now`; Salesforce keeps six months.
    pub days: u32,
    /// Where the history ends.
    pub now: Timestamp,
}

impl Default for LargeSeed {
    fn default() -> Self {
        Self { seed: 1, users: 100_000, logins: Some(10_000_000), days: 180, now: system() }
    }
}

impl LargeSeed {
    fn rows(&self) -> u32 {
        let habitual = u64::from(self.users) * u64::from(self.days) * 5 / 2;
        self.logins.unwrap_or_else(|| u32::try_from(habitual).unwrap_or(u32::MAX))
    }
}

/// Makes an org whose lazy history ends at `seed.now`; its clock is the computer's. No campaign is launched.
pub fn generate_large(seed: &LargeSeed) -> Org {
    let now = whole_seconds(seed.now);
    let since = shifted(now, -i64::from(seed.days) * DAY);
    let held = Seed { seed: seed.seed, users: HELD, days: seed.days, now };
    let mut org = found(&held, since, now, now);
    settle(&mut org, since);
    let others = seed.users.saturating_sub(org.users.len() as u32);
    let rhythm = Rhythm::new(seed.seed, since, seed.days, seed.rows());
    let past = Arc::new(Past::new(&org, seed.seed, rhythm, others));
    let crowd = Arc::new(Crowd::new(&org, Arc::clone(&past)));
    org.users.push_lazily(others, crowd.clone());
    org.user_logins.push_lazily(others, crowd.clone());
    org.assignments.push_lazily(others, crowd);
    org.geos = Some(Arc::new(Lazy::new(1, seed.rows(), past.clone())));
    org.geo_count = u64::from(seed.rows());
    org.logins.push_lazily(seed.rows(), past.clone());
    last_logins(&mut org, &past);
    furnish(&mut org, &past, seed.seed, now);
    org
}

/// Nobody comes, goes or travels during the past.
fn settle(org: &mut Org, since: Timestamp) {
    for person in &mut org.people {
        person.joined = since.as_second().div_euclid(DAY) - 400;
        person.left = None;
        person.trips.clear();
        person.holidays.clear();
        if let Some(user) = org.users.get_mut(&person.user_id) {
            user.activity = Activity::Active;
        }
    }
}

fn last_logins(org: &mut Org, past: &Past) {
    let ids: Vec<_> = org.users().iter().map(|user| user.id).collect();
    for id in ids {
        let last = past.last_success(&id);
        if let Some(user) = org.users.get_mut(&id) {
            user.last_login = last;
        }
    }
}

fn furnish(org: &mut Org, past: &Past, seed: u64, now: Timestamp) {
    let mut dice = Dice::new(seed, 1);
    let serials = tokens(org, past, &mut dice);
    let since = shifted(now, -present::RECENT_SECONDS);
    let latest = (past.rows().saturating_sub(RECENT)..past.rows()).map(|place| -> Login { past.make(place) });
    let recent = latest.filter(|login| login.succeeded() && login.login_time >= since);
    let recent: Vec<Arc<Login>> = recent.map(Arc::new).collect();
    present::open(org, &recent, now, &serials, &mut dice);
}

/// One for every vendor that holds a refresh token, and for every held person with the app on his phone.
fn tokens(org: &mut Org, past: &Past, dice: &mut Dice) -> present::Serials {
    let vendors = INTEGRATIONS.iter().filter(|integration| integration.grant == GrantKind::Refresh);
    let vendors = vendors.filter_map(|integration| {
        Some((org.user_by_name(&accounts::username(integration.name))?.id, integration.app))
    });
    let people = org.people.iter().filter_map(|person| Some((person.user_id, person.app?)));
    let holders: Vec<_> = vendors.chain(people).collect();
    let mut serials = present::Serials::new();
    for (user_id, app) in holders {
        let Some((count, first, last)) = past.refreshes(&user_id) else { continue };
        let created = shifted(first, -dice.within(60..90 * DAY));
        let serial = present::add_token(org, user_id, app, created, count, Some(last));
        serials.insert((user_id, app.to_owned()), serial);
    }
    serials
}
