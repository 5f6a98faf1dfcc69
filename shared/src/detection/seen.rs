//! Which observations were committed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::observation::Position;

/// Width of a bucket of seen observations: at ten million logins a day one bucket stays below 400 KB.
const BUCKET_SECONDS: i64 = 300;

/// Observations of one five-minute bucket that were committed, each as the first eight bytes of a hash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeenBucket(BTreeSet<u64>);

impl SeenBucket {
    /// The bucket an instant falls into, sortable as text.
    pub fn name(time: Timestamp) -> String {
        format!("{:012}", time.as_second().div_euclid(BUCKET_SECONDS).max(0))
    }

    pub(super) fn insert(&mut self, at: &Position) {
        self.0.insert(Self::mark(at));
    }

    pub(super) fn contains(&self, at: &Position) -> bool {
        self.0.contains(&Self::mark(at))
    }

    fn mark(at: &Position) -> u64 {
        let hash: [u8; 32] = Sha256::digest(&at.id).into();
        hash.iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte))
    }
}
