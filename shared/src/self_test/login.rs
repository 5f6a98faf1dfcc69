//! Whether the identity is let in.

use super::check::{Check, State};
use super::facts::{Facts, WordOfOther};
use crate::salesforce::{Frozen, SalesforceError};

const CHECK: &str = "login";

pub(super) fn judge(facts: &Facts) -> Check {
    match &facts.login {
        Ok(user) => Check::ok(CHECK, format!("let in as user {user}")),
        Err(SalesforceError::NotAuthorised { error, description, hint }) => {
            let told = facts.word_of_other.as_ref().and_then(reason);
            let seen = format!("{error}: {description}");
            let (seen, todo) = match told {
                Some((reason, todo)) => (format!("{seen}; {reason}"), todo),
                None => (seen, hint.clone()),
            };
            Check::new(CHECK, State::Failed, seen, todo)
        }
        Err(error @ SalesforceError::Configuration { .. }) => {
            Check::new(CHECK, State::Failed, error.to_string(), "correct the connection document")
        }
        Err(error) => Check::new(
            CHECK,
            State::Unreachable,
            error.to_string(),
            "check the network path and `login_url`, and ask again",
        ),
    }
}

/// Why the account is not let in, as the other identity sees it, and what to do.
fn reason(word: &WordOfOther) -> Option<(String, String)> {
    let account = word.account.as_ref()?;
    if !account.is_active {
        return Some(("the user is inactive".to_owned(), "activate the user in Setup > Users".to_owned()));
    }
    if let Some(state) = word.freeze.as_ref().filter(|state| state.frozen == Frozen::Yes) {
        let reason = format!("the user is frozen, last changed {}", state.last_modified);
        return Some((reason, "find out who froze it, then press Unfreeze in Setup > Users".to_owned()));
    }
    let attempt =
        word.last_login.as_ref().filter(|attempt| !attempt.status.eq_ignore_ascii_case("Success"))?;
    let reason = format!("the login history says `{}` from {}", attempt.status, attempt.source);
    Some((reason, "do what this status asks for; Setup > Login History shows the row".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::salesforce::{FreezeState, LastLogin};
    use crate::self_test::facts::tests::{facts, user};

    #[test]
    fn the_other_identity_says_why() {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let word = || WordOfOther { account: Some(user()), ..WordOfOther::default() };
        let frozen = FreezeState {
            user_login_id: "0Yw".into(),
            frozen: Frozen::Yes,
            last_modified: at,
            last_modified_by: None,
        };
        let refused =
            LastLogin { time: at, source: "198.18.0.1".to_owned().into(), status: "Restricted IP".into() };
        let mut inactive = word();
        inactive.account.as_mut().unwrap().is_active = false;
        let cases = [
            (WordOfOther::default(), "Check the key", "invalid_grant: no"),
            (word(), "Check the key", "invalid_grant: no"),
            (inactive, "activate", "inactive"),
            (WordOfOther { freeze: Some(frozen), ..word() }, "Unfreeze", "frozen"),
            (
                WordOfOther { last_login: Some(refused), ..word() },
                "Login History",
                "`Restricted IP` from 198.18.0.1",
            ),
        ];
        for (word, todo, seen) in cases {
            let mut facts = facts();
            facts.login = Err(SalesforceError::NotAuthorised {
                error: "invalid_grant".into(),
                description: "no".into(),
                hint: "Check the key".into(),
            });
            facts.word_of_other = Some(word);
            let check = judge(&facts);
            assert!(check.todo.contains(todo) && check.seen.contains(seen), "{check:?}");
            assert_eq!(check.state, State::Failed);
        }
    }

    #[test]
    fn the_network_is_not_the_credential() {
        let mut facts = facts();
        facts.login = Err(SalesforceError::TimedOut { object: "token".into(), seconds: 60 });
        assert_eq!(judge(&facts).state, State::Unreachable);
    }
}
