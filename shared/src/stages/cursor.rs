//! How far the login history of an org has been read.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::counts::Counts;
use crate::detection::{Lane, OVERLAP};
use crate::observation::{Login, LoginId, OrgId};
use crate::salesforce::Page;
use crate::store::{Kept, Room, Store, StoreError, Table, Write};

/// Salesforce keeps login history for six months.
pub const HISTORY: SignedDuration = SignedDuration::from_hours(24 * 183);
/// On the first run logins of the last day are judged, older ones only teach.
const FIRST_JUDGED: SignedDuration = SignedDuration::from_hours(24);
/// Rows that are learned before anything is judged, the newest of the history: a few minutes of reading. All of it in
/// an org with up to 2,700 logins a day; what is older in a larger one teaches later, beside the live rows.
const FIRST_LESSON: u64 = 500_000;
/// Ids remembered inside the overlap. Rows beyond these are sent again, and the evaluation knows them.
const RECENT: usize = 5_000;
/// How long it is remembered how many rows were read when: as far back as late rows are looked for, and an hour.
pub(super) const COUNTED: SignedDuration = SignedDuration::from_hours(25);

/// How far the login history of an org has been read, and sent on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Everything before this has been read at least once, except what is `older`.
    pub(super) read_until: Timestamp,
    /// Rows from here on are judged; older ones teach.
    live_from: Timestamp,
    /// Identity verifications before this have been sent.
    checked_until: Timestamp,
    /// Counts the sendings; names the messages.
    sequence: u64,
    /// Rows inside the overlap that were sent already.
    recent: BTreeMap<LoginId, Timestamp>,
    /// History that still waits to teach.
    #[serde(default)]
    pub(super) older: Option<Span>,
    /// How much of the history has taught.
    #[serde(default)]
    pub(super) learned: Learned,
    /// Rows read of the last day, by their time.
    #[serde(default)]
    pub(super) counts: Counts,
    /// Rows before this were not all counted.
    #[serde(default)]
    counted_from: Option<Timestamp>,
    /// When rows that appeared late were last looked for.
    #[serde(default)]
    pub(super) looked_for_late: Option<Timestamp>,
}

/// How much of the history that only teaches was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Learned {
    pub(super) rows: u64,
    /// As counted when it began.
    pub(super) of: u64,
}

/// A span of time, its end not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Span {
    pub(super) fn width(self) -> SignedDuration {
        self.until.duration_since(self.from).max(SignedDuration::ZERO)
    }
}

impl Cursor {
    fn room(org: &OrgId) -> Room<Self> {
        Room::new(Table::Scan, org, "cursors")
    }

    /// The org's cursor and its version, if it was ever scanned.
    pub(super) async fn load(store: &dyn Store, org: &OrgId) -> Result<Option<Kept<Self>>, StoreError> {
        Self::room(org).get(store, "logins").await
    }

    /// What teaches on the first run.
    pub(super) fn history(now: Timestamp) -> Span {
        Span { from: now - HISTORY, until: now - FIRST_JUDGED }
    }

    /// The first cursor of an org in whose history `rows` were counted. What is learned before anything is judged is
    /// the newest of the history; what is older waits.
    pub(super) fn first(now: Timestamp, rows: u64) -> Self {
        let history = Self::history(now);
        let begin = if rows <= FIRST_LESSON {
            history.from
        } else {
            let part = FIRST_LESSON as f64 / rows as f64;
            history.until - SignedDuration::from_secs((history.width().as_secs_f64() * part) as i64)
        };
        let older = Span { from: history.from, until: begin };
        Self {
            read_until: begin,
            live_from: history.until,
            checked_until: history.until,
            sequence: 0,
            recent: BTreeMap::new(),
            older: Some(older).filter(|older| older.width() > SignedDuration::ZERO),
            learned: Learned { rows: 0, of: rows },
            counts: Counts::default(),
            looked_for_late: None,
            counted_from: None,
        }
    }

    /// What is to be read up to the present. It begins an overlap before what was read, because rows appear late; the
    /// first reading of all begins where the history does.
    pub(super) fn unread(&self, now: Timestamp) -> Span {
        let from = if self.sequence == 0 { self.read_until } else { self.read_until - OVERLAP };
        Span { from: Counts::begin(from), until: now }
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

    /// Takes note of rows that came, new or not; `reached` is where those stand whose time could not be read.
    pub(super) fn count(&mut self, page: &Page<Login>, reached: Timestamp) {
        let readable = page.rows.iter().map(|login| (login.time, 1));
        for (time, rows) in readable.chain([(reached, page.rejected.len() as u64)]) {
            if rows > 0 && self.counted_from.is_some_and(|from| time >= from) {
                self.counts.add(time, rows);
            }
        }
        let teaching =
            page.rows.iter().filter(|login| self.is_new(login) && self.lane(login.time) == Lane::Teach);
        self.learned.rows += teaching.count() as u64;
    }

    /// Where rows that appeared late are looked for now: where all were counted, and none is read again anyway. `None`
    /// while the last look is younger than `every`.
    pub(super) fn look_for_late(
        &self,
        now: Timestamp,
        every: SignedDuration,
        back: SignedDuration,
    ) -> Option<Span> {
        let is_due = self.looked_for_late.is_none_or(|last| now.duration_since(last) >= every);
        let from = Counts::begin(now - back).max(self.counted_from?);
        let span = Span { from, until: Counts::begin(now - OVERLAP) };
        (is_due && span.from < span.until).then_some(span)
    }

    /// Forgets how many rows were read of a span that is read again.
    pub(super) fn begin_counting(&mut self, span: Span) {
        let counted = span.until - COUNTED;
        self.counts.forget_before(counted);
        self.counts.reset(span);
        let from = self.counted_from.unwrap_or(span.from).max(Counts::begin(counted));
        self.counted_from = Some(from);
    }

    /// Moves to `read_until` and remembers the rows that a later span will meet again.
    pub(super) fn advance<'a>(&mut self, read_until: Timestamp, sent: impl Iterator<Item = &'a Login>) {
        self.read_until = self.read_until.max(read_until);
        self.recent.extend(sent.map(|login| (login.id.clone(), login.time)));
        let earliest = Counts::begin(self.read_until - OVERLAP);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_history_is_learned_from_its_new_end_and_the_rest_waits() {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let small = Cursor::first(now, FIRST_LESSON);
        assert_eq!((small.read_until, small.older), (now - HISTORY, None));
        let large = Cursor::first(now, FIRST_LESSON * 182);
        let day = SignedDuration::from_hours(24);
        assert_eq!(large.read_until, now - day - day);
        assert_eq!(large.older, Some(Span { from: now - HISTORY, until: now - day - day }));
        assert_eq!((large.lane(now - day), large.lane(now - day - day)), (Lane::Live, Lane::Teach));
    }
}
