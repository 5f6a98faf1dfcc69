//! Microsoft Sentinel, Salesforce Service Cloud, "User Sign in from different countries" (3094e036): in each half hour, users
//! whose successes came from at least two countries. The alert rests on all of them.

use std::collections::{HashMap, HashSet};

use session_warden::observation::{CountryCode, Login};

use super::bin;

const COUNTRIES: usize = 2;
const WINDOW: i64 = 30 * 60;

pub(super) fn flags(logins: &[Login]) -> Vec<bool> {
    let mut countries: HashMap<(&str, i64), HashSet<CountryCode>> = HashMap::new();
    let key = |login| -> Option<(&str, i64)> {
        let login: &Login = login;
        let user = login.user_id.as_ref().filter(|_| login.succeeded())?;
        Some((user.as_str(), bin(login, WINDOW)))
    };
    for login in logins {
        let country = login.place.as_ref().and_then(|place| place.country);
        let (Some(key), Some(country)) = (key(login), country) else { continue };
        countries.entry(key).or_default().insert(country);
    }
    let is_told = |key| countries.get(&key).is_some_and(|countries| countries.len() >= COUNTRIES);
    logins.iter().map(|login| key(login).is_some_and(is_told)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rows::success;
    use super::*;

    #[test]
    fn two_countries_in_one_half_hour() {
        let logins = [
            success("a", 1, "Berlin"),
            success("b", 2, "London"),
            success("a", 20, "London"),
            success("b", 40, "Berlin"),
        ];
        assert_eq!(flags(&logins), [true, false, true, false]);
    }
}
