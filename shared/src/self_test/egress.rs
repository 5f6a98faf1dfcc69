//! From which address Salesforce sees this identity come: what belongs into its login IP ranges.

use super::check::{Check, State};
use crate::salesforce::{LastLogin, SalesforceError};

const CHECK: &str = "egress";

pub(super) fn judge(own: &Result<Option<LastLogin>, SalesforceError>) -> Check {
    match own {
        Ok(Some(login)) => {
            Check::ok(CHECK, format!("Salesforce sees this identity come from {}", login.source))
        }
        Ok(None) => Check::new(
            CHECK,
            State::Warning,
            "the login history does not show this login yet",
            "ask again in a minute; Salesforce does not say how late rows may be",
        ),
        Err(error) => Check::unknown(CHECK, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_not_there_yet_is_no_address() {
        let login = LastLogin {
            time: jiff::Timestamp::UNIX_EPOCH,
            source: "198.18.0.1".to_owned().into(),
            status: "Success".into(),
        };
        assert!(judge(&Ok(Some(login))).seen.contains("198.18.0.1"));
        assert_eq!(judge(&Ok(None)).state, State::Warning);
    }
}
