//! Rows in any order go in, rows in the order of time come out, and memory does not grow with their number. Those that come in
//! order go to a file that is read as it was written; the others are sorted by a database.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::io;
use std::mem::swap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::HistoryError;
use super::in_turn::{InTurn, Rows, order};
use crate::observation::{Login, LoginId, Source};

/// Rows that are held in memory while they are streamed.
const BATCH: usize = 500;

/// The file is temporary: losing it in a crash loses nothing.
const LAYOUT: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA cache_size = -8000;
    CREATE TABLE logins (time INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (time, id))
        WITHOUT ROWID;
    CREATE TABLE repeats (id TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
    BEGIN;";

/// Logins in temporary files, readable by the owner alone, which are removed on drop.
#[derive(Debug)]
pub struct Spill {
    in_turn: InTurn,
    period: Option<(Timestamp, Timestamp)>,
    connection: Connection,
    _directory: tempfile::TempDir,
}

impl Spill {
    /// Opens an empty one in the directory for temporary files.
    pub fn open() -> Result<Self, HistoryError> {
        let made = tempfile::Builder::new().prefix("warden-").tempdir();
        let directory = made.map_err(|error| HistoryError::Spill { reason: error.to_string() })?;
        let connection = Connection::open(directory.path().join("logins.sqlite"))?;
        connection.execute_batch(LAYOUT)?;
        let in_turn = InTurn::create(directory.path().join("in-turn")).map_err(lost)?;
        Ok(Self { in_turn, period: None, connection, _directory: directory })
    }

    /// Adds a login; of several with the same time and id the one that says more is kept, in whichever order they come.
    pub fn insert(&mut self, login: &Login) -> Result<(), HistoryError> {
        self.reach(login.time);
        if self.in_turn.takes(login).map_err(lost)? {
            return Ok(());
        }
        let sql = "INSERT INTO logins (time, id, body) VALUES (?1, ?2, ?3) \
                   ON CONFLICT DO UPDATE SET body = max(body, excluded.body)";
        self.execute(sql, login).map(drop)
    }

    /// Adds a login whose id was made from its content: the same content again is another login, with another id.
    pub fn insert_repeat(&mut self, login: &Login) -> Result<(), HistoryError> {
        self.reach(login.time);
        if self.insert_new(login)? > 0 {
            return Ok(());
        }
        let sql = "INSERT INTO repeats (id, count) VALUES (?1, 2) \
                   ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count";
        let count: i64 = {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_row([login.id.as_str()], |row| row.get(0))?
        };
        let id = LoginId::new(format!("{}-{count}", login.id));
        self.insert_new(&Login { id, ..login.clone() }).map(drop)
    }

    fn reach(&mut self, time: Timestamp) {
        let (first, last) = self.period.unwrap_or((time, time));
        self.period = Some((first.min(time), last.max(time)));
    }

    fn insert_new(&self, login: &Login) -> Result<usize, HistoryError> {
        self.execute("INSERT INTO logins (time, id, body) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", login)
    }

    fn execute(&self, sql: &str, login: &Login) -> Result<usize, HistoryError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.execute(params![login.time.as_microsecond(), login.id.as_str(), body(login)?])?)
    }

    /// The time and address of those of these logins that are there.
    pub fn find(
        &self,
        ids: &HashSet<&LoginId>,
    ) -> Result<HashMap<LoginId, (Timestamp, Source)>, HistoryError> {
        let mut found = HashMap::new();
        for login in self.in_order() {
            let login = login?;
            if ids.contains(&login.id) {
                found.entry(login.id).or_insert((login.time, login.source));
            }
        }
        Ok(found)
    }

    /// The first and the last instant; `None` when there is no login.
    pub fn period(&self) -> Option<(Timestamp, Timestamp)> {
        self.period
    }

    /// Every login in the order of time and id. It may be asked for more than once.
    pub fn in_order(&self) -> InOrder<'_> {
        let sorted = Sorted { spill: self, after: None, batch: Vec::new().into_iter(), end: End::Ahead };
        InOrder { spill: self, in_turn: None, sorted, came: None, late: None }
    }

    fn batch_after(&self, after: Option<&(i64, String)>) -> Result<Vec<Stored>, rusqlite::Error> {
        let sql = "SELECT time, id, body FROM logins WHERE (time, id) > (?1, ?2) ORDER BY time, id LIMIT ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let (time, id) = after.map_or((i64::MIN, ""), |(time, id)| (*time, id.as_str()));
        let rows = statement
            .query_map(params![time, id, i64::try_from(BATCH).unwrap_or(i64::MAX)], |row| {
                Ok(Stored { key: (row.get(0)?, row.get(1)?), body: row.get(2)? })
            })?;
        rows.collect()
    }
}

struct Stored {
    key: (i64, String),
    body: String,
}

enum End {
    Ahead,
    Reached,
}

/// Those that the database sorts, read in batches.
struct Sorted<'a> {
    spill: &'a Spill,
    after: Option<(i64, String)>,
    batch: std::vec::IntoIter<Stored>,
    end: End,
}

impl Sorted<'_> {
    fn next_login(&mut self) -> Result<Option<Login>, HistoryError> {
        let stored = self.next_stored().inspect_err(|_| self.end = End::Reached)?;
        stored.map(|stored| parse(&stored.body)).transpose()
    }

    fn next_stored(&mut self) -> Result<Option<Stored>, rusqlite::Error> {
        if let Some(stored) = self.batch.next() {
            return Ok(Some(stored));
        }
        if matches!(self.end, End::Reached) {
            return Ok(None);
        }
        let batch = self.spill.batch_after(self.after.as_ref())?;
        if batch.len() < BATCH {
            self.end = End::Reached;
        }
        self.after = batch.last().map(|stored| stored.key.clone());
        self.batch = batch.into_iter();
        Ok(self.batch.next())
    }
}

/// Logins in the order of time and id.
pub struct InOrder<'a> {
    spill: &'a Spill,
    /// `None` before the first is asked for.
    in_turn: Option<Rows<'a>>,
    sorted: Sorted<'a>,
    /// The next that came in turn.
    came: Option<Login>,
    /// The next of the others.
    late: Option<Login>,
}

impl InOrder<'_> {
    fn next_login(&mut self) -> Result<Option<Login>, HistoryError> {
        if self.in_turn.is_none() {
            self.in_turn = Some(self.spill.in_turn.rows().map_err(lost)?);
            self.came = self.next_in_turn()?;
            self.late = self.sorted.next_login()?;
        }
        let order = match (&self.came, &self.late) {
            (_, None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(came), Some(late)) => order(came, late),
        };
        let (mut came, mut late) = (None, None);
        if order.is_le() {
            came = self.next_in_turn()?;
            swap(&mut came, &mut self.came);
        }
        if order.is_ge() {
            late = self.sorted.next_login()?;
            swap(&mut late, &mut self.late);
        }
        Ok(match (came, late) {
            (Some(came), Some(late)) if says_more(&late, &came)? => Some(late),
            (came, late) => came.or(late),
        })
    }

    fn next_in_turn(&mut self) -> Result<Option<Login>, HistoryError> {
        self.in_turn.as_mut().map_or(Ok(None), Rows::next).map_err(lost)
    }
}

impl Iterator for InOrder<'_> {
    type Item = Result<Login, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_login().transpose()
    }
}

/// As [`Spill::insert`] says.
fn says_more(one: &Login, other: &Login) -> Result<bool, HistoryError> {
    Ok(body(one)? > body(other)?)
}

fn body(login: &Login) -> Result<String, HistoryError> {
    serde_json::to_string(login).map_err(|error| HistoryError::Spill { reason: error.to_string() })
}

#[expect(clippy::needless_pass_by_value, reason = "the form of map_err")]
fn lost(error: io::Error) -> HistoryError {
    HistoryError::Spill { reason: error.to_string() }
}

fn parse(body: &str) -> Result<Login, HistoryError> {
    serde_json::from_str(body).map_err(|error| HistoryError::Spill { reason: error.to_string() })
}
