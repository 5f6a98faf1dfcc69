//! When and how much somebody logs in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const SECONDS_PER_DAY: i64 = 86_400;
/// Logins after which the past weighs half.
const MEMORY: u32 = 1_000;
/// Weight of the newest day in the mean of days.
const NEWEST: f32 = 0.1;

/// Logins by hour of the day, as the user's clock shows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hours([u16; 24]);

impl Hours {
    pub(super) fn learn(&mut self, hour: usize) {
        if self.total() >= MEMORY {
            for count in &mut self.0 {
                *count /= 2;
            }
        }
        if let Some(count) = self.0.get_mut(hour) {
            *count = count.saturating_add(1);
        }
    }

    /// Logins counted.
    pub fn total(&self) -> u32 {
        self.0.iter().map(|count| u32::from(*count)).sum()
    }

    /// The share of a day's logins that fall into so many whole hours up to the end of an hour of the day; above 1 for more than a
    /// day.
    pub fn share_before(&self, hour: usize, hours: usize) -> f64 {
        let passed: u32 = (0..hours).map(|back| u32::from(self.0[(hour + 24 - back % 24) % 24])).sum();
        f64::from(passed) / f64::from(self.total().max(1))
    }

    /// The share of logins, 0 to 1, within two hours of an hour of the day, around midnight too.
    pub fn share_near(&self, hour: usize) -> f64 {
        let near = (22..=26).map(|step| u32::from(self.0[(hour + step) % 24])).sum::<u32>();
        f64::from(near) / f64::from(self.total().max(1))
    }
}

/// Logins a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Volume {
    /// The day being counted, since 1970.
    day: i64,
    today: u32,
    /// Days with logins before that one.
    pub days: u32,
    /// Mean logins of such a day, the newest weighing most.
    pub mean: f32,
    /// Mean distance from it.
    pub spread: f32,
}

impl Volume {
    pub(super) fn count(&mut self, time: Timestamp) {
        let day = time.as_second().div_euclid(SECONDS_PER_DAY);
        match day.cmp(&self.day) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => self.today += 1,
            std::cmp::Ordering::Greater => {
                self.close();
                (self.day, self.today) = (day, 1);
            }
        }
    }

    fn close(&mut self) {
        if self.today == 0 {
            return;
        }
        let today = self.today as f32;
        let weight = if self.days == 0 { 1.0 } else { NEWEST };
        self.spread += weight.min(NEWEST) * ((today - self.mean).abs() - self.spread);
        self.mean += weight * (today - self.mean);
        self.days += 1;
    }

    /// Logins on the day of `time` so far.
    pub fn on_day_of(&self, time: Timestamp) -> u32 {
        if time.as_second().div_euclid(SECONDS_PER_DAY) == self.day { self.today } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64, hour: i64) -> Timestamp {
        Timestamp::from_second(day * SECONDS_PER_DAY + hour * 3_600).unwrap()
    }

    #[test]
    fn hours_are_a_circle() {
        let mut hours = Hours::default();
        (0..50).for_each(|_| hours.learn(23));
        assert!((hours.share_near(1) - 1.0).abs() < 1e-9, "two hours after 23 is 1");
        assert!(hours.share_near(2) < 1e-9);
        (0..5_000).for_each(|_| hours.learn(12));
        assert!(hours.total() <= MEMORY && hours.share_near(23) < 0.01, "the past fades");
    }

    #[test]
    fn the_mean_of_days_follows() {
        let mut volume = Volume::default();
        for day in 0..30 {
            (0..4).for_each(|hour| volume.count(at(day, hour)));
        }
        assert_eq!((volume.days, volume.on_day_of(at(29, 9))), (29, 4));
        assert!((volume.mean - 4.0).abs() < 0.1, "{volume:?}");
    }
}
