//! The store that lives as long as its process: for evaluating files, for drills and for tests.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use super::{Expect, Key, Record, Store, StoreError, Table, Write, each_record_once};

type Records = BTreeMap<Key, (u64, Value)>;

/// A map in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: Mutex<Records>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer that panicked has changed nothing or everything: writes are checked before they are applied.
    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        Ok(self.records().get_key_value(key).map(record))
    }

    async fn list(
        &self,
        table: Table,
        partition: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let start = Key { table, partition: partition.to_owned(), sort: after.to_owned() };
        let records = self.records();
        let following = records.range((Bound::Excluded(start), Bound::Unbounded));
        let within = following.take_while(|(key, _)| key.table == table && key.partition == partition);
        Ok(within.take(limit).map(record).collect())
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        each_record_once(&writes)?;
        let mut records = self.records();
        for write in &writes {
            check(&records, write)?;
        }
        for write in writes {
            apply(&mut records, write);
        }
        Ok(())
    }
}

fn record((key, (version, body)): (&Key, &(u64, Value))) -> Record {
    Record { key: key.clone(), version: *version, body: body.clone() }
}

fn check(records: &Records, write: &Write) -> Result<(), StoreError> {
    let (Write::Put { key, expect, .. } | Write::Delete { key, expect }) = write;
    let version = records.get(key).map(|(version, _)| *version);
    let holds = match expect {
        Expect::Absent => version.is_none(),
        Expect::Version(expected) => version == Some(*expected),
        Expect::Any => true,
    };
    if holds { Ok(()) } else { Err(StoreError::Conflict(key.clone())) }
}

fn apply(records: &mut Records, write: Write) {
    match write {
        Write::Put { key, body, .. } => {
            let version = records.get(&key).map_or(1, |(version, _)| version + 1);
            records.insert(key, (version, body));
        }
        Write::Delete { key, .. } => {
            records.remove(&key);
        }
    }
}
