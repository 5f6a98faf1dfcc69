//! What a script does: the last place of each user, and a speed above 900 km/h.

use std::collections::HashMap;

use session_warden::observation::Login;

const KILOMETRES_AN_HOUR: f64 = 900.0;

pub(super) fn flags(logins: &[Login]) -> Vec<bool> {
    let mut last: HashMap<&str, &Login> = HashMap::new();
    let judge = |login| -> bool {
        let login: &Login = login;
        let (Some(user), Some(place)) = (&login.user_id, &login.place) else { return false };
        if !login.succeeded() {
            return false;
        }
        let before = last.insert(user.as_str(), login);
        let Some((before, there)) = before.and_then(|before| Some((before, before.place.as_ref()?))) else {
            return false;
        };
        let hours = login.time.duration_since(before.time).as_secs_f64().abs() / 3600.0;
        there.distance_km(place) > KILOMETRES_AN_HOUR * hours
    };
    logins.iter().map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rows::{row, success};
    use super::*;

    #[test]
    fn only_what_is_too_fast_for_the_same_user_is_flagged() {
        let logins = [
            success("a", 0, "Berlin"),
            success("b", 5, "Auckland"),
            row("a", 10, "198.19.1.1", "Auckland", "Invalid Password"),
            success("a", 70, "London"),
            success("a", 100, "Berlin"),
            success("a", 2_000, "Auckland"),
        ];
        assert_eq!(flags(&logins), [false, false, false, false, true, false]);
    }
}
