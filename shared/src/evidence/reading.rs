//! Reading the chain as it is stored.

use std::collections::BTreeMap;

use super::entry::{Entry, Kept, Payload, Recorded};
use super::ledger::{ENTRIES, Ledger, PAYLOADS};
use crate::store::{Record, StoreError};

/// How many records are read at once; a page of payloads is at most 6 MB.
pub(super) const PAGE: usize = 16;

/// A link of the chain, and the payload that lies beside it.
pub(super) type Link = (Entry, Option<Record>);

/// The chain from its first link on.
pub(super) struct Pages<'l, 'a> {
    ledger: &'l Ledger<'a>,
    after: u64,
}

impl Pages<'_, '_> {
    /// The next links; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Link>>, StoreError> {
        let page = self.ledger.page(self.after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(None) };
        // A number that was changed must not lead round in a circle.
        self.after = last.seq.max(self.after.saturating_add(1));
        Ok(Some(page))
    }
}

impl<'a> Ledger<'a> {
    pub(super) fn pages(&self) -> Pages<'_, 'a> {
        Pages { ledger: self, after: 0 }
    }

    async fn page(&self, after: u64, limit: usize) -> Result<Vec<Link>, StoreError> {
        let entries = self.list(ENTRIES, after, limit).await?;
        let payloads = self.list(PAYLOADS, after, entries.len()).await?;
        let mut beside: BTreeMap<_, _> = payloads.into_iter().map(|p| (p.key.sort.clone(), p)).collect();
        entries.iter().map(|record| Ok((record.decode()?, beside.remove(&record.key.sort)))).collect()
    }

    /// Entries after number `after` (0: from the first), at most `limit` of them, as they are stored: what proves
    /// them is [`Self::verify`].
    pub async fn entries(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        Ok(self.page(after, limit).await?.into_iter().map(recorded).collect())
    }

    /// What was recorded about a containment, in order. Reads the whole chain.
    pub async fn entries_of(&self, containment: &str) -> Result<Vec<Recorded>, StoreError> {
        let (mut found, mut pages) = (Vec::new(), self.pages());
        while let Some(page) = pages.next().await? {
            let about =
                page.into_iter().filter(|(entry, _)| entry.containment.as_deref() == Some(containment));
            found.extend(about.map(recorded));
        }
        Ok(found)
    }
}

fn recorded((entry, beside): Link) -> Recorded {
    let kept = beside.and_then(|record| record.decode::<Kept>().ok());
    Recorded { entry, payload: kept.map_or(Payload::Unreadable, Kept::into_payload) }
}
