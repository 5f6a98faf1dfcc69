//! Which observations were committed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::observation::Position;

/// Width of a bucket of seen observations: at ten million logins a day one bucket stays below 400 KB.
const BUCKET_SECONDS: i64 = 300;

/// Observations of one five-minute bucket that were committed, each as a hash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeenBucket(BTreeSet<u64>);

impl SeenBucket {
    /// The bucket an instant falls into, counted from 1970.
    pub fn number(time: Timestamp) -> i64 {
        time.as_second().div_euclid(BUCKET_SECONDS).max(0)
    }

    /// A bucket's name, sortable as text.
    pub fn name(number: i64) -> String {
        format!("{number:012}")
    }

    pub(super) fn insert(&mut self, at: &Position) {
        self.0.insert(Self::mark(at));
    }

    pub(super) fn contains(&self, at: &Position) -> bool {
        self.0.contains(&Self::mark(at))
    }

    /// 64-bit FNV-1a: the ids are Salesforce's, and nobody else chooses them.
    fn mark(at: &Position) -> u64 {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        [at.kind.name(), "/", &at.id].into_iter().flat_map(str::bytes).fold(0xcbf2_9ce4_8422_2325, step)
    }
}
