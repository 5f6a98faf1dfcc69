//! Which providers an org's people come through.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::detection::Familiarity;
use crate::detection::facts::SETTLED;

/// Systems kept; the one seen longest ago gives way. An org of ten thousand comes through a few hundred.
const SYSTEMS: usize = 512;

/// Autonomous systems of successes, as far as a data pack knew them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Systems {
    /// Successes whose system was known.
    pub successes: u32,
    /// The first of them.
    pub first: Option<Timestamp>,
    known: BTreeMap<u32, Familiarity>,
}

impl Systems {
    /// Learns that a success came through a system.
    pub fn learn(&mut self, asn: u32, time: Timestamp) {
        self.successes = self.successes.saturating_add(1);
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        let mut known = self.known.remove(&asn);
        Familiarity::learn(&mut known, time);
        if self.known.len() >= SYSTEMS
            && let Some(oldest) = self.known.iter().min_by_key(|(_, known)| known.last()).map(|(asn, _)| *asn)
        {
            self.known.remove(&oldest);
        }
        self.known.extend(known.map(|known| (asn, known)));
    }

    /// Whether somebody came through a system more than a day before `time`.
    pub fn knows(&self, asn: u32, time: Timestamp) -> bool {
        self.known.get(&asn).is_some_and(|known| known.first() < time - SETTLED)
    }

    /// Whole days from the first success to `time`.
    pub fn days(&self, time: Timestamp) -> i64 {
        self.first.map_or(0, |first| time.duration_since(first).as_hours() / 24)
    }

    /// How many systems are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_what_is_used_stays() {
        let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
        let mut systems = Systems::default();
        for asn in 0..2_000 {
            systems.learn(asn, at(i64::from(asn)));
            systems.learn(64_496, at(i64::from(asn)));
        }
        let later = at(200_000);
        assert_eq!((systems.len(), systems.successes), (SYSTEMS, 4_000));
        assert!(systems.knows(64_496, later) && systems.knows(1_999, later) && !systems.knows(0, later));
        assert!(!systems.knows(1_999, at(2_000)), "what came within the day is new still");
    }
}
