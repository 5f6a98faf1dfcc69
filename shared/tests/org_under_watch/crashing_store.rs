//! A store that crashes: after so many calls every further one fails, and whether the last write happened is a toss.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use session_warden::store::{Key, Record, Store, StoreError, Table, Write};

pub(crate) struct CrashingStore {
    inner: Arc<dyn Store>,
    calls_left: AtomicU64,
}

impl CrashingStore {
    pub(crate) fn after(inner: Arc<dyn Store>, calls: u64) -> Self {
        Self { inner, calls_left: AtomicU64::new(calls) }
    }

    /// The calls left before this one; zero means that the process is dead.
    fn spend(&self) -> Result<u64, StoreError> {
        let left =
            self.calls_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map_err(|_| StoreError::Unavailable { store: "crashing".into(), reason: "crashed".into() })
    }
}

#[async_trait]
impl Store for CrashingStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        self.spend()?;
        self.inner.get(key).await
    }

    async fn list(
        &self,
        table: Table,
        partition: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        self.spend()?;
        self.inner.list(table, partition, after, limit).await
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let left = self.spend()?;
        self.inner.write(writes).await?;
        // The last write before the crash has happened, and its caller never learns of it.
        if left == 1 { self.spend().map(|_| ()) } else { Ok(()) }
    }

    /// It crashes between any two of them.
    async fn write_in_order(&self, first: Vec<Write>, then: Vec<Write>) -> Result<(), StoreError> {
        self.write(first).await?;
        for write in then {
            self.write(vec![write]).await?;
        }
        Ok(())
    }
}
