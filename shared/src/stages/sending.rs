//! What a scan sends on, with the cursor in the same breath.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::accounts::Accounts;
use super::cursor::{Cursor, Learned};
use super::scan::{Progress, Scan, ScanError, Scanned};
use crate::detection::Lane;
use crate::messages::{ObservationBatch, SCHEMA_VERSION};
use crate::observation::{Observation, OrgId, User};
use crate::salesforce::{Ability, Rejected, Role, Sight, Visibility, Weight};
use crate::store::{Expect, Key, Outgoing, Queue, Room, StoreError, Table, Write};

/// A message's observations take at most this many bytes as JSON: SQS and EventBridge end at 256 KiB.
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

    /// Messages of one lane each, cut by their size. Accounts travel with the first.
    pub(super) fn messages(
        &mut self,
        observations: Vec<Observation>,
        mut users: Vec<User>,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let (live, teach): (Vec<_>, Vec<_>) =
            observations.into_iter().partition(|seen| self.cursor.lane(seen.position().time) == Lane::Live);
        let mut messages = Vec::new();
        for (lane, observations) in [(Lane::Teach, teach), (Lane::Live, live)] {
            for observations in cut(observations) {
                let order = self.cursor.next_order(messages.len());
                let users = std::mem::take(&mut users);
                let org_id = self.scanned.org.clone();
                let batch =
                    ObservationBatch { schema_version: SCHEMA_VERSION, org_id, lane, observations, users };
                messages.push(outgoing(order, &batch)?);
            }
        }
        Ok(messages)
    }
}

fn outgoing(order: String, batch: &ObservationBatch) -> Result<Outgoing, StoreError> {
    let org = batch.org_id.clone();
    let key = Key::new(Table::Scan, &org, "queue", order.clone());
    let body = serde_json::to_value(batch)
        .map_err(|error| StoreError::Unreadable { key, reason: error.to_string() })?;
    Ok(Outgoing { queue: Queue::Observations, org, order, body })
}

/// Cuts a list so that each part stays below the size of a message.
fn cut(observations: Vec<Observation>) -> Vec<Vec<Observation>> {
    let mut parts: Vec<Vec<Observation>> = Vec::new();
    let mut bytes = MESSAGE_BYTES;
    for observation in observations {
        let size = serde_json::to_vec(&observation).map_or(0, |json| json.len() + 1);
        if bytes + size > MESSAGE_BYTES {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.push(observation);
        }
    }
    parts
}
