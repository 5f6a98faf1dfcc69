//! Microsoft Sentinel, Salesforce Service Cloud, "Potential Password Spray Attack" (64d16e62): in each five minutes, addresses
//! from which wrong passwords came for more than 15 users. The alert rests on those failures.

use std::collections::{HashMap, HashSet};

use session_warden::observation::{Login, Outcome};

use super::bin;

const USERS: usize = 15;
const WINDOW: i64 = 5 * 60;

pub(super) fn flags(logins: &[Login]) -> Vec<bool> {
    let mut users: HashMap<(String, i64), HashSet<&str>> = HashMap::new();
    let key = |login: &Login| {
        let is_wrong = login.outcome == Outcome::WrongPassword;
        is_wrong.then(|| (login.source.to_string(), bin(login, WINDOW)))
    };
    for login in logins {
        let (Some(key), Some(user)) = (key(login), &login.user_id) else { continue };
        users.entry(key).or_default().insert(user.as_str());
    }
    let is_told = |key| users.get(&key).is_some_and(|users| users.len() > USERS);
    logins.iter().map(|login| key(login).is_some_and(is_told)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rows::row;
    use super::*;

    fn told(users: usize, address: impl Fn(usize) -> String) -> usize {
        let guess = |user: usize| row(&format!("u{user}"), 1, &address(user), "Berlin", "Invalid Password");
        let logins: Vec<_> = (0..users).map(guess).collect();
        flags(&logins).into_iter().filter(|flag| *flag).count()
    }

    #[test]
    fn more_than_fifteen_users_from_one_address() {
        assert_eq!(told(16, |_| "198.19.1.1".to_owned()), 16);
        assert_eq!(told(15, |_| "198.19.1.1".to_owned()), 0);
        assert_eq!(told(30, |user| format!("198.19.1.{}", user % 2)), 0);
    }
}
