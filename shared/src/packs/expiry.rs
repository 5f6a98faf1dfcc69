//! How long what a pack says may be believed.

use jiff::{SignedDuration, Timestamp};

use crate::observation::Validity;

/// When a pack's word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expiry {
    /// From when its data are.
    pub(super) as_of: Timestamp,
    /// Before this it says nothing for sure.
    pub(super) from: Option<Timestamp>,
    /// From this on it does not any more.
    pub(super) until: Option<Timestamp>,
    /// Nor of what lies farther from `as_of` than this, before or behind: a list of today's Tor exits does not tell last
    /// spring's.
    pub(super) max_age: SignedDuration,
}

impl Expiry {
    /// Whether it may be believed of a time.
    pub(super) fn at(self, time: Timestamp) -> Validity {
        let is_believed = is_within(Some(self.begins()), Some(self.ends()), time);
        if is_believed { Validity::Current } else { Validity::Expired }
    }

    /// From when on it is believed.
    pub(super) fn begins(self) -> Timestamp {
        let aged = self.as_of.checked_sub(self.max_age).unwrap_or(Timestamp::MIN);
        self.from.map_or(aged, |from| from.max(aged))
    }

    /// From when on it is not believed any more.
    pub(super) fn ends(self) -> Timestamp {
        let aged = self.as_of.checked_add(self.max_age).unwrap_or(Timestamp::MAX);
        self.until.map_or(aged, |until| until.min(aged))
    }
}

/// Whether a time lies in a period, whose end does not belong to it.
pub(super) fn is_within(from: Option<Timestamp>, until: Option<Timestamp>, time: Timestamp) -> bool {
    from.is_none_or(|from| from <= time) && until.is_none_or(|until| time < until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_old_too_new_or_over_is_not_believed() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let day = Expiry {
            as_of: at("2026-11-10T00:00:00Z"),
            from: None,
            until: None,
            max_age: SignedDuration::from_hours(24),
        };
        let believed = |expiry: Expiry, time: &str| expiry.at(at(time)) == Validity::Current;
        assert!(believed(day, "2026-11-10T23:59:59Z") && believed(day, "2026-11-09T00:00:00Z"));
        assert!(!believed(day, "2026-11-11T00:00:01Z") && !believed(day, "2026-11-08T23:59:59Z"));
        let bound =
            Expiry { from: Some(at("2026-11-10T06:00:00Z")), until: Some(at("2026-11-10T12:00:00Z")), ..day };
        assert!(believed(bound, "2026-11-10T06:00:00Z"));
        assert!(!believed(bound, "2026-11-10T05:59:59Z") && !believed(bound, "2026-11-10T12:00:00Z"));
        assert_eq!([day.begins(), bound.begins()], [at("2026-11-09T00:00:00Z"), at("2026-11-10T06:00:00Z")]);
        assert_eq!([day.ends(), bound.ends()], [at("2026-11-11T00:00:00Z"), at("2026-11-10T12:00:00Z")]);
    }
}
