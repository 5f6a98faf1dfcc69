//! Failures to order: which requests one meets, how often, and what happens to them. Each that happens is on record in
//! [`Request::fault`](crate::Request::fault).

mod effect;
mod matcher;

pub use effect::Effect;
pub use matcher::Matcher;
pub(crate) use matcher::{Asked, Share};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Which of the matching requests a fault meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Occurrence {
    /// So many that come next.
    Next(u32),
    /// Only the nth, counted from 1.
    Nth(u32),
    /// All.
    Every,
    /// Each with this probability, 0 to 1; the same seed picks the same requests.
    Random {
        /// What the picks come from.
        seed: u64,
        /// 0 meets none, 1 all.
        probability: f64,
    },
}

/// One ordered failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    matcher: Matcher,
    occurrence: Occurrence,
    effect: Effect,
    /// Matching requests so far.
    seen: u32,
    /// How many of them it met.
    met: u32,
}

impl Fault {
    /// A fault for the next `times` requests with this method, empty for any, whose path and query, percent-decoded,
    /// contain `path_contains`.
    pub fn new(method: &str, path_contains: &str, times: u32, effect: Effect) -> Self {
        let matcher = Matcher::any().path(path_contains);
        let matcher = if method.is_empty() { matcher } else { matcher.method(method) };
        Self::on(matcher, Occurrence::Next(times), effect)
    }

    /// A fault for these requests.
    pub fn on(matcher: Matcher, occurrence: Occurrence, effect: Effect) -> Self {
        Self { matcher, occurrence, effect, seen: 0, met: 0 }
    }

    /// What it does.
    pub fn effect(&self) -> &Effect {
        &self.effect
    }

    fn is_pending(&self) -> bool {
        match self.occurrence {
            Occurrence::Next(times) => self.met < times,
            Occurrence::Nth(place) => self.seen < place,
            Occurrence::Every | Occurrence::Random { .. } => false,
        }
    }

    /// Whether it meets the request that was just counted as seen.
    fn meets(&self) -> bool {
        match self.occurrence {
            Occurrence::Next(times) => self.met < times,
            Occurrence::Nth(place) => self.seen == place,
            Occurrence::Every => true,
            Occurrence::Random { seed, probability } => {
                let mut dice =
                    ChaCha8Rng::seed_from_u64(seed.wrapping_mul(1 << 32).wrapping_add(self.seen.into()));
                dice.random_bool(probability.clamp(0.0, 1.0))
            }
        }
    }
}

/// The faults ordered; where several meet a request, the first happens.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Orders one more.
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The counted faults that have not yet happened as often as ordered.
    pub fn pending(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter().filter(|fault| fault.is_pending())
    }

    pub(crate) fn are_ordered(&self) -> bool {
        !self.0.is_empty()
    }

    pub(crate) fn take(&mut self, asked: &Asked<'_>) -> Option<Effect> {
        let mut happening = None;
        for fault in self.0.iter_mut().filter(|fault| fault.matcher.matches(asked)) {
            fault.seen += 1;
            if happening.is_none() && fault.meets() {
                fault.met += 1;
                happening = Some(fault.effect.clone());
            }
        }
        happening
    }
}
