//! Logins for the baselines' tables of cases.

use jiff::Timestamp;
use serde_json::json;
use session_warden::observation::{CountryCode, Login, Place};

/// A login so many minutes after noon; the city says where from.
pub(super) fn row(user: &str, minute: i64, address: &str, city: &str, status: &str) -> Login {
    let (latitude, longitude, country) = match city {
        "Berlin" => (52.52, 13.4, "DE"),
        "London" => (51.5, -0.12, "GB"),
        "Auckland" => (-36.85, 174.76, "NZ"),
        _ => (48.85, 2.35, "FR"),
    };
    let time = Timestamp::from_second(1_790_000_000 / 3_600 * 3_600 + 60 * minute).unwrap();
    let outcome = session_warden::observation::Outcome::from_status(status);
    let row = json!({
        "id": format!("{user}{minute}"), "time": time, "user_id": user, "outcome": outcome, "status": status,
        "login_type": "Application", "login_sub_type": "", "source": address, "application": "Browser",
        "client": { "browser": "Chrome 141", "platform": "Windows 11" },
    });
    let place =
        Place::from_parts(Some((latitude, longitude)), CountryCode::parse(country), Some(city.into()));
    Login { place, ..serde_json::from_value(row).unwrap() }
}

/// A success.
pub(super) fn success(user: &str, minute: i64, city: &str) -> Login {
    row(user, minute, "198.18.1.7", city, "Success")
}
