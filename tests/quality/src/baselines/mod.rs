//! What simple rules of others would have said of the same logins. They see logins alone: neither sessions, nor tokens,
//! nor verifications. Each judges a history in the order of time, learning as it goes.

mod first_country;
mod freeman;
#[cfg(test)]
mod rows;
mod sentinel_brute_force;
mod sentinel_countries;
mod sentinel_spray;
mod travel;

use session_warden::observation::Login;

/// What the others say of each login.
#[derive(Debug)]
pub(crate) struct Scores {
    /// Freeman's score; `None` where the rule says nothing: failures, and users without a past.
    pub(crate) freeman: Vec<Option<f64>>,
    /// By name, whether a rule's alert rests on the login.
    pub(crate) rules: Vec<(&'static str, Vec<bool>)>,
}

/// Judges a history.
pub(crate) fn judge(logins: &[Login]) -> Scores {
    Scores {
        freeman: freeman::scores(logins),
        rules: vec![
            ("plain 900 km/h travel", travel::flags(logins)),
            ("country first seen for the user", first_country::flags(logins)),
            ("Sentinel: brute force", sentinel_brute_force::flags(logins)),
            ("Sentinel: password spray", sentinel_spray::flags(logins)),
            ("Sentinel: sign-in from different countries", sentinel_countries::flags(logins)),
        ],
    }
}

/// The bin of so many seconds that a login falls into.
fn bin(login: &Login, seconds: i64) -> i64 {
    login.time.as_second().div_euclid(seconds)
}
