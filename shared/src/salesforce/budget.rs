//! How many of the org's daily API calls are whose.

use jiff::{SignedDuration, Timestamp};

/// The part of the daily calls that is kept for containment unless the connection document says otherwise: containing
/// every user of a small org takes less.
pub(super) const DEFAULT_RESERVE_PERCENT: u8 = 20;
/// The most that may be reserved; a scanner needs something to live on.
pub(super) const LARGEST_RESERVE_PERCENT: u8 = 90;
/// Salesforce tells its count only in answers, and the count falls as calls become older than 24 hours: a scanner that
/// stopped at the reserve asks once in this time whether it may go on. That is 96 calls a day, out of 15,000 in the
/// smallest org.
pub(super) const LOOKS_AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// The org's API calls of the last 24 hours, as Salesforce last told them (`Sforce-Limit-Info`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiBudget {
    /// Calls of the whole org.
    pub used: u64,
    /// Calls that the org may make.
    pub allowed: u64,
    /// The last calls of the day, which scanning leaves to containment; 0 for an identity that may use them all.
    pub reserve: u64,
}

impl ApiBudget {
    pub(super) fn new(used: u64, allowed: u64, reserve_percent: u8) -> Self {
        // Rounded up, so that a reserve of a tiny allocation is not none.
        let reserve = allowed.saturating_mul(u64::from(reserve_percent)).div_ceil(100);
        Self { used, allowed, reserve }
    }

    /// Calls that this identity may still make before the reserve begins.
    pub fn left(&self) -> u64 {
        self.share().saturating_sub(self.used)
    }

    /// How many times the usual pause between two scans fits what is left: 1 while less than three quarters of the
    /// calls before the reserve are used, then 2, and 4 in the last tenth.
    pub fn stretch(&self) -> u32 {
        match self.used.saturating_mul(100) / self.share().max(1) {
            0..75 => 1,
            75..90 => 2,
            _ => 4,
        }
    }

    /// Whether there is enough for work that can wait: less than half of the calls before the reserve are used.
    pub fn allows_back_fill(&self) -> bool {
        self.used < self.share() / 2
    }

    fn share(&self) -> u64 {
        self.allowed.saturating_sub(self.reserve)
    }
}

/// When a scanner that stopped at the reserve asks again.
pub(super) fn looks_again(told_at: Timestamp) -> Timestamp {
    told_at.saturating_add(LOOKS_AGAIN).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanning_slows_down_before_it_stops() {
        let budget = |used| ApiBudget::new(used, 15_000, 20);
        assert_eq!((budget(0).reserve, budget(0).left()), (3_000, 12_000));
        assert_eq!((budget(11_999).left(), budget(12_000).left(), budget(99_999).left()), (1, 0, 0));
        assert_eq!([0, 8_999, 9_000, 10_800, 12_000].map(|used| budget(used).stretch()), [1, 1, 2, 4, 4]);
        assert!(budget(5_999).allows_back_fill() && !budget(6_000).allows_back_fill());
    }

    #[test]
    fn odd_allocations_are_no_trouble() {
        assert_eq!(ApiBudget::new(0, 1, 20).left(), 0);
        assert_eq!(ApiBudget::new(5, 0, 20).stretch(), 4);
        assert_eq!(ApiBudget::new(u64::MAX, u64::MAX, 90).left(), 0);
        assert_eq!(ApiBudget::new(7, 10, 0).left(), 3);
    }
}
