//! Rows in any order go in, rows in the order of time come out, and memory does not grow with their number.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::HistoryError;
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

/// Logins in a temporary database, readable by the owner alone, which is removed on drop.
#[derive(Debug)]
pub struct Spill {
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
        Ok(Self { connection, _directory: directory })
    }

    /// Adds a login; of several with the same time and id the one that says more is kept, in whichever order they come.
    pub fn insert(&self, login: &Login) -> Result<(), HistoryError> {
        let sql = "INSERT INTO logins (time, id, body) VALUES (?1, ?2, ?3) \
                   ON CONFLICT DO UPDATE SET body = max(body, excluded.body)";
        self.execute(sql, login).map(drop)
    }

    /// Adds a login whose id was made from its content: the same content again is another login, with another id.
    pub fn insert_repeat(&self, login: &Login) -> Result<(), HistoryError> {
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

    fn insert_new(&self, login: &Login) -> Result<usize, HistoryError> {
        self.execute("INSERT INTO logins (time, id, body) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", login)
    }

    fn execute(&self, sql: &str, login: &Login) -> Result<usize, HistoryError> {
        let body = serde_json::to_string(login)
            .map_err(|error| HistoryError::Spill { reason: error.to_string() })?;
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.execute(params![login.time.as_microsecond(), login.id.as_str(), body])?)
    }

    /// The time and address of a login, by its id.
    pub fn find(&self, id: &LoginId) -> Result<Option<(Timestamp, Source)>, HistoryError> {
        self.connection.execute_batch("CREATE INDEX IF NOT EXISTS by_id ON logins (id)")?;
        let mut statement =
            self.connection.prepare_cached("SELECT body FROM logins WHERE id = ?1 LIMIT 1")?;
        let body: Option<String> = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
        body.map(|body| parse(&body).map(|login| (login.time, login.source))).transpose()
    }

    /// The first and the last instant; `None` when there is no login.
    pub fn period(&self) -> Result<Option<(Timestamp, Timestamp)>, HistoryError> {
        let bounds = self.connection.query_row("SELECT min(time), max(time) FROM logins", (), |row| {
            Ok(row.get::<_, Option<i64>>(0)?.zip(row.get(1)?))
        })?;
        let instant = |microsecond| Timestamp::from_microsecond(microsecond).unwrap_or_default();
        Ok(bounds.map(|(first, last)| (instant(first), instant(last))))
    }

    /// Every login in the order of time and id. It may be asked for more than once.
    pub fn in_order(&self) -> InOrder<'_> {
        InOrder { spill: self, after: None, batch: Vec::new().into_iter(), end: End::Ahead }
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

/// Logins in the order of time and id, read in batches.
pub struct InOrder<'a> {
    spill: &'a Spill,
    after: Option<(i64, String)>,
    batch: std::vec::IntoIter<Stored>,
    end: End,
}

impl InOrder<'_> {
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

impl Iterator for InOrder<'_> {
    type Item = Result<Login, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_stored() {
            Ok(stored) => stored.map(|stored| parse(&stored.body)),
            Err(error) => {
                self.end = End::Reached;
                Some(Err(error.into()))
            }
        }
    }
}

fn parse(body: &str) -> Result<Login, HistoryError> {
    serde_json::from_str(body).map_err(|error| HistoryError::Spill { reason: error.to_string() })
}
