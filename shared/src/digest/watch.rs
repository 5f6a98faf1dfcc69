//! Whether the monitor ran without gaps: told from the hours in which it has proven that it did.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::stages::WatchedHour;

/// Pauses that a digest lists.
const LISTED: usize = 50;

/// When the monitor ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Watch {
    /// When the org was first watched at all, if it ever was.
    pub since: Option<Timestamp>,
    /// The last scan that reached the present, within the span.
    pub last: Option<Timestamp>,
    /// Scans that reached the present.
    pub scans: u64,
    /// Seconds of the longest pause between two of them.
    pub longest_pause_seconds: i64,
    /// Pauses longer than the policy allows, the longest 50.
    pub gaps: Vec<Pause>,
    /// How many there were.
    pub gaps_total: usize,
    /// What was needed and could not be seen in some hour.
    pub blind: BTreeSet<String>,
}

/// A time in which no scan reached the present. The logins of it are read by the next scan all the same; a session that
/// began and ended in it was never seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl Pause {
    fn length(self) -> SignedDuration {
        self.until.duration_since(self.from)
    }
}

impl Watch {
    /// Looks at `from` <= time < `until`. What came before the org was first watched is no gap.
    pub(super) fn of(
        hours: &[WatchedHour],
        (from, until): (Timestamp, Timestamp),
        longest: SignedDuration,
    ) -> Self {
        let since = hours.iter().map(|hour| hour.first).min();
        let begin = since.map_or(from, |since| since.max(from));
        let within: Vec<_> = hours.iter().filter(|hour| hour.last >= from && hour.first < until).collect();
        let mut pauses: Vec<_> = within
            .iter()
            .flat_map(|hour| &hour.pauses)
            .map(|&(from, until)| Pause { from, until })
            .chain(between(&within, begin, until))
            .filter_map(|pause| clipped(pause, from, until))
            .collect();
        pauses.sort_by_key(|pause| std::cmp::Reverse(pause.length()));
        let longest_pause_seconds = pauses.first().map_or(0, |pause| pause.length().as_secs());
        pauses.retain(|pause| pause.length() > longest);
        let gaps_total = pauses.len();
        pauses.truncate(LISTED);
        Self {
            since,
            last: within.iter().map(|hour| hour.last).max(),
            scans: within.iter().map(|hour| hour.scans).sum(),
            longest_pause_seconds,
            gaps: pauses,
            gaps_total,
            blind: within.iter().flat_map(|hour| hour.blind.iter().cloned()).collect(),
        }
    }

    /// Whether it ran without gaps and could see.
    pub fn is_whole(&self) -> bool {
        self.scans > 0 && self.gaps_total == 0 && self.blind.is_empty()
    }
}

/// From the beginning to the first hour, from each hour to the next, and from the last to the end.
fn between<'a>(
    hours: &'a [&WatchedHour],
    begin: Timestamp,
    end: Timestamp,
) -> impl Iterator<Item = Pause> + 'a {
    let starts = std::iter::once(begin).chain(hours.iter().map(|hour| hour.last));
    let ends = hours.iter().map(|hour| hour.first).chain([end]);
    starts.zip(ends).map(|(from, until)| Pause { from, until })
}

fn clipped(pause: Pause, from: Timestamp, until: Timestamp) -> Option<Pause> {
    let pause = Pause { from: pause.from.max(from), until: pause.until.min(until) };
    (pause.until > pause.from).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_459_200 + minute * 60).unwrap()
    }

    fn hour(number: i64, pauses: &[(i64, i64)]) -> WatchedHour {
        let pauses = pauses.iter().map(|&(from, until)| (at(from), at(until))).collect();
        let (first, last) = (at(number * 60), at(number * 60 + 59));
        WatchedHour { first, last, scans: 60, pauses, blind: BTreeSet::new() }
    }

    fn watch(hours: &[WatchedHour]) -> Watch {
        Watch::of(hours, (at(0), at(300)), SignedDuration::from_mins(15))
    }

    #[test]
    fn hours_that_follow_one_another_are_whole() {
        let whole: Vec<_> = (0..5).map(|number| hour(number, &[])).collect();
        let seen = watch(&whole);
        assert!(seen.is_whole(), "{seen:?}");
        assert_eq!((seen.scans, seen.longest_pause_seconds), (300, 60));
    }

    #[test]
    fn a_missing_hour_a_pause_within_one_and_a_late_end_are_gaps() {
        let gaps = |hours: &[WatchedHour]| {
            let mut gaps: Vec<_> = watch(hours).gaps.into_iter().map(|gap| (gap.from, gap.until)).collect();
            gaps.sort_unstable();
            gaps
        };
        let missing: Vec<_> = [0, 1, 3, 4].map(|number| hour(number, &[])).into();
        assert_eq!(gaps(&missing), [(at(119), at(180))]);
        let within: Vec<_> =
            (0..5).map(|number| hour(number, if number == 2 { &[(130, 150)] } else { &[] })).collect();
        assert_eq!(gaps(&within), [(at(130), at(150))]);
        let ended: Vec<_> = (0..3).map(|number| hour(number, &[])).collect();
        assert_eq!(gaps(&ended), [(at(179), at(300))]);
    }

    #[test]
    fn what_came_before_the_first_scan_is_no_gap_and_no_scan_at_all_is() {
        let late: Vec<_> = (2..5).map(|number| hour(number, &[])).collect();
        assert!(watch(&late).is_whole());
        let never = watch(&[]);
        assert!(!never.is_whole() && never.gaps_total == 1 && never.since.is_none());
    }

    #[test]
    fn an_hour_that_was_blind_is_not_whole() {
        let mut hours: Vec<_> = (0..5).map(|number| hour(number, &[])).collect();
        hours[1].blind.insert("sessions cannot be seen".to_owned());
        assert!(!watch(&hours).is_whole());
    }
}
