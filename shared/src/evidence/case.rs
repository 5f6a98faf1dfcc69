//! A case file: what the ledger holds about one containment, in a form that others can verify without this program.

use serde::Serialize;

use super::anchor::SignedHead;
use super::entry::{Entry, Kept};
use super::ledger::{ENTRIES, Ledger, PAYLOADS};
use super::reading::PAGE;
use crate::containment::Containment;
use crate::store::StoreError;

/// Everything about one containment, and the links that lead from it to the signed head.
#[derive(Debug, Clone, Serialize)]
pub struct CaseFile {
    /// The version of this shape.
    pub schema_version: u32,
    /// The record as it now stands; the entries say how it came to it.
    pub containment: Containment,
    /// The head that somebody vouched for, kept beside the store.
    pub signed_head: Option<SignedHead>,
    /// The chain from the first entry about the containment to its end; what is about others has no payload here.
    pub entries: Vec<CaseEntry>,
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseEntry {
    /// The link.
    #[serde(flatten)]
    pub entry: Entry,
    /// `at` in nanoseconds since 1970, as it is hashed.
    pub at_nanoseconds: String,
    /// The text that was recorded and hashed: JSON.
    pub payload: Option<String>,
    /// The number of the entry that says why the payload was taken away.
    pub redacted_by: Option<u64>,
}

impl Ledger<'_> {
    /// The links from the first entry about a containment to the end of the chain, with that containment's payloads.
    pub async fn case_entries(&self, containment: &str) -> Result<Vec<CaseEntry>, StoreError> {
        let (mut found, mut after): (Vec<CaseEntry>, u64) = (Vec::new(), 0);
        loop {
            let entries = self.list(ENTRIES, after, PAGE).await?;
            let Some(last) = entries.last() else { return Ok(found) };
            let payloads = self.list(PAYLOADS, after, entries.len()).await?;
            after = last.decode::<Entry>()?.seq;
            for record in &entries {
                let entry: Entry = record.decode()?;
                let is_about = entry.containment.as_deref() == Some(containment);
                let beside = payloads.iter().find(|payload| is_about && payload.key.sort == record.key.sort);
                let (payload, redacted_by) = match beside.map(crate::store::Record::decode).transpose()? {
                    Some(Kept::Payload(text)) => (Some(text), None),
                    Some(Kept::RedactedBy(by)) => (None, Some(by)),
                    None => (None, None),
                };
                if is_about || !found.is_empty() {
                    let at_nanoseconds = entry.at.as_nanosecond().to_string();
                    found.push(CaseEntry { entry, at_nanoseconds, payload, redacted_by });
                }
            }
        }
    }
}
