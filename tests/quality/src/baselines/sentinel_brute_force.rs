//! Microsoft Sentinel, Salesforce Service Cloud, "Brute force attack against user credentials" (5a6ce089): in each twenty
//! minutes, users with at least 10 failures and at least one success, in any order. The alert rests on all of them.

use std::collections::HashMap;

use session_warden::observation::Login;

use super::bin;

const FAILURES: usize = 10;
const WINDOW: i64 = 20 * 60;

pub(super) fn flags(logins: &[Login]) -> Vec<bool> {
    let mut counts: HashMap<(&str, i64), (usize, usize)> = HashMap::new();
    let key = |login| -> Option<(&str, i64)> {
        let login: &Login = login;
        Some((login.user_id.as_ref()?.as_str(), bin(login, WINDOW)))
    };
    for login in logins {
        let Some(key) = key(login) else { continue };
        let (failures, successes) = counts.entry(key).or_default();
        *(if login.succeeded() { successes } else { failures }) += 1;
    }
    let is_told =
        |key| counts.get(&key).is_some_and(|(failures, successes)| *failures >= FAILURES && *successes >= 1);
    logins.iter().map(|login| key(login).is_some_and(is_told)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rows::{row, success};
    use super::*;

    fn told(failures: i64, success_at: i64) -> usize {
        let mut logins: Vec<_> =
            (0..failures).map(|at| row("a", at, "198.19.1.1", "Berlin", "Invalid Password")).collect();
        logins.push(success("a", success_at, "Berlin"));
        logins.push(success("b", 3, "Berlin"));
        flags(&logins).into_iter().filter(|flag| *flag).count()
    }

    #[test]
    fn ten_failures_and_a_success_in_one_window() {
        assert_eq!(told(10, 12), 11);
        assert_eq!(told(9, 12), 0);
        assert_eq!(told(10, 25), 0, "in the next window");
    }
}
