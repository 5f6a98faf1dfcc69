//! How much was contained, and how much more may be.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Readable, Target};
use crate::observation::OrgId;
use crate::policy::Caps;
use crate::store::{Kept, Key, Room, Store, StoreError, Table, Write};

/// Users, applications or orgs contained in one clock hour or calendar day, UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counter {
    users: u32,
}

/// What was reserved in the present hour and day, under the versions at which it was read.
#[derive(Debug, Clone)]
pub struct CapsUsage {
    room: Room<Counter>,
    hour: Counted,
    day: Counted,
    apps: Counted,
    orgs: Counted,
}

/// What a containment takes from the caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// So many users.
    Users(u32),
    /// One application, whoever uses it: two people have agreed to how many that are.
    App,
    /// Logging everybody off once.
    Org,
}

impl Charge {
    /// What a target takes.
    pub fn of(target: &Target) -> Self {
        match target {
            Target::Session { .. } | Target::User { .. } => Self::Users(1),
            Target::App { .. } => Self::App,
            Target::Org => Self::Org,
        }
    }
}

#[derive(Debug, Clone)]
struct Counted {
    sort: String,
    known: Option<u64>,
    users: u32,
}

/// The users that a percentage allows in a day: rounded down, and at least one.
pub fn percent_cap(percent: f64, active_users: u64) -> u64 {
    ((percent * active_users as f64 / 100.0).floor() as u64).max(1)
}

impl CapsUsage {
    /// What was reserved in the hour and day of `now`; `Err` inside when a counter cannot be read.
    pub async fn read(store: &dyn Store, org: &OrgId, now: Timestamp) -> Result<Readable<Self>, StoreError> {
        match Self::counters(store, org, now).await {
            Ok(usage) => Ok(Ok(usage)),
            Err(error @ StoreError::Unreadable { .. }) => Ok(Err(error.to_string())),
            Err(error) => Err(error),
        }
    }

    async fn counters(store: &dyn Store, org: &OrgId, now: Timestamp) -> Result<Self, StoreError> {
        let room = Room::new(Table::Contain, org, "caps");
        let hour = Counted::read(store, &room, now.strftime("hour/%Y-%m-%dT%H").to_string()).await?;
        let day = Counted::read(store, &room, now.strftime("day/%Y-%m-%d").to_string()).await?;
        let apps = Counted::read(store, &room, now.strftime("apps/%Y-%m-%d").to_string()).await?;
        let orgs = Counted::read(store, &room, now.strftime("org/%Y-%m-%d").to_string()).await?;
        Ok(Self { room, hour, day, apps, orgs })
    }

    /// Every cap that a charge more would exceed, as a clause.
    pub fn exceeded(&self, caps: &Caps, charge: Charge, active_users: u64) -> Vec<String> {
        match charge {
            Charge::Users(users) => self.exceeded_by_users(caps, users, active_users),
            Charge::App => above("applications in a day (caps.apps_per_day)", &self.apps, caps.apps_per_day),
            Charge::Org => {
                above("logouts of the whole org in a day (caps.org_per_day)", &self.orgs, caps.org_per_day)
            }
        }
    }

    fn exceeded_by_users(&self, caps: &Caps, users: u32, active_users: u64) -> Vec<String> {
        let (hour, day) = (total(self.hour.users, users), total(self.day.users, users));
        let percent = percent_cap(caps.percent_of_active_users, active_users);
        let limits = [
            (u64::from(users), u64::from(caps.per_request), "in one request (caps.per_request)"),
            (hour, u64::from(caps.per_hour), "in an hour (caps.per_hour)"),
            (day, u64::from(caps.per_day), "in a day (caps.per_day)"),
            (day, percent, "in a day (caps.percent_of_active_users)"),
        ];
        let exceeded = limits.into_iter().filter(|(wanted, allowed, _)| wanted > allowed);
        exceeded
            .map(|(wanted, allowed, what)| format!("{wanted} users {what}, {allowed} are allowed"))
            .collect()
    }

    /// The writes that reserve a charge more; they conflict when somebody else has reserved meanwhile.
    pub fn reserving(&self, charge: Charge) -> Result<Vec<Write>, StoreError> {
        let (counters, more) = match charge {
            Charge::Users(users) => (vec![&self.hour, &self.day], users),
            Charge::App => (vec![&self.apps], 1),
            Charge::Org => (vec![&self.orgs], 1),
        };
        counters.into_iter().map(|counted| counted.adding(&self.room, more)).collect()
    }

    /// Whether a record is one of the counters.
    pub fn holds(&self, key: &Key) -> bool {
        [&self.hour, &self.day, &self.apps, &self.orgs]
            .iter()
            .any(|counted| *key == self.room.key(&counted.sort))
    }

    /// Users reserved in the present hour and in the present day.
    pub fn used(&self) -> (u32, u32) {
        (self.hour.users, self.day.users)
    }
}

impl Counted {
    async fn read(store: &dyn Store, room: &Room<Counter>, sort: String) -> Result<Self, StoreError> {
        let kept: Option<Kept<Counter>> = room.get(store, &sort).await?;
        let known = kept.as_ref().map(|kept| kept.version);
        Ok(Self { sort, known, users: kept.map_or(0, |kept| kept.value.users) })
    }

    fn adding(&self, room: &Room<Counter>, users: u32) -> Result<Write, StoreError> {
        room.put(&self.sort, self.known, &Counter { users: self.users.saturating_add(users) })
    }
}

fn above(what: &str, counted: &Counted, allowed: u32) -> Vec<String> {
    let wanted = total(counted.users, 1);
    let exceeds = wanted > u64::from(allowed);
    exceeds.then(|| format!("{wanted} {what}, {allowed} are allowed")).into_iter().collect()
}

fn total(used: u32, more: u32) -> u64 {
    u64::from(used) + u64::from(more)
}

#[cfg(test)]
mod tests;
