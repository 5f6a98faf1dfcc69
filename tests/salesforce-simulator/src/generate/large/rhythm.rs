//! When the rows of a lazy past happened: more by day and on weekdays, never out of order, often in the same second.

use super::past::mixed;
use jiff::Timestamp;

const HOUR: i64 = 3_600;
const WEEK: i64 = 7 * 24;

/// Logins of a weekday's hours (GMT) in proportion, for offices in India, Europe and America.
const WEEKDAY: [u64; 24] =
    [14, 12, 14, 22, 30, 34, 48, 80, 100, 96, 84, 70, 72, 88, 100, 96, 80, 62, 50, 44, 38, 30, 22, 16];
/// What is left of them on Saturdays and Sundays.
const WEEKEND_SHARE: u64 = 6;

/// Rows that are written together have the first one's time: in each group of so many, the first few.
const GROUP: u32 = 23;
const TOGETHER: [u32; 8] = [1, 1, 1, 2, 3, 5, 9, GROUP];
/// After an outage everybody comes back at once: in each stretch of so many rows, the first ones, more than a page.
const STRETCH: u32 = 100_003;
const COMING_BACK: u32 = 2_600;

pub(super) struct Rhythm {
    seed: u64,
    since: i64,
    /// How many rows lie before each hour of the past, and before its end.
    before: Vec<u32>,
}

impl Rhythm {
    pub(super) fn new(seed: u64, since: Timestamp, days: u32, rows: u32) -> Self {
        let since = since.as_second();
        let hours = 0..i64::from(days.max(1)) * 24;
        let mut weights = vec![0_u64];
        weights.extend(hours.scan(0, |sum, hour| {
            *sum += weight(since.div_euclid(HOUR) + hour);
            Some(*sum)
        }));
        let whole = weights.last().copied().unwrap_or(1).max(1);
        let share = |weight: u64| (u128::from(weight) * u128::from(rows) / u128::from(whole)) as u32;
        Self { seed, since, before: weights.into_iter().map(share).collect() }
    }

    pub(super) fn rows(&self) -> u32 {
        self.before.last().copied().unwrap_or_default()
    }

    /// Seconds since 1970; never less than at the place before.
    pub(super) fn time(&self, place: u32) -> i64 {
        let place = self.first_of_its_second(place);
        let hour = self.before.partition_point(|before| *before <= place).clamp(1, self.before.len() - 1) - 1;
        let (from, until) = (self.before[hour], self.before[hour + 1]);
        let within =
            i64::from(place - from) * HOUR + (mixed(self.seed, place.into()) % HOUR as u64).cast_signed();
        self.since + hour.cast_signed() as i64 * HOUR + within / i64::from(until - from).max(1)
    }

    fn first_of_its_second(&self, place: u32) -> u32 {
        let (stretch, group) = (place / STRETCH, place / GROUP);
        if stretch > 0 && place % STRETCH < COMING_BACK {
            return stretch * STRETCH;
        }
        let together = TOGETHER[(mixed(!self.seed, group.into()) % 8) as usize];
        if place % GROUP < together { group * GROUP } else { place }
    }
}

/// Of an hour counted from 1970, which began on a Thursday.
fn weight(hour: i64) -> u64 {
    let hour = (hour + 3 * 24).rem_euclid(WEEK);
    let weekday = WEEKDAY[(hour % 24) as usize];
    if hour >= 5 * 24 { weekday / WEEKEND_SHARE } else { weekday }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rhythm(rows: u32) -> Rhythm {
        Rhythm::new(7, "2026-06-01T00:00:00Z".parse().unwrap(), 28, rows)
    }

    #[test]
    fn time_never_goes_back_and_stays_within_the_past() {
        for rows in [1, 22, 5_000, 250_000] {
            let rhythm = rhythm(rows);
            let times: Vec<i64> = (0..rows).map(|place| rhythm.time(place)).collect();
            assert!(times.is_sorted(), "{rows}");
            assert!(times[0] >= rhythm.since && times[times.len() - 1] < rhythm.since + 28 * 24 * HOUR);
        }
    }

    #[test]
    fn weekdays_and_seconds_are_crowded() {
        let rhythm = rhythm(250_000);
        let times: Vec<i64> = (0..250_000).map(|place| rhythm.time(place)).collect();
        let weekend = times.iter().filter(|time| (time.div_euclid(24 * HOUR) + 3).rem_euclid(7) >= 5).count();
        assert!((5_000..20_000).contains(&weekend), "{weekend}");
        let mut runs: Vec<usize> = times.chunk_by(|a, b| a == b).map(<[i64]>::len).collect();
        runs.sort_unstable();
        assert!(runs[runs.len() - 1] > 2_000 && runs.len() < 200_000, "{} seconds", runs.len());
    }

    #[test]
    fn an_empty_past_has_a_time_all_the_same() {
        assert!(rhythm(0).time(0) >= rhythm(0).since);
    }
}
