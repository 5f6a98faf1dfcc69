//! Telling people: what was seen and done, and what they are asked. A notice is queued in the write that makes it true,
//! so none is lost; it is told afterwards, at least once, and one that cannot be told undoes nothing.

mod answer;
mod due;
mod file;
mod recipients;
#[cfg(feature = "sns")]
mod topic;
mod words;

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::containment::{Containment, ContainmentId};
use crate::detection::{Finding, FindingId};
use crate::observation::OrgId;

pub use answer::{Answer, Question, WasIt, answers, answers_about};
pub use file::NoticeFile;
pub use recipients::{Recipient, Recipients, WhoIsTold};
#[cfg(feature = "sns")]
pub use topic::Topic;

pub(crate) use due::{Due, Matter, due};
pub(crate) use recipients::Addresses;

/// The version of a notice's shape.
const SCHEMA_VERSION: u32 = 1;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The policy wants it told, and nothing was done.
    Seen,
    /// People are asked whether access is to be ended.
    Asked,
    /// Access was to be ended, and a rule refused.
    Refused,
    /// Access was ended, and a second look has proven it.
    Ended,
    /// Access could not be ended, wholly or in part.
    NotEnded,
    /// Access that was ended is there again.
    CameBack,
    /// Somebody else has thawed an account that was frozen.
    Thawed,
    /// Somebody else has frozen an account: one that we have contained, or Salesforce itself any.
    Frozen,
    /// The review of a week.
    Review,
    /// A look whether access has come back was due, and could not see.
    NotChecked,
}

/// What people are told. Its text is plain, and what came from outside is made harmless in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The shape's version.
    pub schema_version: u32,
    /// The same notice told again has the same id.
    pub notice_id: String,
    /// Which org.
    pub org_id: OrgId,
    /// What it is about.
    pub about: About,
    /// The containment; `None` for a review, for what Salesforce itself has frozen, and where a finding is told for which
    /// nobody can be contained.
    pub containment_id: Option<ContainmentId>,
    /// The finding behind it, which an answer names.
    pub finding_id: Option<FindingId>,
    /// When this became so.
    pub at: Timestamp,
    /// Who is to get it: always the support, and never a user about whom it is alone.
    pub to: Recipients,
    /// One line.
    pub title: String,
    /// What was seen, what was done, and what to do; several lines.
    pub text: String,
}

/// Why a notice was not told. It waits, and is told again.
#[derive(Debug, thiserror::Error)]
#[error("a notice could not be told by {channel}: {reason}")]
pub struct NotifyError {
    /// By which way.
    pub channel: String,
    /// What went wrong; no secret, and nothing of the notice.
    pub reason: String,
}

/// The way to people: a file, a program, SNS.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Hands one notice over. Whoever receives it twice tells by its id that it is the same.
    ///
    /// # Errors
    /// When it is not known to have been handed over.
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError>;
}

impl About {
    /// Whether only the support can do something about it.
    pub(crate) fn is_for_support(self) -> bool {
        matches!(
            self,
            Self::Seen | Self::Refused | Self::Thawed | Self::Frozen | Self::Review | Self::NotChecked
        )
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seen => "seen",
            Self::Asked => "asked",
            Self::Refused => "refused",
            Self::Ended => "ended",
            Self::NotEnded => "not-ended",
            Self::CameBack => "came-back",
            Self::Thawed => "thawed",
            Self::Frozen => "frozen",
            Self::Review => "review",
            Self::NotChecked => "not-checked",
        })
    }
}

impl Notice {
    /// Tells about a containment as it now stands.
    pub(crate) fn of(
        due: &Due,
        containment: &Containment,
        finding: Option<&Finding>,
        to: Recipients,
        hint: Option<&str>,
    ) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            notice_id: due.sort(),
            org_id: containment.request.org_id.clone(),
            about: due.about,
            containment_id: Some(containment.containment_id.clone()),
            finding_id: finding.map(|finding| finding.finding_id.clone()),
            at: due.at,
            title: words::title(due.about, containment),
            text: words::text(due.about, containment, finding, hint, &to),
            to,
        }
    }

    /// Tells what is about no one case.
    pub(crate) fn of_words(org: &OrgId, due: &Due, (title, text): (&str, &str), to: Recipients) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            notice_id: due.sort(),
            org_id: org.clone(),
            about: due.about,
            containment_id: None,
            finding_id: None,
            at: due.at,
            title: title.to_owned(),
            text: text.to_owned(),
            to,
        }
    }

    /// Tells about a finding for which nobody can be contained.
    pub(crate) fn of_finding(due: &Due, finding: &Finding, to: Recipients) -> Self {
        let (title, text) = words::of_finding(finding);
        Self {
            schema_version: SCHEMA_VERSION,
            notice_id: due.sort(),
            org_id: finding.org_id.clone(),
            about: due.about,
            containment_id: None,
            finding_id: Some(finding.finding_id.clone()),
            at: due.at,
            title,
            text,
            to,
        }
    }
}
