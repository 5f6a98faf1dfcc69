//! How many requests of this client's own making run at once.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// An org runs 25 requests of more than 20 seconds at once, a developer org 5, and people work in it. Source: Salesforce
/// Developer Limits, "API Request Limits and Allocations".
const MOST: usize = 4;
/// Answers without a complaint after which one more lane is tried.
const CALM: usize = 100;

/// The lanes for slices of history: half as many after each complaint that too much runs at once.
#[derive(Debug)]
pub(super) struct Lanes {
    open: AtomicUsize,
    calm: AtomicUsize,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { open: AtomicUsize::new(MOST), calm: AtomicUsize::new(0) }
    }
}

impl Lanes {
    pub(super) fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    pub(super) fn complained(&self) {
        self.calm.store(0, Relaxed);
        self.open.store((self.open() / 2).max(1), Relaxed);
    }

    pub(super) fn answered(&self) {
        if self.open() < MOST && self.calm.fetch_add(1, Relaxed) + 1 >= CALM {
            self.calm.store(0, Relaxed);
            self.open.store((self.open() + 1).min(MOST), Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_close_lanes_and_calm_opens_them_again() {
        let lanes = Lanes::default();
        let after = |complaints, answers| {
            (0..complaints).for_each(|_| lanes.complained());
            (0..answers).for_each(|_| lanes.answered());
            lanes.open()
        };
        assert_eq!([after(1, 0), after(1, 0), after(5, 99)], [2, 1, 1]);
        assert_eq!([after(0, 1), after(0, 99), after(0, 1), after(0, 1_000)], [2, 2, 3, 4]);
    }
}
