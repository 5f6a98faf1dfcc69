//! How far the login history of an org has been read.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::detection::{Lane, OVERLAP};
use crate::observation::{Login, LoginId, OrgId};
use crate::store::{Kept, Room, Store, StoreError, Table, Write};

/// Salesforce keeps login history for six months.
pub const HISTORY: SignedDuration = SignedDuration::from_hours(24 * 183);
/// On the first run logins of the last day are judged, older ones only teach.
const FIRST_JUDGED: SignedDuration = SignedDuration::from_hours(24);
/// History is read in slices of this width, so that a run that is stopped resumes near where it was.
const SLICE: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Ids remembered inside the overlap. Rows beyond these are sent again, and the evaluation knows them.
const RECENT: usize = 5_000;

/// How far the login history of an org has been read, and sent on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Everything before this has been read at least once.
    pub(super) read_until: Timestamp,
    /// Rows from here on are judged; older ones teach.
    live_from: Timestamp,
    /// Identity verifications before this have been sent.
    checked_until: Timestamp,
    /// Counts the sendings; names the messages.
    sequence: u64,
    /// Rows inside the overlap that were sent already.
    recent: BTreeMap<LoginId, Timestamp>,
}

/// The span that one step reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Cursor {
    fn room(org: &OrgId) -> Room<Self> {
        Room::new(Table::Scan, org, "cursors")
    }

    /// The org's cursor, or one that begins with all the history there is.
    pub(super) async fn load(
        store: &dyn Store,
        org: &OrgId,
        now: Timestamp,
    ) -> Result<(Self, Option<u64>), StoreError> {
        let kept: Option<Kept<Self>> = Self::room(org).get(store, "logins").await?;
        let begin = || Self {
            read_until: now - HISTORY,
            live_from: now - FIRST_JUDGED,
            checked_until: now - FIRST_JUDGED,
            sequence: 0,
            recent: BTreeMap::new(),
        };
        Ok(kept.map_or_else(|| (begin(), None), |kept| (kept.value, Some(kept.version))))
    }

    /// The next span: it begins an overlap before what was read, because rows appear late.
    pub(super) fn next_span(&self, now: Timestamp) -> Span {
        Span { from: self.read_until - OVERLAP, until: now.min(self.read_until + SLICE) }
    }

    /// The span of identity verifications that a step which reaches the present reads.
    pub(super) fn next_checks(&self, now: Timestamp) -> Span {
        Span { from: self.checked_until - OVERLAP, until: now }
    }

    /// Identity verifications before `until` have been sent.
    pub(super) fn checked(&mut self, until: Timestamp) {
        self.checked_until = until;
    }

    /// Whether a row is new to this cursor.
    pub(super) fn is_new(&self, login: &Login) -> bool {
        !self.recent.contains_key(&login.id)
    }

    /// Whether an instant is judged or only teaches.
    pub(super) fn lane(&self, time: Timestamp) -> Lane {
        if time >= self.live_from { Lane::Live } else { Lane::Teach }
    }

    /// The name of the next sending: messages are taken up in this order.
    pub(super) fn next_order(&mut self, number: usize) -> String {
        if number == 0 {
            self.sequence += 1;
        }
        format!("{:012}/{number:04}", self.sequence)
    }

    /// Moves to `read_until` and remembers the rows that a later span will meet again.
    pub(super) fn advance<'a>(&mut self, read_until: Timestamp, sent: impl Iterator<Item = &'a Login>) {
        self.read_until = self.read_until.max(read_until);
        self.recent.extend(sent.map(|login| (login.id.clone(), login.time)));
        let earliest = self.read_until - OVERLAP;
        self.recent.retain(|_, time| *time >= earliest);
        while self.recent.len() > RECENT {
            self.recent.pop_first();
        }
    }

    /// A write that holds only while nobody else has moved this cursor.
    pub(super) fn write(&self, org: &OrgId, known: Option<u64>) -> Result<Write, StoreError> {
        Self::room(org).put("logins", known, self)
    }
}
