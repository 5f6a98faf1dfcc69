//! The SQL.

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use serde_json::Value;

use crate::store::{Expect, Key, Record, StoreError, Write};

/// What may go wrong in a job: with the database, or with what was asked of it.
pub(super) enum Problem {
    Database(rusqlite::Error),
    Store(StoreError),
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// A record whose body is still text.
pub(super) struct Row {
    key: Key,
    version: i64,
    body: String,
}

impl Row {
    pub(super) fn into_record(self) -> Result<Record, StoreError> {
        match serde_json::from_str(&self.body) {
            Ok(body) => Ok(Record { key: self.key, version: self.version.unsigned_abs(), body }),
            Err(error) => Err(StoreError::Unreadable { key: self.key, reason: error.to_string() }),
        }
    }
}

pub(super) fn get(connection: &Connection, key: &Key) -> Result<Option<Row>, Problem> {
    let sql = "SELECT version, body FROM records WHERE tbl = ?1 AND partition = ?2 AND sort = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let row = statement.query_row(params![key.table.name(), key.partition, key.sort], |row| {
        Ok(Row { key: key.clone(), version: row.get(0)?, body: row.get(1)? })
    });
    Ok(row.optional()?)
}

pub(super) fn list(connection: &Connection, start: &Key, limit: usize) -> Result<Vec<Row>, Problem> {
    let sql = "SELECT sort, version, body FROM records \
               WHERE tbl = ?1 AND partition = ?2 AND sort > ?3 ORDER BY sort LIMIT ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows =
        statement.query_map(params![start.table.name(), start.partition, start.sort, limit], |row| {
            let key = Key { sort: row.get(0)?, ..start.clone() };
            Ok(Row { key, version: row.get(1)?, body: row.get(2)? })
        })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn write(connection: &Connection, write: &Write) -> Result<(), Problem> {
    let (key, happened) = match write {
        Write::Put { key, expect, body } => (key, put(connection, key, *expect, body)?),
        Write::Delete { key, expect } => (key, delete(connection, key, *expect)?),
    };
    match happened {
        Happened::Yes => Ok(()),
        Happened::No => Err(Problem::Store(StoreError::Conflict(key.clone()))),
    }
}

/// Whether what was expected held, so that the change was made.
enum Happened {
    Yes,
    No,
}

impl Happened {
    fn from_rows(changed: usize) -> Self {
        if changed == 0 { Self::No } else { Self::Yes }
    }
}

fn put(connection: &Connection, key: &Key, expect: Expect, body: &Value) -> Result<Happened, Problem> {
    let (table, body) = (key.table.name(), body.to_string());
    let changed = match expect {
        Expect::Absent => prepare(connection, INSERT)?.execute(params![table, key.partition, key.sort, body]),
        Expect::Any => prepare(connection, UPSERT)?.execute(params![table, key.partition, key.sort, body]),
        Expect::Version(version) => {
            let version = stored(version);
            prepare(connection, UPDATE)?.execute(params![table, key.partition, key.sort, body, version])
        }
    };
    Ok(Happened::from_rows(changed?))
}

fn delete(connection: &Connection, key: &Key, expect: Expect) -> Result<Happened, Problem> {
    let (table, partition, sort) = (key.table.name(), &key.partition, &key.sort);
    match expect {
        Expect::Absent => Ok(get(connection, key)?.map_or(Happened::Yes, |_| Happened::No)),
        Expect::Any => {
            prepare(connection, DELETE)?.execute(params![table, partition, sort])?;
            Ok(Happened::Yes)
        }
        Expect::Version(version) => {
            let mut statement = prepare(connection, DELETE_VERSION)?;
            Ok(Happened::from_rows(statement.execute(params![table, partition, sort, stored(version)])?))
        }
    }
}

const INSERT: &str = "INSERT INTO records (tbl, partition, sort, version, body) VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT DO NOTHING";
const UPSERT: &str = "INSERT INTO records (tbl, partition, sort, version, body) VALUES (?1, ?2, ?3, 1, ?4) \
                      ON CONFLICT DO UPDATE SET version = version + 1, body = excluded.body";
const UPDATE: &str = "UPDATE records SET version = version + 1, body = ?4 \
                      WHERE tbl = ?1 AND partition = ?2 AND sort = ?3 AND version = ?5";
const DELETE: &str = "DELETE FROM records WHERE tbl = ?1 AND partition = ?2 AND sort = ?3";
const DELETE_VERSION: &str =
    "DELETE FROM records WHERE tbl = ?1 AND partition = ?2 AND sort = ?3 AND version = ?4";

fn prepare<'a>(connection: &'a Connection, sql: &str) -> Result<CachedStatement<'a>, rusqlite::Error> {
    connection.prepare_cached(sql)
}

/// No record has a version beyond SQLite's integers; -1 is no record's version either.
fn stored(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(-1)
}
