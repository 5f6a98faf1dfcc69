//! Findings by week.

use jiff::Timestamp;
use serde::Serialize;

use super::Asked;
use crate::detection::{Action, Finding};

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;
/// The first Monday after the Unix epoch, which was a Thursday.
const MONDAY: i64 = 4 * DAY;
/// Salesforce keeps six months; a file that says it spans longer has a date in it that is wrong.
const MOST: i64 = 520;

/// A week, from Monday to Sunday, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Week {
    /// Its Monday, at midnight.
    pub begins: Timestamp,
    /// What the policy asked for.
    pub asked: Asked,
}

/// How many weeks a period is, at least one.
pub(super) fn length(period: Option<(Timestamp, Timestamp)>) -> f64 {
    let seconds = period.map_or(0, |(first, last)| last.duration_since(first).as_secs());
    (seconds as f64 / WEEK as f64).max(1.0)
}

/// Every week of the period, also those in which nothing was found; of a longer history the last ten years.
pub(super) fn weeks(period: Option<(Timestamp, Timestamp)>, acted: &[(&Finding, Action)]) -> Vec<Week> {
    let Some((first, last)) = period else { return Vec::new() };
    let last = number(last);
    let first = number(first).max(last - MOST);
    let begins = |number| Timestamp::from_second(number * WEEK + MONDAY).unwrap_or_default();
    let mut weeks: Vec<_> =
        (first..=last).map(|number| Week { begins: begins(number), asked: Asked::default() }).collect();
    for (finding, action) in acted {
        let place = usize::try_from(number(finding.last_seen) - first).ok();
        if let Some(week) = place.and_then(|place| weeks.get_mut(place)) {
            week.asked.count(*action);
        }
    }
    weeks
}

fn number(at: Timestamp) -> i64 {
    (at.as_second() - MONDAY).div_euclid(WEEK)
}
