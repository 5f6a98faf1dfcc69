//! Instants as people write them on the command line.

use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use crate::arguments::instant;

/// An instant, absolute or counted back from the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// That one.
    At(Timestamp),
    /// So long ago.
    Ago(SignedDuration),
}

impl Moment {
    /// The instant, seen from the present.
    pub(crate) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::Ago(span) => now.checked_sub(span).unwrap_or(Timestamp::MIN),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(instant) = instant(text) {
            return Ok(Self::At(instant));
        }
        let span =
            text.parse::<Span>().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
        span.ok().filter(SignedDuration::is_positive).map(Self::Ago).ok_or_else(|| {
            "write a span such as 7d or 36h, a date such as 2026-10-01 (midnight UTC), or an instant such as \
             2026-10-01T08:00:00Z"
                .to_owned()
        })
    }
}

/// The end of a span that goes up to the present. Salesforce tells whole seconds, and the one under way belongs to it.
pub(crate) fn up_to(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX)
}

/// How long ago something was, in a few characters.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    match seconds {
        ..0 => "ahead".to_owned(),
        0..120 => format!("{seconds} s ago"),
        120..7_200 => format!("{} min ago", seconds / 60),
        7_200..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// An instant in a table, UTC, to the second.
pub(crate) fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_counted_back_and_instants_stand() {
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let resolved = |text: &str| text.parse::<Moment>().map(|moment| moment.before(now).to_string());
        assert_eq!(resolved("7d"), Ok("2026-11-19T12:00:00Z".to_owned()));
        assert_eq!(resolved("36h"), Ok("2026-11-25T00:00:00Z".to_owned()));
        assert_eq!(resolved("1d 12h"), Ok("2026-11-25T00:00:00Z".to_owned()));
        assert_eq!(resolved("2026-10-01"), Ok("2026-10-01T00:00:00Z".to_owned()));
        assert_eq!(resolved("150000000h"), Ok(Timestamp::MIN.to_string()));
        for text in ["", "yesterday", "-7d", "0h", "2 months", "7"] {
            assert!(resolved(text).is_err_and(|reason| reason.contains("7d or 36h")), "{text}");
        }
    }

    #[test]
    fn how_long_ago_is_told_in_the_largest_unit_that_says_enough() {
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let told = [-5, 0, 119, 120, 7_199, 7_200, 172_799, 172_800]
            .map(|seconds| ago(now - SignedDuration::from_secs(seconds), now));
        assert_eq!(
            told,
            ["ahead", "0 s ago", "119 s ago", "2 min ago", "119 min ago", "2 h ago", "47 h ago", "2 d ago"]
        );
    }
}
