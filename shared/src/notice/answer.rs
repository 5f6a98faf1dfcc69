//! What a user said to the question whether it was him. It is evidence, and decides nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::containment::ContainmentId;
use crate::detection::FindingId;
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

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Question {
    /// What was found.
    Finding {
        /// Which finding.
        finding_id: FindingId,
        /// As it stood.
        version: u64,
    },
    /// What a person has asked to end, without a finding.
    Containment {
        /// Which containment.
        containment_id: ContainmentId,
    },
}

/// An answer, as somebody has recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// To which question.
    #[serde(flatten)]
    pub question: Question,
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

/// Every answer about a finding or a containment, the oldest first.
///
/// # Errors
/// The store's.
pub async fn answers_about(store: &dyn Store, org: &OrgId, id: &str) -> Result<Vec<Answer>, StoreError> {
    let all = answers(org).all(store).await?.into_iter().map(|(_, kept)| kept.value);
    let mut about: Vec<_> = all.filter(|answer| answer.question.id() == id).collect();
    about.sort_by_key(|answer| answer.at);
    Ok(about)
}

impl Question {
    /// The id of what is asked about.
    pub fn id(&self) -> &str {
        match self {
            Self::Finding { finding_id, .. } => finding_id.as_str(),
            Self::Containment { containment_id } => containment_id.as_str(),
        }
    }
}

impl Answer {
    /// Where it is kept: a later answer does not replace an earlier one.
    pub fn sort(&self) -> String {
        format!("{}/{}", self.question.id(), self.at)
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
