//! How well something is known: a bounded, forgetting tally.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// At most this many entries are kept; the least recently seen gives way.
const CAPACITY: usize = 48;
/// What has not been seen for this many days is forgotten.
const MEMORY_DAYS: i64 = 120;
const SECONDS_PER_DAY: i64 = 86_400;

/// How well one thing is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Familiarity {
    /// How often it was seen.
    pub count: u32,
    /// On how many different days (UTC).
    pub days: u32,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
}

impl Familiarity {
    fn once(time: Timestamp) -> Self {
        Self { count: 1, days: 1, first: time, last: time }
    }

    /// A sighting that comes late, between the first and the last, may be of a day that was counted: it counts as none.
    fn again(&mut self, time: Timestamp) {
        let is_later = time > self.last && day(time) != day(self.last);
        let is_earlier = time < self.first && day(time) != day(self.first);
        self.days += u32::from(is_later || is_earlier);
        self.count = self.count.saturating_add(1);
        self.first = self.first.min(time);
        self.last = self.last.max(time);
    }

    /// Learns one more sighting of something that may not have been seen before.
    pub fn learn(known: &mut Option<Self>, time: Timestamp) {
        match known {
            Some(known) => known.again(time),
            None => *known = Some(Self::once(time)),
        }
    }
}

/// What is known of each value of one feature, for example of each network of a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Familiar<K: Ord>(BTreeMap<K, Familiarity>);

impl<K: Ord> Default for Familiar<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> Familiar<K> {
    /// Learns that `key` was seen at `time`.
    pub fn learn(&mut self, key: K, time: Timestamp) {
        if let Some(known) = self.0.get_mut(&key) {
            known.again(time);
            return;
        }
        self.0.insert(key, Familiarity::once(time));
        self.forget();
    }

    /// Forgets what is too old beside the newest, and what is one too many: what was learned late may be that itself.
    fn forget(&mut self) {
        let Some(now) = self.0.values().map(|known| known.last).max() else { return };
        self.0.retain(|_, known| day(now) - day(known.last) <= MEMORY_DAYS);
        if self.0.len() > CAPACITY
            && let Some(oldest) =
                self.0.iter().min_by_key(|(_, known)| known.last).map(|(key, _)| key.clone())
        {
            self.0.remove(&oldest);
        }
    }

    /// What is known of `key`.
    pub fn of(&self, key: &K) -> Option<&Familiarity> {
        self.0.get(key)
    }

    /// Whether `key` was seen on at least `days` different days and first before `before`.
    pub fn is_known(&self, key: &K, days: u32, before: Timestamp) -> bool {
        self.of(key).is_some_and(|known| known.days >= days && known.first < before)
    }

    /// Everything that is known.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &Familiarity)> {
        self.0.iter()
    }

    /// How many values are known.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn day(time: Timestamp) -> i64 {
    time.as_second().div_euclid(SECONDS_PER_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * SECONDS_PER_DAY + 40_000).unwrap()
    }

    #[test]
    fn days_are_counted_once() {
        let mut familiar = Familiar::default();
        for day in [1, 1, 1, 2, 5] {
            familiar.learn("office", at(day));
        }
        let known = familiar.of(&"office").unwrap();
        assert_eq!((known.count, known.days), (5, 3));
        assert!(familiar.is_known(&"office", 3, at(2)));
        assert!(!familiar.is_known(&"office", 3, at(1)), "first seen on day 1 is not before day 1");
    }

    #[test]
    fn it_is_bounded_and_forgets() {
        let mut familiar = Familiar::default();
        for key in 0..200 {
            familiar.learn(key, at(i64::from(key) / 50));
        }
        assert_eq!(familiar.len(), CAPACITY);
        assert!(familiar.of(&0).is_none());
        familiar.learn(1_000, at(1_000));
        assert_eq!(familiar.len(), 1);
    }

    #[test]
    fn what_comes_late_counts_no_day_twice_and_pushes_nothing_newer_out() {
        let mut familiar = Familiar::default();
        for day in [100, 3, 3, 50, 50, 3, 101, 1] {
            familiar.learn("office", at(day));
        }
        let known = familiar.of(&"office").unwrap();
        assert_eq!((known.count, known.days), (8, 4), "days 1, 3, 100 and 101");
        assert_eq!((known.first, known.last), (at(1), at(101)));

        let mut full = Familiar::default();
        (0..48).for_each(|key| full.learn(key, at(100 + key)));
        full.learn(1_000, at(90));
        assert!(full.len() == CAPACITY && full.of(&1_000).is_none() && full.of(&0).is_some());
        full.learn(2_000, at(20));
        assert!(full.of(&2_000).is_none());
    }
}
