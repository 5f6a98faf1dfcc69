//! Which rows of a lazy block a query means: runs of places, never the rows.

use std::ops::Range;

/// A set of places in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places(Vec<Run>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    /// Places in the runs before this one.
    before: u32,
    places: Range<u32>,
}

impl Places {
    pub(crate) fn range(places: Range<u32>) -> Self {
        Self::joined(std::iter::once(places))
    }

    /// From places in ascending order.
    pub(crate) fn listed(places: impl IntoIterator<Item = u32>) -> Self {
        Self::joined(places.into_iter().map(|place| place..place + 1))
    }

    /// From ranges in the order of their starts; what touches becomes one run.
    fn joined(ranges: impl IntoIterator<Item = Range<u32>>) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for range in ranges.into_iter().filter(|range| !range.is_empty()) {
            if let Some(last) = runs.last_mut().filter(|last| range.start <= last.places.end) {
                last.places.end = last.places.end.max(range.end);
            } else {
                let before = runs.last().map_or(0, |last| last.before + last.places.len() as u32);
                runs.push(Run { before, places: range });
            }
        }
        Self(runs)
    }

    pub(crate) fn len(&self) -> u32 {
        self.0.last().map_or(0, |last| last.before + last.places.len() as u32)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|run| run.places.clone())
    }

    /// The place with this many others before it.
    pub(crate) fn at(&self, rank: u32) -> u32 {
        let run = self.0.partition_point(|run| run.before <= rank).checked_sub(1);
        run.map_or(0, |run| self.0[run].places.start + (rank - self.0[run].before))
    }

    /// How many are less than `place`.
    pub(crate) fn rank(&self, place: u32) -> u32 {
        let run = self.0.partition_point(|run| run.places.start < place).checked_sub(1);
        run.map_or(0, |run| {
            let Run { before, places } = &self.0[run];
            before + (place.min(places.end) - places.start)
        })
    }

    pub(crate) fn contain(&self, place: u32) -> bool {
        self.rank(place) < self.rank(place + 1)
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut common = Vec::new();
        while let (Some(a), Some(b)) = (mine.peek(), theirs.peek()) {
            common.push(a.places.start.max(b.places.start)..a.places.end.min(b.places.end));
            _ = if a.places.end < b.places.end { mine.next() } else { theirs.next() };
        }
        Self::joined(common)
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let mut ranges: Vec<_> = self.0.iter().chain(&other.0).map(|run| run.places.clone()).collect();
        ranges.sort_by_key(|range| range.start);
        Self::joined(ranges)
    }

    /// All others below `end`.
    pub(super) fn complement(&self, end: u32) -> Self {
        let starts = std::iter::once(0).chain(self.0.iter().map(|run| run.places.end));
        let ends = self.0.iter().map(|run| run.places.start).chain(std::iter::once(end));
        Self::joined(starts.zip(ends).map(|(start, end)| start..end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const END: u32 = 40;

    /// Every third set of a deterministic walk through the subsets of 0..40.
    fn sets() -> Vec<BTreeSet<u32>> {
        let bits = (1_u64..).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        bits.take(60).map(|bits| (0..END).filter(|place| bits >> place & 3 != 0).collect()).collect()
    }

    fn places(set: &BTreeSet<u32>) -> Places {
        Places::listed(set.iter().copied())
    }

    #[test]
    fn it_is_a_set() {
        let sets = sets();
        for a in &sets {
            let runs = places(a);
            assert_eq!(runs.len() as usize, a.len());
            assert!(runs.iter().eq(a.iter().copied()));
            assert!(a.iter().enumerate().all(|(rank, place)| runs.at(rank as u32) == *place));
            assert!((0..=END).all(|place| runs.rank(place) as usize == a.range(..place).count()));
            assert!((0..END).all(|place| runs.contain(place) == a.contains(&place)));
            let others: BTreeSet<_> = (0..END).filter(|place| !a.contains(place)).collect();
            assert_eq!(runs.complement(END), places(&others));
            for b in &sets {
                assert_eq!(runs.intersect(&places(b)), places(&(a & b)));
                assert_eq!(runs.union(&places(b)), places(&(a | b)));
            }
        }
    }

    #[test]
    fn nothing_is_a_set_too() {
        let none = Places::range(5..5);
        assert_eq!((none.len(), none.rank(9), none.iter().count()), (0, 0, 0));
        assert_eq!(none.complement(3), Places::range(0..3));
        assert_eq!(none.union(&Places::range(1..2)).intersect(&none), none);
    }
}
