//! Finding out whether the chain is as it was written.

mod walk;

use std::fmt;

use super::entry::Head;
use super::ledger::{ENTRIES, Ledger, PAYLOADS};
use super::reading::PAGE;
use crate::observation::OrgId;
use crate::store::StoreError;
use walk::Walk;

/// A chain that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many entries it has.
    pub entries: u64,
    /// Its last entry, worth signing; `None` for an empty chain.
    pub head: Option<Head>,
    /// How many payloads were taken away by redactions.
    pub redacted: u64,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It is not there.
    Missing,
    /// It is not what was written there.
    Changed,
    /// In its place, or beside it, lies what the ledger did not write.
    Inserted,
    /// Its payload is not what was recorded.
    PayloadChanged,
    /// Its payload is not there, and no redaction says why.
    PayloadMissing,
    /// The recorded head does not name it as the last.
    Head,
    /// It is not the entry that the given head names.
    OtherChain,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "it is not there",
            Self::Changed => "it is not what was written there",
            Self::Inserted => "something lies there that the ledger did not write",
            Self::PayloadChanged => "its payload is not what was recorded",
            Self::PayloadMissing => "its payload is not there, and no redaction says why",
            Self::Head => "the recorded head does not name it as the last",
            Self::OtherChain => "it is not the entry that the signed head names",
        })
    }
}

/// Why a ledger is not whole, or could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The chain is not as it was written.
    #[error("the ledger of {org} is broken at entry {seq}: {damage}")]
    Broken {
        /// Whose ledger.
        org: OrgId,
        /// The first bad entry.
        seq: u64,
        /// What is wrong with it.
        damage: Damage,
    },
    /// The given head is of another org.
    #[error("the head is one of {found}, the ledger is that of {org}")]
    OtherOrg {
        /// Whose ledger.
        org: OrgId,
        /// Whose head.
        found: OrgId,
    },
    /// The entry's payload cannot be taken away.
    #[error("entry {seq} of the ledger of {org} cannot be redacted: {reason}")]
    NotRedactable {
        /// Whose ledger.
        org: OrgId,
        /// Which entry.
        seq: u64,
        /// Why not.
        reason: &'static str,
    },
    /// The store could not be read, or a record of it is damaged below what JSON can say.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Ledger<'_> {
    /// Reads the whole chain and its payloads, and names the first entry that is not as it was written.
    ///
    /// Without `anchor` the chain is compared with the head that lies in the same store: whoever may write there may
    /// also have shortened or rewritten the chain together with its head. With an anchor, a head that was kept
    /// elsewhere, this is found too, up to that head. Entries that are added meanwhile do no harm.
    ///
    /// # Errors
    /// [`LedgerError::Broken`], or why the ledger could not be read.
    pub async fn verify(&self, anchor: Option<&Head>) -> Result<Verified, LedgerError> {
        let mut walk = Walk::begin(self.org.clone(), anchor)?;
        loop {
            self.follow(&mut walk).await?;
            // In this order: what another writer adds in between shows itself as an entry to follow.
            let stray = self.list(PAYLOADS, walk.seq(), 1).await?;
            let head = self.store.get(&self.head_key()).await?;
            if self.list(ENTRIES, walk.seq(), 1).await?.is_empty() {
                return walk.end(stray.first(), head.as_ref());
            }
        }
    }

    async fn follow(&self, walk: &mut Walk<'_>) -> Result<(), LedgerError> {
        loop {
            let entries = self.list(ENTRIES, walk.seq(), PAGE).await?;
            let payloads = self.list(PAYLOADS, walk.seq(), entries.len()).await?;
            let mut payloads = payloads.iter();
            for entry in &entries {
                walk.step(entry, payloads.next())?;
            }
            if entries.is_empty() {
                return Ok(());
            }
        }
    }
}
