//! What the org's own life says of scores: how rare each is, and which strange things come together.

use serde::{Deserialize, Serialize};

use super::novelty::{Novelty, Trait};
use super::{Aspect, Risk};

/// Steps into which scores are sorted, half a nat each, from `LOWEST`.
const STEPS: usize = 80;
const LOWEST: f32 = -8.0;
const STEP: f32 = 0.5;
/// Sets of strange aspects.
const PATTERNS: usize = 1 << Aspect::ALL.len();
/// Successes after which the past weighs half.
const MEMORY: u32 = 400_000;

/// How often each score and each set of strange aspects was seen among the logins that taught.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Calibration {
    /// Successes by score.
    scores: Vec<u32>,
    /// Successes by set of strange aspects.
    patterns: Vec<u32>,
    total: u32,
    /// Things that were new for their users, by trait and by who had them before.
    novel: [[u32; 3]; Trait::COUNT],
}

impl Calibration {
    pub(in crate::detection) fn learn(&mut self, risk: &Risk) {
        if self.total >= MEMORY {
            self.fade();
        }
        self.scores.resize(STEPS, 0);
        self.patterns.resize(PATTERNS, 0);
        self.scores[step(risk.score)] += 1;
        self.patterns[risk.pattern()] += 1;
        self.total += 1;
        for novelty in risk.novel.iter().flatten() {
            self.novel[novelty.of as usize][novelty.who as usize] += 1;
        }
    }

    fn fade(&mut self) {
        self.scores.iter_mut().chain(&mut self.patterns).for_each(|count| *count /= 2);
        self.total = self.scores.iter().sum();
        self.novel.as_flattened_mut().iter_mut().for_each(|count| *count /= 2);
    }

    /// Successes that taught.
    pub fn total(&self) -> u32 {
        self.total
    }

    /// The share of logins, above 0 to 1, that were at least as unlikely; one more is counted than was seen, so that nothing is
    /// called impossible. Beyond whatever was seen the share falls with the score itself, for a likelihood ratio of e^s comes by
    /// chance at most once in e^s times (Markov's inequality); so a small org can tell rare from unheard of as well.
    pub fn rarity(&self, score: f32) -> f64 {
        let above: u32 = self.scores.iter().skip(step(score)).sum();
        let highest = self.scores.iter().rposition(|count| *count > 0).map_or(LOWEST, top);
        let beyond = f64::from((score - highest).max(0.0));
        f64::from(above + 1) / f64::from(self.total + 1) * (-beyond).exp()
    }

    /// The share of such novelties, above 0 to 1, among all of their trait in this org; each kind counts as seen once.
    pub(super) fn share(&self, novelty: Novelty) -> f64 {
        let seen = self.novel[novelty.of as usize];
        f64::from(seen[novelty.who as usize] + 1) / f64::from(seen.iter().sum::<u32>() + 3)
    }

    /// How much of a set of strange aspects this org's life explains, in nats: the logarithm of how much more often the set was
    /// seen whole than if its parts came by chance. Never below 0: nothing is stranger for being seen alone.
    pub(super) fn explains(&self, pattern: usize) -> f32 {
        if pattern.count_ones() < 2 || self.total == 0 {
            return 0.0;
        }
        let total = f64::from(self.total);
        let expected = Aspect::ALL
            .into_iter()
            .map(|aspect| 1 << aspect as usize)
            .filter(|bit| pattern & bit != 0)
            .fold(total, |expected, bit| expected * f64::from(self.holding(bit)) / total);
        // One sighting more on both sides: a set that was never seen and was not to be expected explains nothing.
        let lift = (f64::from(self.holding(pattern)) + 1.0) / (expected + 1.0);
        lift.ln().max(0.0) as f32
    }

    /// Logins in which at least these aspects were strange.
    fn holding(&self, pattern: usize) -> u32 {
        let holding = self.patterns.iter().enumerate().filter(|(seen, _)| seen & pattern == pattern);
        holding.map(|(_, count)| count).sum()
    }
}

/// The upper end of a step.
fn top(step: usize) -> f32 {
    LOWEST + STEP * (step + 1) as f32
}

fn step(score: f32) -> usize {
    (((score - LOWEST) / STEP) as usize).min(STEPS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(logins: &[(usize, f32, usize)]) -> Calibration {
        let mut calibration = Calibration::default();
        for (pattern, score, times) in logins {
            (0..*times).for_each(|_| calibration.learn(&Risk::strange_in(*pattern, *score)));
        }
        calibration
    }

    #[test]
    fn a_score_is_as_rare_as_the_org_makes_it() {
        let calibration = seen(&[(0, -3.0, 9_989), (1, 5.0, 10)]);
        assert!((calibration.rarity(-3.0) - 1.0).abs() < 1e-9);
        assert!((calibration.rarity(5.0) - 0.0011).abs() < 1e-9);
        assert!((calibration.rarity(5.5) - 0.0001).abs() < 1e-9, "never seen is not impossible");
        let beyond = calibration.rarity(8.5) / calibration.rarity(5.5);
        assert!(
            (beyond - (-3.0_f64).exp()).abs() < 1e-6,
            "what lies beyond all that was seen is rarer still"
        );
    }

    #[test]
    fn what_comes_together_is_counted_once() {
        let by_chance = seen(&[(0, 0.0, 810), (1, 3.0, 90), (2, 3.0, 90), (3, 6.0, 10)]);
        assert!(by_chance.explains(3) < 0.1, "{}", by_chance.explains(3));
        let together = seen(&[(0, 0.0, 900), (3, 6.0, 100)]);
        assert!((together.explains(3) - 10.0_f32.ln()).abs() < 0.2, "{}", together.explains(3));
        assert!(together.explains(1).abs() < f32::EPSILON, "one alone is no coincidence");
        assert!(Calibration::default().explains(3).abs() < f32::EPSILON);
    }

    #[test]
    fn the_past_fades() {
        let mut calibration = seen(&[(0, 0.0, MEMORY as usize)]);
        calibration.learn(&Risk::strange_in(1, 8.0));
        assert_eq!(calibration.total(), MEMORY / 2 + 1);
    }
}
