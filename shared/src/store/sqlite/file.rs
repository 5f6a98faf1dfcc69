//! Opening the file: who may read it, whether it is a store, and of which version.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

/// Marks the file as a store of this program: "WRDN".
const APPLICATION_ID: i64 = 0x5752_444E;

/// Counts the changes to the layout below.
const SCHEMA_VERSION: i64 = 1;

const SCHEMA: &str = "CREATE TABLE records (
    tbl TEXT NOT NULL,
    partition TEXT NOT NULL,
    sort TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tbl, partition, sort)
) WITHOUT ROWID";

/// How long a process waits for another one's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Changing the journal mode does not wait for other processes by itself: this often, this long apart.
const JOURNAL_ATTEMPTS: u32 = 200;
const JOURNAL_PAUSE: Duration = Duration::from_millis(25);

pub(super) fn open(path: &Path) -> Result<Connection, String> {
    // SQLite gives `:memory:` and the empty name meanings of their own; an absolute path has none.
    let path = std::path::absolute(path).map_err(|error| error.to_string())?;
    make_private(&path).map_err(|error| error.to_string())?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&path, flags).map_err(|error| error.to_string())?;
    prepare(&mut connection)?;
    Ok(connection)
}

/// Makes what is missing; SQLite gives its journals the mode of the file.
#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    if let Some(directory) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::OpenOptions::new().append(true).create(true).open(path).map(drop)
}

fn prepare(connection: &mut Connection) -> Result<(), String> {
    let said = |error: rusqlite::Error| error.to_string();
    connection.busy_timeout(BUSY_TIMEOUT).map_err(said)?;
    // Nothing is changed in a file that turns out to be somebody else's.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(said)?;
    recognise(&transaction)?;
    transaction.commit().map_err(said)?;
    journal(connection).map_err(said)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(said)
}

fn recognise(transaction: &Transaction<'_>) -> Result<(), String> {
    match read_marks(transaction).map_err(|error| error.to_string())? {
        (0, 0, 0) => lay_out(transaction).map_err(|error| error.to_string()),
        (APPLICATION_ID, SCHEMA_VERSION, _) => Ok(()),
        (APPLICATION_ID, newer, _) => Err(format!(
            "its layout has version {newer}, this program knows version {SCHEMA_VERSION}: use a newer one"
        )),
        _ => Err("the file is a database of another program".to_owned()),
    }
}

fn read_marks(connection: &Connection) -> Result<(i64, i64, i64), rusqlite::Error> {
    let application = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables = connection.query_row("SELECT count(*) FROM sqlite_master", (), |row| row.get(0))?;
    Ok((application, version, tables))
}

fn lay_out(transaction: &Transaction<'_>) -> Result<(), rusqlite::Error> {
    transaction.execute(SCHEMA, ())?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)
}

/// A file system without shared memory keeps the old journal, which is slower and as safe.
fn journal(connection: &Connection) -> Result<(), rusqlite::Error> {
    let mut attempts = 0;
    loop {
        let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
        match mode {
            Err(error) if is_busy(&error) && attempts < JOURNAL_ATTEMPTS => attempts += 1,
            settled => return settled,
        }
        std::thread::sleep(JOURNAL_PAUSE);
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
