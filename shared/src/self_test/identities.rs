//! How the two identities stand to one another.

use super::check::{Check, State};
use super::facts::Facts;

const APART: &str = "two-identities";
const PROTECTED: &str = "own-accounts";

/// Whether reading and acting are kept apart.
pub(super) fn apart(scanner: Option<&Facts>, revoker: Option<&Facts>) -> Check {
    let (Some(scanner), Some(revoker)) = (scanner, revoker) else {
        let (there, lost) = match scanner {
            Some(_) => ("scanner", "nothing can be contained"),
            None => ("revoker", "nothing is watched from here"),
        };
        return Check::new(
            APART,
            State::Warning,
            format!("the connection document holds only the {there}: {lost}"),
            "add the other identity where that is not meant",
        );
    };
    match (&scanner.login, &revoker.login) {
        (Ok(reads), Ok(acts)) if reads == acts => Check::new(
            APART,
            State::Warning,
            format!("scanner and revoker are the same user {reads}: who steals the scanner's key may act"),
            "give each a user and an app of its own",
        ),
        (Ok(_), Ok(_)) => Check::ok(APART, "scanner and revoker are two users"),
        _ => Check::new(APART, State::Warning, "not known while one is not let in", "let both in first"),
    }
}

/// Whether containment knows whom never to touch.
pub(super) fn protected(identities: &[&Facts]) -> Check {
    let known = |facts: &&&Facts| facts.login.is_ok() || facts.username.is_some();
    let unknown: Vec<_> =
        identities.iter().filter(|facts| !known(facts)).map(|it| it.role.to_string()).collect();
    if unknown.is_empty() {
        return Check::ok(PROTECTED, "each identity's user is known; containment refuses to touch it");
    }
    Check::new(
        PROTECTED,
        State::Warning,
        format!("it is not known as which user the {} works", unknown.join(" and the ")),
        "let it in, or name its `username` in the connection document; until then nobody is contained",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::UserId;
    use crate::salesforce::{Role, SalesforceError};
    use crate::self_test::facts::tests::facts;

    fn revoker(user: &str) -> Facts {
        Facts { role: Role::Revoker, login: Ok(UserId::new(user)), ..facts() }
    }

    #[test]
    fn one_user_for_both_is_told() {
        let same = facts().login.unwrap();
        assert_eq!(apart(Some(&facts()), Some(&revoker(same.as_str()))).state, State::Warning);
        assert_eq!(apart(Some(&facts()), Some(&revoker("0055g00000Other0AAV"))).state, State::Ok);
        assert!(apart(Some(&facts()), None).seen.contains("nothing can be contained"));
        assert!(apart(None, Some(&facts())).seen.contains("nothing is watched"));
    }

    #[test]
    fn an_identity_without_a_name_that_is_not_let_in_is_unknown() {
        let shut = SalesforceError::TimedOut { object: "token".into(), seconds: 60 };
        let nameless = Facts { username: None, login: Err(shut), ..facts() };
        assert_eq!(protected(&[&nameless]).state, State::Warning);
        assert_eq!(protected(&[&facts()]).state, State::Ok);
    }
}
