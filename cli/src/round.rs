//! What a round over one org came to.

use std::collections::BTreeMap;

use session_warden::containment::{Containment, Outcome};
use session_warden::detection::Finding;
use session_warden::salesforce::Ability;

use crate::exit::Exit;

/// What was seen and done, as far as it came, and what went wrong meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// Logins read.
    pub(crate) logins: u64,
    /// Logins that Salesforce showed only after their time had been read.
    pub(crate) late: u64,
    /// Rows set aside.
    pub(crate) rejected: u64,
    /// Findings that are new or have escalated.
    pub(crate) raised: Vec<Finding>,
    /// What was contained, or why not.
    pub(crate) containments: Vec<Containment>,
    /// What is needed and could not be seen.
    pub(crate) blind: Vec<String>,
    /// What is useful and could not be seen.
    pub(crate) unseen: Vec<String>,
    /// What the operator does without.
    pub(crate) off: Vec<Ability>,
    /// What a person should look at.
    pub(crate) warnings: Vec<String>,
    /// What failed; the rest was done all the same.
    pub(crate) errors: Vec<anyhow::Error>,
}

impl Round {
    /// A round that could not begin.
    pub(crate) fn failed(error: anyhow::Error) -> Self {
        Self { errors: vec![error], ..Self::default() }
    }

    /// Keeps a failure. Scan and containment often fail for the same reason, which is told once.
    pub(crate) fn fail(&mut self, error: anyhow::Error) {
        let words = format!("{error:#}");
        if !self.errors.iter().any(|known| format!("{known:#}") == words) {
            self.errors.push(error);
        }
    }

    /// The round, unless something failed in it.
    pub(crate) fn whole(mut self) -> anyhow::Result<Self> {
        self.errors.sort_by_key(Exit::of);
        self.errors.pop().map_or(Ok(self), Err)
    }

    /// The last version of each finding that was raised.
    pub(crate) fn last_versions(&self) -> Vec<Finding> {
        let last: BTreeMap<_, _> = self.raised.iter().map(|finding| (&finding.finding_id, finding)).collect();
        last.into_values().cloned().collect()
    }

    /// How a round ends: the worst of all that happened.
    pub(crate) fn exit(&self) -> Exit {
        let failed = self.errors.iter().map(Exit::of).max().unwrap_or(Exit::Clean);
        let seen = if self.blind.is_empty() { Exit::Clean } else { Exit::Blind };
        let is_quiet = self.raised.is_empty()
            && self.warnings.is_empty()
            && self.containments.iter().all(|containment| is_verified(containment.outcome.as_ref()));
        failed.max(seen).max(if is_quiet { Exit::Clean } else { Exit::Findings })
    }
}

/// Whether nobody needs to look at a containment again.
pub(crate) fn is_verified(outcome: Option<&Outcome>) -> bool {
    matches!(outcome, Some(Outcome::Contained | Outcome::AccessEnded | Outcome::SessionEnded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides_and_one_reason_is_told_once() {
        let mut round = Round::default();
        assert_eq!(round.exit(), Exit::Clean);
        round.unseen.push("places".to_owned());
        assert_eq!(round.exit(), Exit::Clean, "it is told, and the round did its job");
        round.warnings.push("a message was set aside".to_owned());
        assert_eq!(round.exit(), Exit::Findings);
        round.blind.push("sessions".to_owned());
        assert_eq!(round.exit(), Exit::Blind);
        round.fail(anyhow::anyhow!("no such file"));
        round.fail(anyhow::anyhow!("no such file"));
        assert_eq!((round.exit(), round.errors.len()), (Exit::BadInput, 1));
        assert_eq!(round.whole().map_err(|error| error.to_string()).err(), Some("no such file".to_owned()));
    }

    #[test]
    fn access_that_was_ended_is_verified() {
        assert!(is_verified(Some(&Outcome::AccessEnded)) && is_verified(Some(&Outcome::Contained)));
        assert!(!is_verified(None) && !is_verified(Some(&Outcome::Refused { refusals: Vec::new() })));
    }
}
