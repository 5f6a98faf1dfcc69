//! Taking away what is older than the policy keeps. The links stay, and with them the proof that nothing else went.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::encoding::Digest;
use super::entry::{Draft, Entry, EntryKind, Head, Kept, Retention};
use super::ledger::{Ledger, PAYLOADS};
use super::verify::{Damage, LedgerError};
use crate::store::{Expect, Record, Write};

/// Payloads taken away by one entry: with it they are one write, and DynamoDB takes 100 changes in one.
const AT_ONCE: usize = 90;

/// An old payload that is still there.
struct Old {
    entry: Entry,
    version: u64,
}

impl Ledger<'_> {
    /// Takes the payloads of entries before `before` away for good, but not those of the containments in `open`, and
    /// returns how many. Their hashes and links stay; what was taken away is itself recorded, in the same write.
    ///
    /// # Errors
    /// [`LedgerError::Broken`] for a payload that is not what was recorded: taking it away would hide that.
    pub async fn prune(
        &self,
        before: Timestamp,
        open: &BTreeSet<String>,
        at: Timestamp,
    ) -> Result<usize, LedgerError> {
        let old = self.old(before, open).await?;
        for some in old.chunks(AT_ONCE) {
            self.take_away(some, before, at).await?;
        }
        Ok(old.len())
    }

    async fn old(&self, before: Timestamp, open: &BTreeSet<String>) -> Result<Vec<Old>, LedgerError> {
        let (mut found, mut pages) = (Vec::new(), self.pages());
        while let Some(page) = pages.next().await? {
            for (entry, beside) in page {
                let is_open = entry.containment.as_ref().is_some_and(|id| open.contains(id));
                let is_kept = matches!(entry.kind, EntryKind::Redaction | EntryKind::Retention);
                if entry.at < before && !is_open && !is_kept {
                    found.extend(self.still_there(entry, beside.as_ref())?);
                }
            }
        }
        Ok(found)
    }

    fn still_there(&self, entry: Entry, beside: Option<&Record>) -> Result<Option<Old>, LedgerError> {
        let broken = |damage| LedgerError::Broken { org: self.org.clone(), seq: entry.seq, damage };
        let record = beside.ok_or_else(|| broken(Damage::PayloadMissing))?;
        match record.decode::<Kept>()? {
            Kept::RedactedBy(_) => Ok(None),
            Kept::Payload(text) if Digest::of(text.as_bytes()) == entry.payload_hash => {
                Ok(Some(Old { version: record.version, entry }))
            }
            Kept::Payload(_) => Err(broken(Damage::PayloadChanged)),
        }
    }

    async fn take_away(&self, old: &[Old], before: Timestamp, at: Timestamp) -> Result<Head, LedgerError> {
        let retention = Retention { before, entries: old.iter().map(|old| old.entry.seq).collect() };
        let payload = self.text_of(&retention)?;
        let draft = Draft { kind: EntryKind::Retention, containment: None, at, payload };
        let take = |by: &Entry| {
            let marker = Kept::RedactedBy(by.seq);
            let put = |old: &Old| {
                Write::put(self.key(PAYLOADS, old.entry.seq), Expect::Version(old.version), &marker)
            };
            old.iter().map(put).collect()
        };
        Ok(self.commit(&draft, take).await?)
    }
}
