//! What the stages remember. One small port, written once per database; the rooms above it
//! (`cursors`, `profiles`, `findings` …) are written once for all of them.
//!
//! A record is found by table, partition and sort key, carries JSON and a version, and is changed only by
//! conditional writes. That is what DynamoDB, SQLite and a map in memory have in common.

#[cfg(feature = "dynamodb")]
mod dynamodb;
mod location;
mod memory;
mod orgs;
mod outbox;
mod policies;
mod room;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "dynamodb")]
pub use dynamodb::DynamoDbStore;
pub use location::{LocationError, StoreLocation};
pub use memory::MemoryStore;
pub use orgs::{orgs, register};
pub use outbox::{LocalOutbox, Outbox, Outgoing, Queue, Waiting};
pub use policies::{PolicyRecord, policy_in_force, push_policy};
pub use room::{Each, Kept, Room};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Who may write a record. In AWS each is a table of its own with its own grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Written by scan-login-history: cursors, snapshots, users, and the queue to the next stage.
    Scan,
    /// Written by evaluate-activity: profiles, the tail, findings, and the queue to the next stage.
    Evaluate,
    /// Written by revoke-sessions: containments, caps, and the ledger.
    Contain,
    /// Written by people: approvals, dismissals, the policy.
    People,
}

impl Table {
    /// The table's name in a database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Evaluate => "evaluate",
            Self::Contain => "contain",
            Self::People => "people",
        }
    }
}

/// Where a record lies. `partition` begins with the org; `sort` orders records within it, byte by byte.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Whose.
    pub table: Table,
    /// `<org>/<room>`.
    pub partition: String,
    /// The record within its room.
    pub sort: String,
}

/// A stored record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Where it lies.
    pub key: Key,
    /// Counts the writes, from 1.
    pub version: u64,
    /// The content.
    pub body: Value,
}

/// What must hold for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// No record lies there.
    Absent,
    /// The record there has this version.
    Version(u64),
    /// Anything or nothing.
    Any,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Puts a record; its version becomes one more than the one it replaces.
    Put {
        /// Where.
        key: Key,
        /// What must hold.
        expect: Expect,
        /// The new content.
        body: Value,
    },
    /// Removes a record; removing what is not there is no error under [`Expect::Any`].
    Delete {
        /// Where.
        key: Key,
        /// What must hold.
        expect: Expect,
    },
}

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote first; nothing of the write has happened. Read again and decide again.
    #[error("{} record {}/{} was changed by somebody else", .0.table.name(), .0.partition, .0.sort)]
    Conflict(Key),
    /// The record lies there and is not what this version of the program writes.
    #[error("{} record {}/{} cannot be read: {reason}", key.table.name(), key.partition, key.sort)]
    Unreadable {
        /// Which record.
        key: Key,
        /// What the decoder says.
        reason: String,
    },
    /// What was to be written cannot be a record; nothing of the write has happened, and repeating it is no help.
    #[error("{} record {}/{} cannot be written: {reason}", key.table.name(), key.partition, key.sort)]
    Unwritable {
        /// Which record.
        key: Key,
        /// What is wrong with it.
        reason: String,
    },
    /// The database cannot be reached or refuses.
    #[error("the store {store} cannot be used: {reason}")]
    Unavailable {
        /// Which store, as the operator named it.
        store: String,
        /// What the database says.
        reason: String,
    },
    /// What is to be handed to the next stage is not taken.
    #[error("{to} takes no message: {reason}")]
    Undelivered {
        /// Which queue or bus.
        to: String,
        /// What it says.
        reason: String,
    },
}

/// The port. Every adapter passes the same contract suite.
#[async_trait]
pub trait Store: Send + Sync {
    /// One record, as last written.
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError>;

    /// The records of one partition whose sort key is greater than `after`, in order, at most `limit` of them.
    /// An empty `after` begins at the first.
    async fn list(
        &self,
        table: Table,
        partition: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError>;

    /// All of the changes, or none of them. Two changes to one record in one call are [`StoreError::Unwritable`],
    /// because DynamoDB has no such transaction.
    async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError>;

    /// All of `first` or none of them; and after them each of `then` by itself, in any order, of which a failure may leave some
    /// undone. `Ok` says that all has happened. For a database that charges for what is written together; others write all of it so.
    async fn write_in_order(&self, first: Vec<Write>, then: Vec<Write>) -> Result<(), StoreError> {
        self.write(first.into_iter().chain(then).collect()).await
    }
}

impl Key {
    /// The key of a record in a room of an org.
    pub fn new(table: Table, org: &crate::observation::OrgId, room: &str, sort: impl Into<String>) -> Self {
        Self { table, partition: format!("{org}/{room}"), sort: sort.into() }
    }
}

impl Record {
    /// The content as a type of the domain.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        T::deserialize(&self.body)
            .map_err(|error| StoreError::Unreadable { key: self.key.clone(), reason: error.to_string() })
    }
}

impl Write {
    /// A put of a type of the domain.
    pub fn put<T: Serialize>(key: Key, expect: Expect, content: &T) -> Result<Self, StoreError> {
        match serde_json::to_value(content) {
            Ok(body) => Ok(Self::Put { key, expect, body }),
            Err(error) => Err(StoreError::Unwritable { key, reason: error.to_string() }),
        }
    }

    /// The record that is changed.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key, .. } => key,
        }
    }
}

/// The rule about repeated records, which every adapter asks before it writes.
fn each_record_once(writes: &[Write]) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    let unwritable =
        |key: &Key, reason: &str| Err(StoreError::Unwritable { key: key.clone(), reason: reason.to_owned() });
    for key in writes.iter().map(Write::key) {
        if key.partition.is_empty() || key.sort.is_empty() {
            return unwritable(key, "a part of its key is empty, which DynamoDB refuses");
        }
        if !seen.insert(key) {
            return unwritable(key, "one write changes it twice");
        }
    }
    Ok(())
}
