//! A list of indicators, each observable once.

use std::collections::HashMap;
use std::fmt;

use super::indicator::{Indicator, Observable, Provenance};

/// Rejected entries that are kept for people; the rest is counted.
const KEPT: usize = 20;

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct Indicators {
    all: Vec<Indicator>,
    places: HashMap<Observable, usize>,
    /// What could not be used.
    pub rejected: RejectedEntries,
}

/// An entry that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedEntry {
    /// Where it stands.
    pub at: Provenance,
    /// Why, as a clause.
    pub reason: String,
}

/// Everything that could not be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RejectedEntries {
    /// The first 20.
    pub first: Vec<RejectedEntry>,
    /// How many there are.
    pub total: u64,
}

impl Indicators {
    /// Every indicator, in the order of first mention.
    pub fn all(&self) -> &[Indicator] {
        &self.all
    }

    /// Adds an indicator; one that is there already gains its provenance, and is valid for as long as either says.
    pub fn add(&mut self, indicator: Indicator) {
        let known = self.places.get(&indicator.observable).and_then(|place| self.all.get_mut(*place));
        if let Some(known) = known {
            known.join(indicator);
        } else {
            self.places.insert(indicator.observable.clone(), self.all.len());
            self.all.push(indicator);
        }
    }

    /// Adds what was read, or keeps why it could not be.
    pub(super) fn take(&mut self, at: Provenance, read: Result<Indicator, String>) {
        match read {
            Ok(indicator) => self.add(indicator),
            Err(reason) => self.rejected.add(RejectedEntry { at, reason }),
        }
    }
}

impl RejectedEntries {
    /// Keeps one, or counts it.
    pub fn add(&mut self, entry: RejectedEntry) {
        self.total += 1;
        if self.first.len() < KEPT {
            self.first.push(entry);
        }
    }
}

impl Indicator {
    fn join(&mut self, other: Self) {
        self.valid_from = self.valid_from.zip(other.valid_from).map(|(a, b)| a.min(b));
        self.valid_until = self.valid_until.zip(other.valid_until).map(|(a, b)| a.max(b));
        self.confidence = self.confidence.max(other.confidence);
        self.source = self.source.take().or(other.source);
        self.provenance.extend(other.provenance);
    }
}

impl fmt::Display for RejectedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_observable_twice_is_one_indicator_with_both_origins() {
        let mut list = Indicators::default();
        let line = |line| Provenance::Line { file: "iocs.txt".to_owned(), line };
        let until = |text: &str| Some(text.parse().unwrap());
        for (number, valid_until) in [(1, until("2026-01-01T00:00:00Z")), (2, until("2027-01-01T00:00:00Z"))]
        {
            let indicator = Indicator::new(Observable::address("198.51.100.7").unwrap(), line(number));
            list.add(Indicator { valid_until, ..indicator });
        }
        let [one] = list.all() else { panic!("{list:?}") };
        assert_eq!(
            (one.provenance.clone(), one.valid_until),
            (vec![line(1), line(2)], until("2027-01-01T00:00:00Z"))
        );
        list.add(Indicator::new(one.observable.clone(), Provenance::CommandLine));
        assert_eq!(list.all()[0].valid_until, None);
    }
}
