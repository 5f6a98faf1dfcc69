//! What became of a finding, in words that cannot be misread.

use super::wording::{count, instant};
use crate::containment::{Containment, Outcome, Pending, Stage};
use crate::detection::{Action, Finding};

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    NotContained,
    Refused,
    Waiting,
    Observed,
    AccessEnded,
    Contained,
}

/// What became of a finding, and the words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) kind: Kind,
    pub(super) words: String,
}

impl Kind {
    pub(super) const ALL: [Self; 6] = [
        Self::Contained,
        Self::AccessEnded,
        Self::NotContained,
        Self::Refused,
        Self::Waiting,
        Self::Observed,
    ];

    /// For the summary.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NotContained => "NOT contained",
            Self::Refused => "refused",
            Self::Waiting => "waiting for a person",
            Self::Observed => "observed only",
            Self::AccessEnded => "access ended",
            Self::Contained => "contained",
        }
    }

    /// For the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::NotContained => "not-contained",
            Self::Refused => "refused",
            Self::Waiting => "waiting",
            Self::Observed => "observed",
            Self::AccessEnded => "ended",
            Self::Contained => "contained",
        }
    }
}

fn waiting(pending: &Pending, because: &str) -> String {
    let people = count(pending.needed as u64, "person", "people");
    format!("Waiting for {people} to approve until {}: {because}", instant(pending.expires))
}

impl Verdict {
    /// Of a finding: what its newest containment came to; without one, why there is none.
    pub(super) fn of(finding: &Finding, newest: Option<&Containment>) -> Self {
        match newest.filter(|containment| containment.stage != Stage::Planned) {
            Some(containment) => Self::of_containment(containment),
            None => Self::without_containment(finding),
        }
    }

    pub(super) fn of_containment(containment: &Containment) -> Self {
        let (kind, words) = match &containment.outcome {
            Some(Outcome::Contained) => (Kind::Contained, "Contained".to_owned()),
            Some(Outcome::AccessEnded) => {
                (Kind::AccessEnded, "Access ended: who held it can log in again".to_owned())
            }
            Some(Outcome::SessionEnded) => {
                (Kind::AccessEnded, "Session ended: the user's own sessions live on".to_owned())
            }
            Some(Outcome::NotContained { reason }) => {
                (Kind::NotContained, format!("NOT contained: {reason}"))
            }
            Some(Outcome::Refused { refusals }) => {
                let reasons: Vec<_> = refusals.iter().map(|refusal| refusal.reason.as_str()).collect();
                let because = reasons.join("; ");
                match &containment.pending {
                    Some(pending) => (Kind::Waiting, waiting(pending, &because)),
                    None => (Kind::Refused, format!("Refused, nothing was done: {because}")),
                }
            }
            None => {
                (Kind::NotContained, "NOT contained: the containment has begun and has not ended".to_owned())
            }
        };
        Self { kind, words }
    }

    fn without_containment(finding: &Finding) -> Self {
        let because =
            |otherwise| if finding.held_back.is_empty() { otherwise } else { finding.held_back.as_str() };
        let (kind, words) = match finding.action {
            Action::Contain => (
                Kind::NotContained,
                format!(
                    "NOT contained: {}",
                    because("the policy asks for it and no containment is recorded")
                ),
            ),
            Action::Ask => (Kind::Waiting, format!("Waiting for a person: {}", because("the mode is ask"))),
            Action::Notify | Action::None => {
                (Kind::Observed, format!("Observed only: {}", because("the policy asks for no containment")))
            }
        };
        Self { kind, words }
    }
}
