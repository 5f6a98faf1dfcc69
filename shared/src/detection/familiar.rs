//! How well something is known: a bounded, forgetting tally.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// At most this many entries are kept; the least recently seen gives way.
const CAPACITY: usize = 48;
/// What has not been seen for this many days is forgotten.
const MEMORY_DAYS: i64 = 120;
const SECONDS_PER_DAY: i64 = 86_400;

/// How well one thing is known. Instants are whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
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

/// The short form that is written, and the long one that was written before.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Line(u32, u32, i64, i64),
    Named { count: u32, days: u32, first: Timestamp, last: Timestamp },
}

impl From<Written> for Familiarity {
    fn from(written: Written) -> Self {
        match written {
            Written::Line(count, days, first, last) => {
                Self { count, days, first: from_second(first), last: from_second(last) }
            }
            Written::Named { count, days, first, last } => Self { count, days, first, last },
        }
    }
}

impl Serialize for Familiarity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.count, self.days, self.first.as_second(), self.last.as_second()).serialize(serializer)
    }
}

impl Familiarity {
    fn once(time: Timestamp) -> Self {
        let time = from_second(time.as_second());
        Self { count: 1, days: 1, first: time, last: time }
    }

    /// A sighting that comes late, between the first and the last, may be of a day that was counted: it counts as none.
    fn again(&mut self, time: Timestamp) {
        let time = from_second(time.as_second());
        self.count = self.count.saturating_add(1);
        if time > self.last {
            self.days += u32::from(day(time) != day(self.last));
            self.last = time;
        } else if time < self.first {
            self.days += u32::from(day(time) != day(self.first));
            self.first = time;
        }
    }

    /// Learns one more sighting of something that may not have been seen before.
    pub fn learn(known: &mut Option<Self>, time: Timestamp) {
        match known {
            Some(known) => known.again(time),
            None => *known = Some(Self::once(time)),
        }
    }
}

/// What is known of each value of one feature, for example of each network of a user, in the order of the values.
#[derive(Debug, Clone)]
pub struct Familiar<K> {
    known: Vec<(K, Familiarity)>,
    /// Which was learned last: most come again and again, and it is looked at first.
    recent: usize,
    /// How often anything was seen that is not forgotten: summed up once, for every login asks.
    total: u64,
}

impl<K> Default for Familiar<K> {
    fn default() -> Self {
        Self { known: Vec::new(), recent: 0, total: 0 }
    }
}

impl<K: PartialEq> PartialEq for Familiar<K> {
    fn eq(&self, other: &Self) -> bool {
        self.known == other.known
    }
}

impl<K> FromIterator<(K, Familiarity)> for Familiar<K> {
    fn from_iter<I: IntoIterator<Item = (K, Familiarity)>>(known: I) -> Self {
        let mut familiar = Self { known: known.into_iter().collect(), ..Self::default() };
        familiar.sum_up();
        familiar
    }
}

impl<K: Serialize> Serialize for Familiar<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.known.len()))?;
        for (key, known) in &self.known {
            map.serialize_entry(key, known)?;
        }
        map.end()
    }
}

impl<'de, K: Deserialize<'de> + Ord> Deserialize<'de> for Familiar<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::deserialize(deserializer)?.into_iter().collect())
    }
}

impl<K> Familiar<K> {
    fn sum_up(&mut self) {
        self.total = self.known.iter().map(|(_, known)| u64::from(known.count)).sum();
    }
}

impl<K: Ord> Familiar<K> {
    /// Learns that `key` was seen at `time`.
    pub fn learn(&mut self, key: K, time: Timestamp) {
        match self.place_of(&key) {
            Ok(place) => self.again(place, time),
            Err(_) => self.insert(key, time),
        }
    }

    /// Learns a value that is only made where it is new.
    pub fn learn_ref<Q: Ord + ?Sized>(&mut self, key: &Q, make: impl FnOnce(&Q) -> K, time: Timestamp)
    where
        K: Borrow<Q>,
    {
        match self.place_of(key) {
            Ok(place) => self.again(place, time),
            Err(_) => self.insert(make(key), time),
        }
    }

    /// Learns `key`, or where that is not known the value that `is` picks out; made where none is.
    pub fn learn_like<Q: Ord + ?Sized>(
        &mut self,
        key: &Q,
        is: impl Fn(&K) -> bool,
        make: impl FnOnce() -> K,
        time: Timestamp,
    ) where
        K: Borrow<Q>,
    {
        match self.place_of(key).ok().or_else(|| self.place_where(is)) {
            Some(place) => self.again(place, time),
            None => self.insert(make(), time),
        }
    }

    fn place_of<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        match self.known.get(self.recent) {
            Some((known, _)) if known.borrow() == key => Ok(self.recent),
            _ => self.known.binary_search_by(|(known, _)| known.borrow().cmp(key)),
        }
    }

    /// The first, whichever was learned last: a profile that comes back from the store says the same.
    fn place_where(&self, is: impl Fn(&K) -> bool) -> Option<usize> {
        self.known.iter().position(|(known, _)| is(known))
    }

    fn again(&mut self, place: usize, time: Timestamp) {
        self.recent = place;
        if let Some((_, known)) = self.known.get_mut(place) {
            let before = known.count;
            known.again(time);
            self.total += u64::from(known.count - before);
        }
    }

    fn insert(&mut self, key: K, time: Timestamp) {
        let place = self.known.partition_point(|(known, _)| *known < key);
        self.known.insert(place, (key, Familiarity::once(time)));
        self.recent = place;
        self.total += 1;
        self.forget();
    }

    /// Forgets what is too old beside the newest, and what is one too many: what was learned late may be that itself.
    fn forget(&mut self) {
        let lasts = || self.known.iter().map(|(_, known)| known.last.as_second());
        let Some((oldest, newest)) = lasts().min().zip(lasts().max()) else { return };
        let days = |second: i64| second.div_euclid(SECONDS_PER_DAY);
        if days(newest) - days(oldest) > MEMORY_DAYS {
            self.known.retain(|(_, known)| days(newest) - day(known.last) <= MEMORY_DAYS);
            self.sum_up();
        } else if self.known.len() > CAPACITY
            && let Some(place) = self.known.iter().position(|(_, known)| known.last.as_second() == oldest)
        {
            let (_, known) = self.known.remove(place);
            self.total -= u64::from(known.count);
        }
    }

    /// What is known of `key`.
    pub fn of<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&Familiarity>
    where
        K: Borrow<Q>,
    {
        self.known.get(self.place_of(key).ok()?).map(|(_, known)| known)
    }

    /// What is known of `key`, or where that is nothing of the value that `is` picks out.
    pub fn of_like<Q: Ord + ?Sized>(&self, key: &Q, is: impl Fn(&K) -> bool) -> Option<&Familiarity>
    where
        K: Borrow<Q>,
    {
        self.of(key).or_else(|| self.of_where(is))
    }

    /// What is known of the value that `is` picks out.
    pub fn of_where(&self, is: impl Fn(&K) -> bool) -> Option<&Familiarity> {
        self.known.get(self.place_where(is)?).map(|(_, known)| known)
    }

    /// Whether `key` was seen on at least `days` different days and first before `before`.
    pub fn is_known<Q: Ord + ?Sized>(&self, key: &Q, days: u32, before: Timestamp) -> bool
    where
        K: Borrow<Q>,
    {
        self.of(key).is_some_and(|known| known.days >= days && known.first < before)
    }

    /// Everything that is known.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &Familiarity)> {
        self.known.iter().map(|(key, known)| (key, known))
    }

    /// How often anything was seen that is not forgotten.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many values are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

fn day(time: Timestamp) -> i64 {
    time.as_second().div_euclid(SECONDS_PER_DAY)
}

/// Instants outside the calendar come from no org; they count as its end.
fn from_second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
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

    #[test]
    fn what_was_stored_before_is_still_read() {
        let known = r#"{"count":3,"days":2,"first":"2026-09-01T08:00:00Z","last":"2026-09-04T08:00:00Z"}"#;
        let familiar: Familiar<String> = serde_json::from_str(&format!("{{\"office\":{known}}}")).unwrap();
        let short = serde_json::to_string(&familiar).unwrap();
        insta::assert_snapshot!(short, @r#"{"office":[3,2,1788249600,1788508800]}"#);
        assert_eq!(serde_json::from_str::<Familiar<String>>(&short).unwrap(), familiar);
    }
}
