//! Counts by severity, and shares with their uncertainty.

use serde::Serialize;
use session_warden::detection::Severity;

const ALL: [Severity; 5] =
    [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// From `info` to `critical`.
pub(crate) fn severity_names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|severity| severity.name())
}

/// How many of each severity, from `info` to `critical`.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct BySeverity([u64; 5]);

impl BySeverity {
    pub(crate) fn count(&mut self, severity: Severity) {
        self.0[place(severity)] += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// Those of this severity and graver ones.
    pub(crate) fn at_least(&self, severity: Severity) -> u64 {
        self.0[place(severity)..].iter().sum()
    }

    /// From `info` to `critical`.
    pub(crate) fn each(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().copied()
    }
}

fn place(severity: Severity) -> usize {
    ALL.iter().position(|one| *one == severity).unwrap_or_default()
}

/// Benign logins, and those that stand in a finding.
#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct Flagged {
    pub(crate) logins: u64,
    /// By the gravest finding.
    pub(crate) by_severity: BySeverity,
    /// Of those, the ones that stand in no finding but those about real attacks.
    pub(crate) beside_attacks: BySeverity,
}

impl Flagged {
    pub(crate) fn count(&mut self, severity: Severity, beside_attack: bool) {
        self.by_severity.count(severity);
        if beside_attack {
            self.beside_attacks.count(severity);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.logins += other.logins;
        self.by_severity.add(&other.by_severity);
        self.beside_attacks.add(&other.beside_attacks);
    }

    /// The share, 0 to 1, in a finding of at least this severity.
    pub(crate) fn share(&self, severity: Severity) -> f64 {
        self.by_severity.at_least(severity) as f64 / (self.logins as f64).max(1.0)
    }
}

/// Accounts taken, and those seen at `high` or above.
#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct Recall {
    pub(crate) taken: usize,
    /// Seconds from the attacker's first success to the finding; of those that were seen.
    pub(crate) delays: Vec<i64>,
    /// For how many the policy asked for containment.
    pub(crate) contained: usize,
}

/// A scan runs each minute: what is found within that and the second of the scan was found at once.
const AT_ONCE: i64 = 61;

impl Recall {
    pub(crate) fn add(&mut self, other: Self) {
        self.taken += other.taken;
        self.delays.extend(other.delays);
        self.contained += other.contained;
    }

    pub(crate) fn seen(&self) -> usize {
        self.delays.len()
    }

    /// Seen at the first success, or before.
    pub(crate) fn at_first(&self) -> usize {
        self.delays.iter().filter(|delay| **delay <= AT_ONCE).count()
    }

    /// Seconds within which this share of those seen were; `None` where none was.
    pub(crate) fn delay(&self, share: f64) -> Option<i64> {
        let mut delays = self.delays.clone();
        delays.sort_unstable();
        let last = delays.len().checked_sub(1)?;
        delays.get((last as f64 * share).round() as usize).copied()
    }
}

/// Wilson's 95 % interval of a share.
pub(crate) fn wilson(hits: usize, of: usize) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let (n, z) = (of as f64, 1.959_964);
    let share = hits as f64 / n;
    let middle = share + z * z / (2.0 * n);
    let spread = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (((middle - spread) / scale).max(0.0), ((middle + spread) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_wilsons() {
        let near = |got: (f64, f64), want: (f64, f64)| {
            assert!((got.0 - want.0).abs() < 5e-4 && (got.1 - want.1).abs() < 5e-4, "{got:?}");
        };
        near(wilson(20, 20), (0.8389, 1.0));
        near(wilson(10, 20), (0.2993, 0.7007));
        near(wilson(0, 20), (0.0, 0.1611));
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }

    #[test]
    fn delays_are_told_by_rank() {
        let recall = Recall { taken: 5, delays: vec![900, 30, 60, 10], contained: 0 };
        assert_eq!((recall.seen(), recall.at_first()), (4, 3));
        assert_eq!((recall.delay(0.5), recall.delay(0.9)), (Some(60), Some(900)));
        assert_eq!(Recall::default().delay(0.5), None);
    }

    #[test]
    fn shares_count_graver_findings_too() {
        let mut flagged = Flagged { logins: 10, ..Flagged::default() };
        flagged.count(Severity::Low, false);
        flagged.count(Severity::Critical, true);
        assert!((flagged.share(Severity::High) - 0.1).abs() < 1e-9);
        assert_eq!(flagged.by_severity.at_least(Severity::Info), 2);
        assert_eq!(flagged.beside_attacks.at_least(Severity::Low), 1);
    }
}
