//! What a scan sends on, with the cursor in the same breath.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::accounts::Accounts;
use super::cursor::{Cursor, Learned};
use super::scan::{Progress, Scan, ScanError, Scanned};
use crate::detection::Lane;
use crate::messages::{ObservationBatch, SCHEMA_VERSION};
use crate::observation::{Observation, OrgId, User};
use crate::salesforce::{Ability, Rejected, Role, Sight, Visibility, Weight};
use crate::store::{Expect, Key, Outgoing, Queue, Room, StoreError, Table, Write};

/// What a message carries takes at most this many bytes as JSON: SQS and EventBridge end at 256 KiB.
const MESSAGE_BYTES: usize = 200 * 1024;

/// A step under way.
pub(super) struct Sending {
    pub(super) cursor: Cursor,
    pub(super) version: Option<u64>,
    pub(super) accounts: Accounts,
    pub(super) now: Timestamp,
    pub(super) scanned: Scanned,
}

impl Sending {
    /// Takes up the org's cursor; on the first run the history is counted, to know what it takes to learn it.
    pub(super) async fn begin(scan: &Scan<'_>, org: OrgId, now: Timestamp) -> Result<Self, ScanError> {
        let (cursor, version) = if let Some(kept) = Cursor::load(scan.store, &org).await? {
            (kept.value, Some(kept.version))
        } else {
            let history = Cursor::history(now);
            let rows = scan.salesforce.login_count(history.from, history.until).await?;
            (Cursor::first(now, rows), None)
        };
        let scanned = Scanned {
            org,
            logins: 0,
            late: 0,
            sessions: 0,
            tokens: 0,
            rejected: 0,
            read_until: cursor.read_until,
            caught_up: false,
            blind: Vec::new(),
            unseen: Vec::new(),
            off: Vec::new(),
        };
        Ok(Self { cursor, version, accounts: Accounts::of(&scanned.org, scan.own), now, scanned })
    }

    /// Whether to look; what cannot be seen, and what is not looked at by choice, is told.
    pub(super) fn sees(&mut self, sight: &Visibility, ability: Ability, what: &str) -> bool {
        match sight.of(ability) {
            Sight::Seeing => return true,
            Sight::Blind { missing } if ability.weight(Role::Scanner) == Some(Weight::Needed) => {
                self.scanned.blind.push(format!(
                    "{what} cannot be seen: {missing} is missing; give it, or name `{ability}` under `off` in the \
                     connection document"
                ));
            }
            Sight::Blind { missing } => {
                self.scanned.unseen.push(format!("{what} cannot be seen: {missing} is missing"));
            }
            Sight::Off => self.scanned.off.push(ability),
        }
        false
    }

    pub(super) fn progress(&self) -> Progress {
        let Learned { rows, of } = self.cursor.learned;
        Progress {
            logins: self.scanned.logins,
            read_until: self.scanned.read_until,
            learned: rows,
            to_learn: of,
        }
    }

    /// Rows that could not be read are kept for a person; the rest goes on.
    pub(super) fn set_aside(&mut self, rejected: &[Rejected]) -> Result<Vec<Write>, StoreError> {
        self.scanned.rejected += rejected.len() as u64;
        let room: Room<BTreeMap<String, Value>> = Room::new(Table::Scan, &self.scanned.org, "quarantine");
        let write = |(number, row): (usize, &Rejected)| {
            let id = row.id.clone().unwrap_or_else(|| format!("{}/{number}", self.now));
            tracing::warn!(row.id = id, reason = row.reason, "A row was set aside");
            let note = BTreeMap::from([("reason".to_owned(), Value::from(row.reason.clone()))]);
            Write::put(room.key(&id), Expect::Any, &note)
        };
        rejected.iter().enumerate().map(write).collect()
    }

    /// Messages of one lane each, cut by their size. Accounts travel with the first, or before it.
    pub(super) fn messages(
        &mut self,
        observations: Vec<Observation>,
        users: Vec<User>,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let (live, teach): (Vec<_>, Vec<_>) =
            observations.into_iter().partition(|seen| self.cursor.lane(seen.position().time) == Lane::Live);
        let lanes = [(Lane::Teach, teach), (Lane::Live, live)];
        let message =
            |(number, batch): (usize, ObservationBatch)| outgoing(self.cursor.next_order(number), &batch);
        batches(&self.scanned.org, lanes, users).into_iter().enumerate().map(message).collect()
    }
}

fn batches(org: &OrgId, lanes: [(Lane, Vec<Observation>); 2], users: Vec<User>) -> Vec<ObservationBatch> {
    let batch = |lane, observations, users| {
        let org_id = org.clone();
        ObservationBatch { schema_version: SCHEMA_VERSION, org_id, lane, observations, users }
    };
    let mut users = cut(users, 0);
    let mut last = users.pop().unwrap_or_default();
    // Nothing is learned of accounts alone, in whichever lane.
    let mut batches: Vec<_> = users.into_iter().map(|users| batch(Lane::Teach, Vec::new(), users)).collect();
    for (lane, observations) in lanes.into_iter().filter(|(_, observations)| !observations.is_empty()) {
        let taken = last.iter().map(size).sum();
        for observations in cut(observations, taken) {
            batches.push(batch(lane, observations, std::mem::take(&mut last)));
        }
    }
    batches
}

fn outgoing(order: String, batch: &ObservationBatch) -> Result<Outgoing, StoreError> {
    let org = batch.org_id.clone();
    let key = Key::new(Table::Scan, &org, "queue", order.clone());
    let body = serde_json::to_value(batch)
        .map_err(|error| StoreError::Unreadable { key, reason: error.to_string() })?;
    Ok(Outgoing { queue: Queue::Observations, org, order, body })
}

/// Cuts a list so that each part stays below the size of a message; the first shares its message with what is `taken`.
fn cut<T: Serialize>(items: Vec<T>, taken: usize) -> Vec<Vec<T>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = taken;
    for item in items {
        let size = size(&item);
        if bytes > 0 && bytes + size > MESSAGE_BYTES {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.push(item);
        }
    }
    parts
}

/// As JSON, with a comma.
fn size<T: Serialize>(item: &T) -> usize {
    serde_json::to_vec(item).map_or(0, |json| json.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{AccountDetails, AccountKind, UserId};

    fn user(number: usize) -> User {
        User {
            id: UserId::new(format!("005{number:012}")),
            username: format!("{}@acme.example", "u".repeat(70)),
            name: String::new(),
            is_active: true,
            profile: String::new(),
            kind: AccountKind::Human,
            details: AccountDetails::default(),
        }
    }

    fn verification(number: usize) -> Observation {
        Observation::Verification(Box::new(
            serde_json::from_value(serde_json::json!({
                "id": format!("0LE{number:012}"), "user_id": format!("005{number:012}"), "time": "2026-11-02T12:00:00Z",
                "source": "198.51.100.7", "activity": "Login", "method": "Totp", "status": "Succeeded",
            }))
            .unwrap(),
        ))
    }

    #[test]
    fn accounts_come_no_later_than_what_names_them_and_no_message_is_too_large() {
        for (accounts, seen) in [(0, 1), (1, 1), (1, 3_000), (700, 5), (3_000, 2_000)] {
            let org = OrgId::new("00D000000000001EAA");
            let live = (0..seen).map(verification).collect();
            let lanes = [(Lane::Teach, Vec::new()), (Lane::Live, live)];
            let batches = batches(&org, lanes, (0..accounts).map(user).collect());
            let users: usize = batches.iter().map(|batch| batch.users.len()).sum();
            let observations: usize = batches.iter().map(|batch| batch.observations.len()).sum();
            assert_eq!((users, observations), (accounts, seen));
            let last = batches.iter().rposition(|batch| !batch.users.is_empty()).unwrap_or(0);
            assert!(batches[..last].iter().all(|batch| batch.observations.is_empty()), "{accounts} {seen}");
            for batch in &batches {
                assert!(serde_json::to_vec(batch).unwrap().len() < 256 * 1024, "{accounts} {seen}");
            }
        }
    }
}
