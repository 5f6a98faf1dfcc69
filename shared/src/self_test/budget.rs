//! Whether the org's daily API calls are enough for the cadence that is asked for.

use std::time::Duration;

use super::check::{Check, State};
use crate::salesforce::ApiBudget;

const CHECK: &str = "api-budget";
/// Calls of a round that finds nothing new: permissions, logins, verifications.
const EACH_ROUND: u64 = 3;
/// Rows that one page of live sessions holds.
const SESSIONS_A_PAGE: u64 = 2_000;

/// How often an org is to be scanned, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cadence {
    /// Time between two rounds.
    pub interval: Duration,
    /// Live sessions of the org.
    pub sessions: u64,
}

impl Cadence {
    /// The calls of a quiet day. A login of somebody new costs one more, a page of 2,000 rows of a busy org too.
    pub fn calls_a_day(self) -> u64 {
        let rounds = Duration::from_hours(24).as_secs() / self.interval.as_secs().max(1);
        rounds * (EACH_ROUND + self.sessions.div_ceil(SESSIONS_A_PAGE).max(1))
    }
}

pub(super) fn judge(budget: Option<ApiBudget>, cadence: Cadence) -> Check {
    let Some(ApiBudget { used, allowed, reserve }) = budget else {
        return Check::new(CHECK, State::Warning, "Salesforce did not tell its count", "ask again");
    };
    let (cost, seconds) = (cadence.calls_a_day(), cadence.interval.as_secs());
    let seen = format!(
        "{used} of {allowed} calls used in 24 hours, {reserve} of them reserved for containment; scanning every \
         {seconds} s costs about {cost} a day"
    );
    let share = allowed.saturating_sub(reserve);
    let warning = |todo: &str| Check::new(CHECK, State::Warning, seen.clone(), todo);
    if used >= allowed {
        return Check::new(
            CHECK,
            State::Unreachable,
            seen,
            "wait: the count falls as calls become 24 hours old",
        );
    }
    if used >= share {
        return warning(
            "only the reserve is left: find out in Setup > Company Information who uses the calls",
        );
    }
    if cost > share {
        return warning("scan less often (--interval), or buy API calls");
    }
    Check::ok(CHECK, seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_rounds_is_counted() {
        let cost =
            |seconds, sessions| Cadence { interval: Duration::from_secs(seconds), sessions }.calls_a_day();
        assert_eq!(
            [cost(60, 0), cost(60, 2_000), cost(60, 2_001), cost(300, 0)],
            [5_760, 5_760, 7_200, 1_152]
        );
        assert_eq!(cost(0, 0), cost(1, 0));
    }

    #[test]
    fn a_cadence_must_fit_beside_the_reserve() {
        let cadence = Cadence { interval: Duration::from_mins(1), sessions: 10 };
        let state = |used, allowed, reserve| judge(Some(ApiBudget { used, allowed, reserve }), cadence).state;
        assert_eq!(state(1_000, 15_000, 3_000), State::Ok);
        assert_eq!(state(12_000, 15_000, 3_000), State::Warning);
        assert_eq!(state(15_000, 15_000, 3_000), State::Unreachable);
        assert_eq!(state(0, 5_000, 1_000), State::Warning);
        assert_eq!(judge(None, cadence).state, State::Warning);
    }
}
