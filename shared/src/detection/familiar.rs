//! How well something is known: a bounded, forgetting tally.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::observation::{AccessPath, ClientFamily, CountryCode, Network, Text};

/// At most this many entries are kept; the least recently seen gives way.
const CAPACITY: usize = 48;
/// What has not been seen for this many days is forgotten.
const MEMORY_DAYS: i64 = 120;
const SECONDS_PER_DAY: i64 = 86_400;
/// Signs that are told apart.
const SIGNS: usize = 8;

/// How well one thing is known. Instants are whole seconds, and held as such: many are compared for every login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct Familiarity {
    /// How often it was seen.
    pub count: u32,
    /// On how many different days (UTC).
    pub days: u32,
    first: i64,
    last: i64,
}

/// An instant as sightings are counted: its second, and the one in which its day (UTC) began. Worked out once for all that one
/// login teaches.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    second: i64,
    midnight: i64,
}

impl From<Timestamp> for Moment {
    fn from(time: Timestamp) -> Self {
        let second = time.as_second();
        Self { second, midnight: second - second.rem_euclid(SECONDS_PER_DAY) }
    }
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
        let (count, days, first, last) = match written {
            Written::Line(count, days, first, last) => (count, days, from_second(first), from_second(last)),
            Written::Named { count, days, first, last } => (count, days, first, last),
        };
        Self { count, days, first: first.as_second(), last: last.as_second() }
    }
}

impl Serialize for Familiarity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.count, self.days, self.first, self.last).serialize(serializer)
    }
}

impl Familiarity {
    fn once(at: Moment) -> Self {
        Self { count: 1, days: 1, first: at.second, last: at.second }
    }

    /// When it was seen first.
    pub fn first(&self) -> Timestamp {
        from_second(self.first)
    }

    /// When it was seen last.
    pub fn last(&self) -> Timestamp {
        from_second(self.last)
    }

    /// A sighting that comes late, between the first and the last, may be of a day that was counted: it counts as none.
    fn again(&mut self, at: Moment) {
        self.count = self.count.saturating_add(1);
        if at.second > self.last {
            self.days += u32::from(self.last < at.midnight);
            self.last = at.second;
        } else if at.second < self.first {
            self.days += u32::from(self.first >= at.midnight + SECONDS_PER_DAY);
            self.first = at.second;
        }
    }

    /// Learns one more sighting of something that may not have been seen before.
    pub fn learn(known: &mut Option<Self>, at: impl Into<Moment>) {
        match known {
            Some(known) => known.again(at.into()),
            None => *known = Some(Self::once(at.into())),
        }
    }
}

/// What familiarity is learned of.
pub trait Key: Ord {
    /// Tells most values of one feature apart, and costs next to nothing.
    fn sign(&self) -> u8;
}

impl Key for str {
    fn sign(&self) -> u8 {
        let bytes = self.as_bytes();
        let ends = bytes.first().zip(bytes.last()).map_or(0, |(first, last)| first.wrapping_add(*last));
        ends.wrapping_add(bytes.len() as u8)
    }
}

impl<K: Key + ?Sized> Key for &K {
    fn sign(&self) -> u8 {
        (**self).sign()
    }
}

impl Key for Text {
    fn sign(&self) -> u8 {
        self.as_str().sign()
    }
}

impl Key for ClientFamily {
    fn sign(&self) -> u8 {
        self.as_str().sign()
    }
}

impl Key for CountryCode {
    fn sign(&self) -> u8 {
        let [first, second] = self.letters();
        first.wrapping_add(second)
    }
}

impl Key for Network {
    fn sign(&self) -> u8 {
        self.number()
    }
}

impl Key for AccessPath {
    fn sign(&self) -> u8 {
        *self as u8
    }
}

impl Key for u32 {
    fn sign(&self) -> u8 {
        *self as u8
    }
}

/// Where a value lies among those that are familiar, or where it would: looked for once, to judge by it and to learn it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot(Result<u16, u16>);

impl Default for Spot {
    /// Among none.
    fn default() -> Self {
        Self(Err(0))
    }
}

impl From<Result<usize, usize>> for Spot {
    fn from(place: Result<usize, usize>) -> Self {
        Self(place.map(|place| place as u16).map_err(|place| place as u16))
    }
}

impl Spot {
    /// Whether the value is among them.
    pub fn is_known(self) -> bool {
        self.0.is_ok()
    }
}

/// What is known of each value of one feature, for example of each network of a user, in the order of the values.
#[derive(Debug, Clone)]
pub struct Familiar<K> {
    known: Vec<(K, Familiarity)>,
    /// Where those that were learned last lie, by their signs: most come again and again, and are looked for there first.
    recent: [u8; SIGNS],
    /// How often anything was seen that is not forgotten: summed up once, for every login asks.
    total: u64,
}

impl<K> Default for Familiar<K> {
    fn default() -> Self {
        Self { known: Vec::new(), recent: [0; SIGNS], total: 0 }
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

impl<K: Key> Familiar<K> {
    /// Learns that `key` was seen, of which a copy is made only where it is new.
    pub fn learn(&mut self, key: &K, at: impl Into<Moment>)
    where
        K: Clone,
    {
        match self.place_of(key) {
            Ok(place) => self.again(place, at.into()),
            Err(place) => self.insert(place, key.clone(), at.into()),
        }
    }

    /// The same of one that was looked for, in what has not changed since.
    pub fn learn_at(&mut self, spot: Spot, key: &K, at: Moment)
    where
        K: Clone,
    {
        debug_assert!(self.fits(spot, key), "it lies elsewhere");
        match spot.0 {
            Ok(place) => self.again(place.into(), at),
            Err(place) => self.insert(place.into(), key.clone(), at),
        }
    }

    /// Whether `key` lies there, would lie there, or may be what another value there is like.
    fn fits(&self, spot: Spot, key: &K) -> bool {
        let place = self.place_of(key);
        Spot::from(place) == spot || place.is_err() && self.at(spot).is_some()
    }

    /// Where `key` lies.
    pub fn spot<Q: Key + ?Sized>(&self, key: &Q) -> Spot
    where
        K: Borrow<Q>,
    {
        self.place_of(key).into()
    }

    /// Where `key` lies, or where that is not known the value that `is` picks out.
    pub fn spot_like<Q: Key + ?Sized>(&self, key: &Q, is: impl Fn(&K) -> bool) -> Spot
    where
        K: Borrow<Q>,
    {
        self.place_of(key).or_else(|place| self.place_where(is).ok_or(place)).into()
    }

    /// What is known of the value at a spot.
    pub fn at(&self, spot: Spot) -> Option<&Familiarity> {
        self.known.get(usize::from(spot.0.ok()?)).map(|(_, known)| known)
    }

    /// Where `key` lies, or where it would.
    #[inline]
    fn place_of<Q: Key + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        let recent = usize::from(self.recent[usize::from(key.sign()) % SIGNS]);
        match self.known.get(recent) {
            Some((known, _)) if known.borrow() == key => Ok(recent),
            _ => self.search(key),
        }
    }

    #[inline(never)]
    fn search<Q: Key + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.known.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }

    /// The first, whichever was learned last: a profile that comes back from the store says the same.
    fn place_where(&self, is: impl Fn(&K) -> bool) -> Option<usize> {
        self.known.iter().position(|(known, _)| is(known))
    }

    fn again(&mut self, place: usize, at: Moment) {
        let Some((key, known)) = self.known.get_mut(place) else { return };
        let before = known.count;
        known.again(at);
        self.total += u64::from(known.count - before);
        self.recent[usize::from(key.sign()) % SIGNS] = place as u8;
    }

    fn insert(&mut self, place: usize, key: K, at: Moment) {
        self.recent[usize::from(key.sign()) % SIGNS] = place as u8;
        self.known.insert(place, (key, Familiarity::once(at)));
        self.total += 1;
        self.forget();
    }

    /// Forgets what is too old beside the newest, and what is one too many: what was learned late may be that itself.
    fn forget(&mut self) {
        let lasts = self.known.iter().map(|(_, known)| known.last);
        let (oldest, newest) =
            lasts.fold((i64::MAX, i64::MIN), |(oldest, newest), last| (oldest.min(last), newest.max(last)));
        if day(newest) - day(oldest) > MEMORY_DAYS {
            self.known.retain(|(_, known)| day(newest) - day(known.last) <= MEMORY_DAYS);
            self.sum_up();
        } else if self.known.len() > CAPACITY
            && let Some(place) = self.known.iter().position(|(_, known)| known.last == oldest)
        {
            let (_, known) = self.known.remove(place);
            self.total -= u64::from(known.count);
        }
    }

    /// What is known of `key`.
    pub fn of<Q: Key + ?Sized>(&self, key: &Q) -> Option<&Familiarity>
    where
        K: Borrow<Q>,
    {
        self.known.get(self.place_of(key).ok()?).map(|(_, known)| known)
    }

    /// Whether `key` was seen on at least `days` different days and first before `before`.
    pub fn is_known<Q: Key + ?Sized>(&self, key: &Q, days: u32, before: Timestamp) -> bool
    where
        K: Borrow<Q>,
    {
        self.of(key).is_some_and(|known| known.days >= days && known.first() < before)
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

fn day(second: i64) -> i64 {
    second.div_euclid(SECONDS_PER_DAY)
}

/// Instants outside the calendar come from no org; they count as its end.
fn from_second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * SECONDS_PER_DAY + 40_000).unwrap()
    }

    #[test]
    fn days_are_counted_once() {
        let mut familiar = Familiar::default();
        for day in [1, 1, 1, 2, 5] {
            familiar.learn(&"office", at(day));
        }
        let known = familiar.of(&"office").unwrap();
        assert_eq!((known.count, known.days), (5, 3));
        assert!(familiar.is_known(&"office", 3, at(2)));
        assert!(!familiar.is_known(&"office", 3, at(1)), "first seen on day 1 is not before day 1");
    }

    #[test]
    fn it_is_bounded_and_forgets() {
        let mut familiar = Familiar::default();
        for key in 0..200_u32 {
            familiar.learn(&key, at(i64::from(key) / 50));
        }
        assert_eq!(familiar.len(), CAPACITY);
        assert!(familiar.of(&0).is_none());
        familiar.learn(&1_000, at(1_000));
        assert_eq!(familiar.len(), 1);
    }

    #[test]
    fn what_comes_late_counts_no_day_twice_and_pushes_nothing_newer_out() {
        let mut familiar = Familiar::default();
        for day in [100, 3, 3, 50, 50, 3, 101, 1] {
            familiar.learn(&"office", at(day));
        }
        let known = familiar.of(&"office").unwrap();
        assert_eq!((known.count, known.days), (8, 4), "days 1, 3, 100 and 101");
        assert_eq!((known.first(), known.last()), (at(1), at(101)));

        let mut full = Familiar::default();
        (0..48_u32).for_each(|key| full.learn(&key, at(100 + i64::from(key))));
        full.learn(&1_000, at(90));
        assert!(full.len() == CAPACITY && full.of(&1_000).is_none() && full.of(&0).is_some());
        full.learn(&2_000, at(20));
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

    proptest! {
        #[test]
        fn what_was_looked_for_before_is_learned_as_what_is_looked_for_anew(
            seen in proptest::collection::vec((0_u32..70, -200_i64..200, 0_i64..86_400), 1..200)
        ) {
            let (mut once, mut anew) = (Familiar::default(), Familiar::default());
            let mut days = BTreeMap::<u32, std::collections::BTreeSet<i64>>::new();
            for (key, day, second) in seen {
                let time = Timestamp::from_second(day * SECONDS_PER_DAY + second).unwrap();
                let spot = once.spot(&key);
                prop_assert_eq!(once.at(spot), anew.iter().find(|(known, _)| **known == key).map(|(_, known)| known));
                let is_late = anew.of(&key).is_some_and(|known| (known.first()..=known.last()).contains(&time));
                days.entry(key).or_default().extend((!is_late).then_some(day));
                once.learn_at(spot, &key, time.into());
                anew.learn(&key, time);
                prop_assert_eq!(&once, &anew);
                prop_assert!(anew.known.is_sorted_by_key(|(key, _)| *key) && anew.len() <= CAPACITY);
                prop_assert_eq!(anew.total(), anew.iter().map(|(_, known)| u64::from(known.count)).sum::<u64>());
                match anew.of(&key) {
                    Some(known) => prop_assert_eq!(known.days as usize, days[&key].len()),
                    None => drop(days.remove(&key)),
                }
                days.retain(|key, _| anew.of(key).is_some());
            }
        }
    }
}
