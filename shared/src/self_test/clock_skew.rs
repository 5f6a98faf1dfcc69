//! Whether this machine and Salesforce agree what time it is. A login assertion is good for three minutes, and the time
//! between a login and its containment is told in seconds.

use jiff::SignedDuration;

use super::check::{Check, State};

const CHECK: &str = "clock";
/// From here on it is told: HTTP's `Date` is right to about two seconds, and a synchronised clock to less.
const TOLD: SignedDuration = SignedDuration::from_secs(30);
/// From here on assertions expire before they arrive. Source: Salesforce Help, "OAuth 2.0 JWT Bearer Flow".
const REFUSED: SignedDuration = SignedDuration::from_mins(3);

/// `skew` is how far Salesforce's clock is ahead.
pub(crate) fn judge(skew: Option<SignedDuration>) -> Check {
    let Some(skew) = skew else {
        return Check::new(CHECK, State::Warning, "no answer of Salesforce's told the time", "ask again");
    };
    let direction = if skew.is_negative() { "ahead of" } else { "behind" };
    let seen = format!("this machine is {} s {direction} Salesforce", skew.abs().as_secs());
    match skew.abs() {
        apart if apart < TOLD => Check::ok(CHECK, seen),
        apart if apart < REFUSED => {
            Check::new(CHECK, State::Warning, seen, "synchronise this machine's clock (NTP)")
        }
        _ => Check::new(
            CHECK,
            State::Failed,
            format!("{seen}; login assertions are good for 180 s"),
            "synchronise this machine's clock (NTP)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_minute_is_told_and_three_are_refused() {
        let state = |seconds| judge(Some(SignedDuration::from_secs(seconds))).state;
        assert_eq!([0, 29, -29].map(state), [State::Ok; 3]);
        assert_eq!([30, -30, 179, -179].map(state), [State::Warning; 4]);
        assert_eq!([180, -180, i64::MIN + 1].map(state), [State::Failed; 3]);
        assert_eq!(judge(None).state, State::Warning);
        assert!(judge(Some(SignedDuration::from_secs(-40))).seen.contains("40 s ahead"));
    }
}
