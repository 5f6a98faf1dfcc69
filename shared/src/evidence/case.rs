//! A case file: what the ledger holds about one containment, in a form that others can verify without this program.

use serde::Serialize;
use serde_json::Value;

use super::RedactedCopy;
use super::anchor::Anchor;
use super::entry::{Entry, EntryKind, Kept};
use super::ledger::Ledger;
use crate::policy::Redacted;
use crate::store::StoreError;

/// Everything about one containment, and the links that lead from it to the signed head.
#[derive(Debug, Clone, Serialize)]
pub struct CaseFile {
    /// The version of this shape.
    pub schema_version: u32,
    /// What a redacted copy leaves out; nothing where the case is whole.
    pub left_out: Vec<Redacted>,
    /// The record as it now stands; the entries say how it came to it.
    pub containment: Value,
    /// The head that somebody vouched for: signed, kept beside the store, or brought from elsewhere.
    pub signed_head: Option<Anchor>,
    /// The chain from the first entry about the containment to its end; what is about others has no payload here.
    pub entries: Vec<CaseEntry>,
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseEntry {
    /// The link.
    #[serde(flatten)]
    pub entry: Entry,
    /// The text that was recorded and hashed: JSON.
    pub payload: Option<String>,
    /// In its place, in a redacted copy: the text less what is left out, for which the hash does not vouch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redacted_payload: Option<String>,
    /// The number of the entry that says why the payload was taken away.
    pub redacted_by: Option<u64>,
}

impl CaseFile {
    /// The same case without what the copy leaves out. Every link stays, so that it is bound to the signed head as before.
    #[must_use]
    pub fn redacted(mut self, what: &[Redacted], copy: &RedactedCopy<'_>) -> Self {
        self.left_out = what.to_vec();
        self.containment = copy.value(&self.containment);
        for entry in &mut self.entries {
            let less = entry.payload.as_ref().map(|text| copy.text(text));
            // Where nothing was left out, the hash vouches for it as before.
            if less != entry.payload {
                (entry.payload, entry.redacted_payload) = (None, less);
            }
        }
        self
    }
}

impl Ledger<'_> {
    /// The links from the first entry about a containment to the end of the chain, with that containment's payloads and
    /// those that say what retention took away.
    pub async fn case_entries(&self, containment: &str) -> Result<Vec<CaseEntry>, StoreError> {
        let (mut found, mut pages): (Vec<CaseEntry>, _) = (Vec::new(), self.pages());
        while let Some(page) = pages.next().await? {
            for (entry, beside) in page {
                let is_about = entry.containment.as_deref() == Some(containment);
                let is_shown = is_about || entry.kind == EntryKind::Retention;
                let beside = beside.filter(|_| is_shown);
                let (payload, redacted_by) =
                    match beside.as_ref().map(crate::store::Record::decode).transpose()? {
                        Some(Kept::Payload(text)) => (Some(text), None),
                        Some(Kept::RedactedBy(by)) => (None, Some(by)),
                        None => (None, None),
                    };
                if is_about || !found.is_empty() {
                    found.push(CaseEntry { entry, payload, redacted_payload: None, redacted_by });
                }
            }
        }
        Ok(found)
    }
}
