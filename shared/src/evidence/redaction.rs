//! Taking a payload away.

use jiff::Timestamp;

use super::encoding::Digest;
use super::entry::{Draft, Entry, EntryKind, Head, Kept, Redaction};
use super::ledger::{ENTRIES, Ledger, PAYLOADS};
use super::verify::{Damage, LedgerError};
use crate::store::{Expect, StoreError, Write};

impl Ledger<'_> {
    /// Takes an entry's payload away for good; its hash stays, and the redaction becomes an entry. Returns the head
    /// after it; a payload that was redacted before is left as it is.
    ///
    /// # Errors
    /// [`LedgerError::NotRedactable`] for an entry that is not there or is itself a redaction,
    /// [`LedgerError::Broken`] for a payload that is not what was recorded: redacting it would hide that.
    pub async fn redact(&self, seq: u64, reason: &str, at: Timestamp) -> Result<Head, LedgerError> {
        match self.redact_once(seq, reason, at).await {
            // Somebody else redacts the same payload: the second look finds it done.
            Err(LedgerError::Store(StoreError::Conflict(_))) => self.redact_once(seq, reason, at).await,
            settled => settled,
        }
    }

    async fn redact_once(&self, seq: u64, reason: &str, at: Timestamp) -> Result<Head, LedgerError> {
        let entry = self.redactable(seq).await?;
        let Some(version) = self.kept_version(&entry).await? else {
            return self.head().await?.ok_or_else(|| self.broken(seq, Damage::Head));
        };
        let redaction = Redaction { seq, payload_hash: entry.payload_hash, reason: reason.to_owned() };
        let payload = self.text_of(&redaction)?;
        let draft = Draft { kind: EntryKind::Redaction, containment: entry.containment, at, payload };
        let key = self.key(PAYLOADS, seq);
        let take = |by: &Entry| {
            let marker = Kept::RedactedBy(by.seq);
            Ok(vec![Write::put(key.clone(), Expect::Version(version), &marker)?])
        };
        Ok(self.commit(&draft, take).await?)
    }

    async fn redactable(&self, seq: u64) -> Result<Entry, LedgerError> {
        let refused = |reason| LedgerError::NotRedactable { org: self.org.clone(), seq, reason };
        let record = self.store.get(&self.key(ENTRIES, seq)).await?;
        let entry: Entry = record.ok_or_else(|| refused("it is not there"))?.decode()?;
        match entry.kind {
            EntryKind::Redaction | EntryKind::Retention => {
                Err(refused("it says what was taken away, which must stay readable"))
            }
            _ => Ok(entry),
        }
    }

    /// The version of the payload's record, `None` when it is redacted already.
    async fn kept_version(&self, entry: &Entry) -> Result<Option<u64>, LedgerError> {
        let record = self.store.get(&self.key(PAYLOADS, entry.seq)).await?;
        let record = record.ok_or_else(|| self.broken(entry.seq, Damage::PayloadMissing))?;
        match record.decode()? {
            Kept::RedactedBy(_) => Ok(None),
            Kept::Payload(text) if Digest::of(text.as_bytes()) == entry.payload_hash => {
                Ok(Some(record.version))
            }
            Kept::Payload(_) => Err(self.broken(entry.seq, Damage::PayloadChanged)),
        }
    }

    fn broken(&self, seq: u64, damage: Damage) -> LedgerError {
        LedgerError::Broken { org: self.org.clone(), seq, damage }
    }
}
