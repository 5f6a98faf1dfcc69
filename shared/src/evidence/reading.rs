//! Reading the chain as it is stored.

use std::collections::BTreeMap;

use super::entry::{Kept, Payload, Recorded};
use super::ledger::{ENTRIES, Ledger, PAYLOADS};
use crate::store::{Record, StoreError};

/// How many records are read at once; a page of payloads is at most 6 MB.
pub(super) const PAGE: usize = 16;

impl Ledger<'_> {
    /// Entries after number `after` (0: from the first), at most `limit` of them, as they are stored: what proves
    /// them is [`Self::verify`].
    pub async fn entries(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let entries = self.list(ENTRIES, after, limit).await?;
        let payloads = self.list(PAYLOADS, after, entries.len()).await?;
        let mut beside: BTreeMap<_, _> = payloads.iter().map(|p| (&p.key.sort, payload(p))).collect();
        let recorded = entries.iter().map(|record| {
            let payload = beside.remove(&record.key.sort).unwrap_or(Payload::Unreadable);
            Ok(Recorded { entry: record.decode()?, payload })
        });
        recorded.collect()
    }

    /// What was recorded about a containment, in order. Reads the whole chain.
    pub async fn entries_of(&self, containment: &str) -> Result<Vec<Recorded>, StoreError> {
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let page = self.entries(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = last.entry.seq.max(after.saturating_add(1));
            found.extend(page.into_iter().filter(|r| r.entry.containment.as_deref() == Some(containment)));
        }
    }
}

fn payload(record: &Record) -> Payload {
    record.decode::<Kept>().map_or(Payload::Unreadable, Kept::into_payload)
}
