//! Chance, from a seed and a number of its own for each person: nobody's life depends on another's.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::ops::Range;

#[derive(Clone, Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// True `probability` of the time.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability.clamp(0.0, 1.0))
    }

    /// From the range; its start when it is empty.
    pub(crate) fn within(&mut self, range: Range<i64>) -> i64 {
        if range.is_empty() { range.start } else { self.0.random_range(range) }
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { self.0.random_range(0..end) }
    }

    /// About `middle`, nearly always within three `spread`s.
    pub(crate) fn around(&mut self, middle: f64, spread: f64) -> f64 {
        let sum: f64 = (0..6).map(|_| self.0.random_range(-1.0..1.0)).sum();
        middle + spread * sum / 2.0_f64.sqrt()
    }

    pub(crate) fn pick<'t, T>(&mut self, from: &'t [T], or: &'t T) -> &'t T {
        let place = self.below(from.len());
        from.get(place).unwrap_or(or)
    }
}
