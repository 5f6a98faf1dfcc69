//! What a user said to the question whether it was him. It is evidence, and decides nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::detection::{Finding, FindingId};
use crate::observation::OrgId;
use crate::store::{Room, Store, StoreError, Table};

/// Whether it was the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WasIt {
    /// He says it was.
    Yes,
    /// He says it was not.
    No,
}

/// An answer, as somebody has recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// About which finding.
    pub finding_id: FindingId,
    /// As it stood.
    pub version: u64,
    /// What was said.
    pub was_it_you: WasIt,
    /// Who said so, as whoever recorded it calls him.
    pub by: String,
    /// Who recorded it, as the operating system calls him.
    pub recorded_by: String,
    /// How it was asked, or what else was said.
    pub note: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The room of an org's answers.
pub fn answers(org: &OrgId) -> Room<Answer> {
    Room::new(Table::People, org, "answers")
}

/// Every answer about a finding, the oldest first.
///
/// # Errors
/// The store's.
pub async fn answers_about(store: &dyn Store, finding: &Finding) -> Result<Vec<Answer>, StoreError> {
    let all = answers(&finding.org_id).all(store).await?.into_iter().map(|(_, kept)| kept.value);
    let mut about: Vec<_> = all.filter(|answer| answer.finding_id == finding.finding_id).collect();
    about.sort_by_key(|answer| answer.at);
    Ok(about)
}

impl Answer {
    /// Where it is kept: a later answer does not replace an earlier one.
    pub fn sort(&self) -> String {
        format!("{}/{}", self.finding_id, self.at)
    }

    /// In a sentence.
    pub fn words(&self) -> String {
        let said = match self.was_it_you {
            WasIt::Yes => "it was the user",
            WasIt::No => "it was NOT the user",
        };
        let note = if self.note.is_empty() { String::new() } else { format!(": {}", self.note) };
        format!("{} says that {said}{note}", self.by)
    }
}
