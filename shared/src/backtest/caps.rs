//! Caps as they are spent over a history.

use jiff::Timestamp;

use crate::containment::percent_cap;
use crate::policy::Caps;

/// What was spent in the hour and the day that were looked at last.
pub(super) struct SpentCaps<'a> {
    caps: &'a Caps,
    percent: u64,
    hour: (i64, u64),
    day: (i64, u64),
}

impl<'a> SpentCaps<'a> {
    pub(super) fn new(caps: &'a Caps, active_users: Option<u64>) -> Self {
        let percent = active_users.map_or(u64::MAX, |users| percent_cap(caps.percent_of_active_users, users));
        Self { caps, percent, hour: (0, 0), day: (0, 0) }
    }

    /// Contains one user, unless a cap does not allow it: then which. Instants come in order.
    pub(super) fn spend(&mut self, at: Timestamp) -> Result<(), String> {
        let (hour, day) = (within(self.hour, at, 3_600), within(self.day, at, 86_400));
        let limits = [
            (1, u64::from(self.caps.per_request), "caps.per_request"),
            (hour.1, u64::from(self.caps.per_hour), "caps.per_hour"),
            (day.1, u64::from(self.caps.per_day), "caps.per_day"),
            (day.1, self.percent, "caps.percent_of_active_users"),
        ];
        if let Some((_, allowed, cap)) = limits.into_iter().find(|(wanted, allowed, _)| wanted > allowed) {
            return Err(format!("{cap} allows {allowed}"));
        }
        (self.hour, self.day) = (hour, day);
        Ok(())
    }
}

/// One more in the hour or day of `at`, UTC.
fn within((number, spent): (i64, u64), at: Timestamp, seconds: i64) -> (i64, u64) {
    let now = at.as_second().div_euclid(seconds);
    (now, if now == number { spent + 1 } else { 1 })
}
