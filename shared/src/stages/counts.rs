//! How many rows were read of each five minutes: what a later count is compared with.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cursor::Span;

const WIDTH_SECONDS: i64 = 300;

/// Rows read by the five minutes they happened in. A day of them takes about 4 KB as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Counts(BTreeMap<i64, u64>);

impl Counts {
    /// The beginning of the five minutes an instant falls into.
    pub(super) fn begin(time: Timestamp) -> Timestamp {
        let second = bucket(time).saturating_mul(WIDTH_SECONDS);
        Timestamp::from_second(second).unwrap_or(time)
    }

    /// Forgets what is about to be read again.
    pub(super) fn reset(&mut self, span: Span) {
        let (from, until) = (bucket(span.from), bucket(span.until));
        self.0.retain(|at, _| !(from..until).contains(at));
    }

    /// Forgets what is older.
    pub(super) fn forget_before(&mut self, time: Timestamp) {
        self.0 = self.0.split_off(&bucket(time));
    }

    pub(super) fn add(&mut self, time: Timestamp, rows: u64) {
        *self.0.entry(bucket(time)).or_default() += rows;
    }

    /// Rows read of a span whose ends lie between two five minutes.
    pub(super) fn of(&self, span: Span) -> u64 {
        self.0.range(bucket(span.from)..bucket(span.until)).map(|(_, rows)| rows).sum()
    }
}

fn bucket(time: Timestamp) -> i64 {
    time.as_second().div_euclid(WIDTH_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_counts_anew_and_the_old_is_forgotten() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let span = |from, until| Span { from: at(from), until: at(until) };
        let mut counts = Counts::default();
        for minute in [0, 4, 5, 9, 14, 100] {
            counts.add(at(minute), 1);
        }
        assert_eq!((counts.of(span(0, 10)), counts.of(span(5, 200))), (4, 4));
        counts.reset(span(5, 10));
        assert_eq!((counts.of(span(0, 10)), counts.of(span(0, 200))), (2, 4));
        counts.forget_before(at(14));
        assert_eq!(counts.of(span(0, 200)), 2);
        assert_eq!(Counts::begin(at(14)), at(10));
    }
}
