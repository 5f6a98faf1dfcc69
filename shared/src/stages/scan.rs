//! Salesforce → observations.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::pin;

use futures::TryStreamExt;
use jiff::Timestamp;
use serde_json::Value;

use super::accounts::{Accounts, AccountsError};
use super::cursor::{Cursor, Span};
use super::snapshot;
use crate::clock::Clock;
use crate::detection::Lane;
use crate::messages::{ObservationBatch, SCHEMA_VERSION};
use crate::observation::{Login, Observation, OrgId, User, Verification};
use crate::salesforce::{Owned, Page, Rejected, Salesforce, SalesforceError, Sight, Whose};
use crate::store::{Expect, Outbox, Outgoing, Queue, Room, Store, StoreError, Table, Write};

/// A message's observations take at most this many bytes as JSON: SQS and EventBridge end at 256 KiB.
const MESSAGE_BYTES: usize = 200 * 1024;

/// The scan of one org.
pub struct Scan<'a> {
    /// Reads the org.
    pub salesforce: &'a Salesforce,
    /// Where cursors and snapshots are kept.
    pub store: &'a dyn Store,
    /// The way to the evaluation.
    pub outbox: &'a dyn Outbox,
    /// The time of reading.
    pub clock: &'a dyn Clock,
    /// The usernames of this tool's own identities.
    pub own: &'a [String],
}

/// How far a scan has come, for people who wait.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Rows read so far in this step.
    pub logins: u64,
    /// How far the history has been read.
    pub read_until: Timestamp,
}

/// What a step of a scan came to.
#[derive(Debug, Clone)]
pub struct Scanned {
    /// The org.
    pub org: OrgId,
    /// Logins sent on.
    pub logins: u64,
    /// Sessions sent on.
    pub sessions: usize,
    /// Rows that could not be read and were set aside.
    pub rejected: u64,
    /// Everything before this has been read.
    pub read_until: Timestamp,
    /// Whether the present has been reached; otherwise call again.
    pub caught_up: bool,
    /// What could not be seen, and why, as sentences.
    pub blind: Vec<String>,
}

/// Why a scan failed. What was sent on before stays so, and the next scan goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The scanning identity may not read the logins of others; what it sees would look clean and prove nothing.
    #[error("logins cannot be seen: {missing}; the org is not being watched")]
    Blind {
        /// What is missing.
        missing: String,
    },
    /// Salesforce failed.
    #[error(transparent)]
    Salesforce(#[from] SalesforceError),
    /// The store failed, or another scan of this org was faster.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Scan<'_> {
    /// Reads the next span of the login history, and once the present is reached also live sessions and identity
    /// verifications. The cursor moves only with what has been sent on: a crash repeats and never skips.
    pub async fn step(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Scanned, ScanError> {
        let sight = self.salesforce.visibility().await?;
        if let Sight::Blind { missing } = &sight.logins {
            return Err(ScanError::Blind { missing: missing.clone() });
        }
        let org = self.salesforce.org_id().await?;
        let now = self.clock.now();
        let mut sending = Sending::begin(self, org, now).await?;
        let span = sending.cursor.next_span(now);
        sending.scanned.caught_up = span.until == now;
        let checks = if sending.scanned.caught_up {
            self.checks(&mut sending, &sight.verifications).await?
        } else {
            VecDeque::new()
        };
        self.send_logins(&mut sending, span, checks, progress).await?;
        if sending.scanned.caught_up {
            self.send_sessions(&mut sending, &sight.sessions).await?;
        }
        Ok(sending.scanned)
    }

    /// Identity verifications up to the present, oldest first.
    async fn checks(
        &self,
        sending: &mut Sending,
        sight: &Sight,
    ) -> Result<VecDeque<Verification>, ScanError> {
        if let Sight::Blind { missing } = sight {
            sending.scanned.blind.push(format!("identity verifications cannot be seen: {missing}"));
            return Ok(VecDeque::new());
        }
        let span = sending.cursor.next_checks(sending.now);
        let mut checks = self.salesforce.verifications(span.from, span.until).await?;
        checks.sort_by_key(|check| check.time);
        Ok(checks.into())
    }

    /// Sends the span page by page, and each page with the verifications of its time: what belongs together is judged
    /// together. The verifications' own mark moves with the last page.
    async fn send_logins(
        &self,
        sending: &mut Sending,
        span: Span,
        mut checks: VecDeque<Verification>,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<(), ScanError> {
        let mut pages = pin!(self.salesforce.logins(span.from, span.until));
        while let Some(page) = pages.try_next().await? {
            let reached = page.rows.last().map_or(span.from, |login| login.time);
            self.send_page(sending, page, &mut checks, reached).await?;
            progress(Progress { logins: sending.scanned.logins, read_until: sending.scanned.read_until });
        }
        if sending.scanned.caught_up {
            sending.cursor.checked(span.until);
        }
        self.send_page(sending, Page::default(), &mut checks, span.until).await
    }

    async fn send_page(
        &self,
        sending: &mut Sending,
        page: Page<Login>,
        checks: &mut VecDeque<Verification>,
        reached: Timestamp,
    ) -> Result<(), ScanError> {
        let new: Vec<_> = page.rows.into_iter().filter(|login| sending.cursor.is_new(login)).collect();
        sending.cursor.advance(reached, new.iter());
        sending.scanned.read_until = sending.cursor.read_until;
        sending.scanned.logins += new.len() as u64;
        let aside = sending.set_aside(&page.rejected)?;
        let later = checks.partition_point(|check| check.time <= reached);
        let checks = checks.drain(..later).map(|check| Observation::Verification(Box::new(check)));
        let logins = new.into_iter().map(|login| Observation::Login(Box::new(login)));
        self.send(sending, logins.chain(checks).collect(), aside).await
    }

    async fn send_sessions(&self, sending: &mut Sending, sight: &Sight) -> Result<(), ScanError> {
        if let Sight::Blind { missing } = sight {
            sending.scanned.blind.push(format!("live sessions cannot be seen: {missing}"));
            return Ok(());
        }
        let found = self.salesforce.sessions(Whose::Everyone).await?;
        let others =
            found.into_iter().filter(|found| found.owned == Owned::ByOthers).map(|found| found.session);
        let live = others.filter(|session| session.expires() > sending.now).collect();
        let changes = snapshot::compare(self.store, &sending.scanned.org, live).await?;
        sending.scanned.sessions = changes.sessions.len();
        let observations =
            changes.sessions.into_iter().map(|session| Observation::Session(Box::new(session))).collect();
        self.send(sending, observations, changes.writes).await
    }

    /// Sends observations on, with the accounts they name, and moves the cursor in the same breath.
    async fn send(
        &self,
        sending: &mut Sending,
        observations: Vec<Observation>,
        mut then: Vec<Write>,
    ) -> Result<(), ScanError> {
        let ids: BTreeSet<_> = observations.iter().filter_map(|seen| seen.user().cloned()).collect();
        let (users, told) =
            sending.accounts.read_untold(self.store, self.salesforce, ids, sending.now).await?;
        let messages = sending.messages(observations, users)?;
        then.extend(told);
        then.push(sending.cursor.write(&sending.scanned.org, sending.version)?);
        self.outbox.send(messages, then).await?;
        sending.version = Some(sending.version.unwrap_or(0) + 1);
        Ok(())
    }
}

/// A step under way.
struct Sending {
    cursor: Cursor,
    version: Option<u64>,
    accounts: Accounts,
    now: Timestamp,
    scanned: Scanned,
}

impl Sending {
    async fn begin(scan: &Scan<'_>, org: OrgId, now: Timestamp) -> Result<Self, ScanError> {
        let (cursor, version) = Cursor::load(scan.store, &org, now).await?;
        let scanned = Scanned {
            org,
            logins: 0,
            sessions: 0,
            rejected: 0,
            read_until: cursor.read_until,
            caught_up: false,
            blind: Vec::new(),
        };
        Ok(Self { cursor, version, accounts: Accounts::of(&scanned.org, scan.own), now, scanned })
    }

    /// Rows that could not be read are kept for a person; the rest goes on.
    fn set_aside(&mut self, rejected: &[Rejected]) -> Result<Vec<Write>, StoreError> {
        self.scanned.rejected += rejected.len() as u64;
        let room: Room<BTreeMap<String, Value>> = Room::new(Table::Scan, &self.scanned.org, "quarantine");
        let write = |(number, row): (usize, &Rejected)| {
            let id = row.id.clone().unwrap_or_else(|| format!("{}/{number}", self.now));
            tracing::warn!(login.id = id, reason = row.reason, "A row of the login history was set aside");
            let note = BTreeMap::from([("reason".to_owned(), Value::from(row.reason.clone()))]);
            Write::put(room.key(&id), Expect::Any, &note)
        };
        rejected.iter().enumerate().map(write).collect()
    }

    /// Messages of one lane each, cut by their size. Accounts travel with the first.
    fn messages(
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
    let key = crate::store::Key::new(Table::Scan, &org, "queue", order.clone());
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

impl From<AccountsError> for ScanError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Salesforce(error) => Self::Salesforce(error),
            AccountsError::Store(error) => Self::Store(error),
        }
    }
}
