//! The store of one machine: a SQLite file that any number of processes may share.

mod file;
mod statements;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rusqlite::{Connection, TransactionBehavior};

use super::{Key, Record, Store, StoreError, Table, Write, each_record_once};
use statements::{Problem, Row};

/// Records in a SQLite file, durable when a write returns.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    name: String,
    connection: Arc<Mutex<Connection>>,
}

impl SqliteStore {
    /// Opens the file; makes it (mode 0600) and its directory (mode 0700) if they are not there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] names the file: no access, not a store, damaged, or written by a newer version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let name = format!("sqlite:{}", path.as_ref().display());
        match file::open(path.as_ref()) {
            Ok(connection) => Ok(Self { name, connection: Arc::new(Mutex::new(connection)) }),
            Err(reason) => Err(StoreError::Unavailable { store: name, reason }),
        }
    }

    /// Runs a job on a thread that may block. A job whose caller has gone still ends whole: it is one transaction.
    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        // A transaction whose job panicked was rolled back when it was dropped, so the connection is sound.
        let locked = move || job(&mut connection.lock().unwrap_or_else(PoisonError::into_inner));
        match tokio::task::spawn_blocking(locked).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(Problem::Store(error))) => Err(error),
            Ok(Err(Problem::Database(error))) => Err(self.unavailable(&error)),
            Err(stopped) => Err(self.unavailable(&stopped)),
        }
    }

    fn unavailable(&self, error: &dyn std::error::Error) -> StoreError {
        StoreError::Unavailable { store: self.name.clone(), reason: error.to_string() }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        let wanted = key.clone();
        let row = self.run(move |connection| statements::get(connection, &wanted)).await?;
        row.map(Row::into_record).transpose()
    }

    async fn list(
        &self,
        table: Table,
        partition: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let start = Key { table, partition: partition.to_owned(), sort: after.to_owned() };
        let rows = self.run(move |connection| statements::list(connection, &start, limit)).await?;
        rows.into_iter().map(Row::into_record).collect()
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        each_record_once(&writes)?;
        self.run(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for write in &writes {
                statements::write(&transaction, write)?;
            }
            Ok(transaction.commit()?)
        })
        .await
    }
}
