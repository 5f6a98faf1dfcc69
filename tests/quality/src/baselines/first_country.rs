//! A success from a country the user has not come from before; his first country is not new.

use std::collections::{HashMap, HashSet};

use session_warden::observation::{CountryCode, Login};

pub(super) fn flags(logins: &[Login]) -> Vec<bool> {
    let mut seen: HashMap<&str, HashSet<CountryCode>> = HashMap::new();
    let judge = |login| -> bool {
        let login: &Login = login;
        let country = login.place.as_ref().and_then(|place| place.country);
        let (Some(user), Some(country), true) = (&login.user_id, country, login.succeeded()) else {
            return false;
        };
        let known = seen.entry(user.as_str()).or_default();
        let had_others = !known.is_empty();
        known.insert(country) && had_others
    };
    logins.iter().map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rows::success;
    use super::*;

    #[test]
    fn each_further_country_is_flagged_once() {
        let logins = [("a", "Berlin"), ("a", "London"), ("b", "London"), ("a", "London"), ("b", "Berlin")];
        let logins: Vec<_> = (0..).zip(logins).map(|(at, (user, city))| success(user, at, city)).collect();
        assert_eq!(flags(&logins), [false, true, false, false, true]);
    }
}
