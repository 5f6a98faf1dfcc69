//! How many findings and containments, and what came of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::containment::{Containment, Outcome, Stage};
use crate::detection::{Finding, Severity};

/// Findings of one severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Severities {
    /// Which.
    pub severity: Severity,
    /// How many.
    pub raised: usize,
    /// How many of them nobody has dismissed.
    pub open: usize,
}

/// What became of containments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcomes {
    /// Nothing left, and frozen.
    pub contained: usize,
    /// Nothing left; who held it can log in again.
    pub access_ended: usize,
    /// No hostile session left.
    pub session_ended: usize,
    /// Something is left, or could not be looked at.
    pub not_contained: usize,
    /// A rule refused.
    pub refused: usize,
    /// People are asked.
    pub waiting: usize,
    /// Begun, and not ended.
    pub unfinished: usize,
    /// Given back since.
    pub released: usize,
    /// Seconds from the hostile login to the proof, half of all in less; `None` where no finding names a login.
    pub median_login_to_verified_seconds: Option<i64>,
    /// The longest of them.
    pub longest_login_to_verified_seconds: Option<i64>,
}

/// A containment that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    /// Its id.
    pub containment_id: String,
    /// Whose access.
    pub whom: String,
    /// Since when.
    pub since: Timestamp,
    /// Why it was asked for.
    pub reason: String,
    /// What is the matter.
    pub state: String,
}

impl Severities {
    /// The gravest first; what did not occur is not there.
    pub(super) fn of<'a>(findings: impl Iterator<Item = &'a (Finding, bool)>) -> Vec<Self> {
        let mut counts: BTreeMap<Severity, (usize, usize)> = BTreeMap::new();
        for (finding, is_dismissed) in findings {
            let count = counts.entry(finding.severity).or_default();
            count.0 += 1;
            count.1 += usize::from(!is_dismissed);
        }
        let gravest_first = counts.into_iter().rev();
        gravest_first.map(|(severity, (raised, open))| Self { severity, raised, open }).collect()
    }
}

impl Outcomes {
    pub(super) fn of(begun: &[&Containment]) -> Self {
        let mut outcomes = Self::default();
        for record in begun {
            *outcomes.count_of(record) += 1;
            outcomes.released += usize::from(record.released.is_some());
        }
        let mut seconds: Vec<_> =
            begun.iter().filter_map(|record| record.login_to_verified_seconds).collect();
        seconds.sort_unstable();
        outcomes.median_login_to_verified_seconds = seconds.get(seconds.len() / 2).copied();
        outcomes.longest_login_to_verified_seconds = seconds.last().copied();
        outcomes
    }

    fn count_of(&mut self, record: &Containment) -> &mut usize {
        match (record.stage, &record.outcome) {
            (Stage::Waiting, _) => &mut self.waiting,
            (_, Some(Outcome::Contained)) => &mut self.contained,
            (_, Some(Outcome::AccessEnded)) => &mut self.access_ended,
            (_, Some(Outcome::SessionEnded)) => &mut self.session_ended,
            (_, Some(Outcome::NotContained { .. })) => &mut self.not_contained,
            (_, Some(Outcome::Refused { .. })) => &mut self.refused,
            (_, None) => &mut self.unfinished,
        }
    }
}

impl Case {
    pub(super) fn of(record: &Containment) -> Self {
        let username = &record.impact.username;
        let state = match (&record.pending, &record.outcome) {
            (Some(pending), _) => format!("waits for {} until {}", pending.needed, pending.expires),
            (None, Some(Outcome::NotContained { reason })) => reason.clone(),
            (None, _) => "begun, and not ended".to_owned(),
        };
        Self {
            containment_id: record.containment_id.to_string(),
            whom: if username.is_empty() { record.request.target.name() } else { username.clone() },
            since: record.started,
            reason: record.request.reason.clone(),
            state,
        }
    }
}
