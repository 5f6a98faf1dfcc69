//! The org's clock: every handler and every campaign takes its time from here.

use jiff::Timestamp;

/// Where the org takes the time from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The computer's clock.
    #[default]
    System,
    /// The computer's clock and so many seconds more, or less where negative: the org's clock is not the client's.
    Ahead(i64),
    /// One moment that stays until the clock is set again.
    Fixed(Timestamp),
}

impl Clock {
    /// The present moment, in whole seconds as Salesforce stores it.
    pub fn now(self) -> Timestamp {
        let now = match self {
            Self::System => system(),
            Self::Ahead(seconds) => shifted(system(), seconds),
            Self::Fixed(moment) => moment,
        };
        whole_seconds(now)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the computer's clock")]
pub(crate) fn system() -> Timestamp {
    Timestamp::now()
}

pub(crate) fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

/// `moment` moved by `seconds`; stays where it is at the ends of the calendar.
pub(crate) fn shifted(moment: Timestamp, seconds: i64) -> Timestamp {
    moment.as_second().checked_add(seconds).and_then(|s| Timestamp::from_second(s).ok()).unwrap_or(moment)
}
