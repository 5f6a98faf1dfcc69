//! Writing the chain.

use jiff::Timestamp;
use serde::Serialize;

use super::entry::{Draft, Entry, EntryKind, Head, Kept};
use crate::observation::OrgId;
use crate::store::{Expect, Key, Record, Store, StoreError, Table, Write};

/// The largest payload in bytes, as it is stored: canonical JSON, quoted as a JSON string. A DynamoDB item holds
/// 400 KB; the rest is for the item's other attributes.
pub const PAYLOAD_LIMIT: usize = 350_000;

/// Each failed attempt is another writer's success, so this many in a row mean that something else is wrong.
const ATTEMPTS: usize = 500;

pub(super) const ENTRIES: &str = "ledger";
pub(super) const PAYLOADS: &str = "evidence";
const HEAD: &str = "ledger-head";

/// An org's chain.
pub struct Ledger<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) org: OrgId,
}

impl<'a> Ledger<'a> {
    /// The chain of an org inside a store.
    pub fn new(store: &'a dyn Store, org: OrgId) -> Self {
        Self { store, org }
    }

    /// Adds an entry; concurrent writers come one after the other. When it is not known whether the entry was
    /// written (a time-out, say), adding it again tells the same thing twice and does no harm.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] for a payload above [`PAYLOAD_LIMIT`]: the caller cuts it.
    /// [`StoreError::Unreadable`] when the chain does not end where its head says.
    pub async fn append(
        &self,
        kind: EntryKind,
        containment: Option<&str>,
        at: Timestamp,
        payload: &impl Serialize,
    ) -> Result<Head, StoreError> {
        self.append_with(kind, containment, at, payload, &[]).await
    }

    /// Adds an entry and makes other changes in the same write, so that what is recorded and what is true agree.
    /// A conflict in one of those changes is returned as it is.
    pub async fn append_with(
        &self,
        kind: EntryKind,
        containment: Option<&str>,
        at: Timestamp,
        payload: &impl Serialize,
        also: &[Write],
    ) -> Result<Head, StoreError> {
        let payload = self.text_of(payload)?;
        let draft = Draft { kind, containment: containment.map(str::to_owned), at, payload };
        self.commit(&draft, |_| Ok(also.to_vec())).await
    }

    /// The chain's last entry, as recorded; `None` for an org of which nothing was recorded.
    pub async fn head(&self) -> Result<Option<Head>, StoreError> {
        self.store.get(&self.head_key()).await?.as_ref().map(Record::decode).transpose()
    }

    /// Canonical JSON: no spaces, keys in order.
    pub(super) fn text_of(&self, payload: &impl Serialize) -> Result<String, StoreError> {
        let refused = |reason| StoreError::Unwritable { key: self.head_key(), reason };
        let text = serde_json::to_value(payload).map_err(|error| refused(error.to_string()))?.to_string();
        let size = serde_json::Value::from(text.as_str()).to_string().len();
        if size > PAYLOAD_LIMIT {
            return Err(refused(format!(
                "the payload takes {size} bytes, at most {PAYLOAD_LIMIT} fit: cut it"
            )));
        }
        Ok(text)
    }

    /// Writes the entry and what `also` makes of it, again and again until nobody else was faster.
    pub(super) async fn commit(
        &self,
        draft: &Draft,
        also: impl Fn(&Entry) -> Result<Vec<Write>, StoreError>,
    ) -> Result<Head, StoreError> {
        for _ in 0..ATTEMPTS {
            let (entry, mut writes) = self.next(draft).await?;
            writes.extend(also(&entry)?);
            match self.store.write(writes).await {
                Ok(()) => return Ok(entry.head(&self.org)),
                Err(StoreError::Conflict(key)) if key == self.head_key() => tokio::task::yield_now().await,
                Err(StoreError::Conflict(key)) if self.lies_at(&key, entry.seq) => return Err(occupied(key)),
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict(self.head_key()))
    }

    /// The entry that comes next, and the writes that make it so. The head comes first: a store names the first
    /// conflict, and a conflict behind it means that the head does not tell the truth.
    async fn next(&self, draft: &Draft) -> Result<(Entry, Vec<Write>), StoreError> {
        let record = self.store.get(&self.head_key()).await?;
        let last: Option<Head> = record.as_ref().map(Record::decode).transpose()?;
        let expect = record.map_or(Expect::Absent, |record| Expect::Version(record.version));
        let entry = draft.following(last.as_ref(), &self.org);
        let writes = vec![
            Write::put(self.head_key(), expect, &entry.head(&self.org))?,
            Write::put(self.key(ENTRIES, entry.seq), Expect::Absent, &entry)?,
            Write::put(self.key(PAYLOADS, entry.seq), Expect::Absent, &Kept::Payload(draft.payload.clone()))?,
        ];
        Ok((entry, writes))
    }

    pub(super) fn head_key(&self) -> Key {
        Key::new(Table::Contain, &self.org, HEAD, "head")
    }

    pub(super) fn key(&self, room: &str, seq: u64) -> Key {
        Key::new(Table::Contain, &self.org, room, sort(seq))
    }

    fn lies_at(&self, key: &Key, seq: u64) -> bool {
        *key == self.key(ENTRIES, seq) || *key == self.key(PAYLOADS, seq)
    }

    /// The records of a room after number `after`; 0 begins at whatever lies there first.
    pub(super) async fn list(&self, room: &str, after: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let start = if after == 0 { String::new() } else { sort(after) };
        let Key { table, partition, .. } = self.key(room, 0);
        self.store.list(table, &partition, &start, limit).await
    }
}

/// A number as a sort key: numbers in order are keys in order.
pub(super) fn sort(seq: u64) -> String {
    format!("{seq:020}")
}

fn occupied(key: Key) -> StoreError {
    let reason =
        "it lies beyond the ledger's recorded head, so the ledger is not as it was written: verify it";
    StoreError::Unreadable { key, reason: reason.to_owned() }
}
