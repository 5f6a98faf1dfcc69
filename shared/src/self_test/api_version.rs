//! Whether the org serves the API version that the connection document asks for.

use super::check::{Check, State};
use crate::salesforce::SalesforceError;

const CHECK: &str = "api-version";

pub(super) fn judge(asked: &str, served: &Result<Vec<String>, SalesforceError>) -> Check {
    let served = match served {
        Ok(served) => served,
        Err(error) => return Check::unknown(CHECK, error),
    };
    let span = match (served.first(), served.last()) {
        (Some(oldest), Some(newest)) => format!("{oldest} to {newest}"),
        _ => "none".to_owned(),
    };
    if served.iter().any(|version| version == asked) {
        return Check::ok(CHECK, format!("{asked}; the org serves {span}"));
    }
    Check::new(
        CHECK,
        State::Failed,
        format!("the org does not serve {asked}, only {span}"),
        "set `api_version` in the connection document to one that the org serves, or leave it out",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_served_or_it_is_not() {
        let served = Ok(["66.0", "67.0"].map(str::to_owned).to_vec());
        assert_eq!(judge("67.0", &served).state, State::Ok);
        let check = judge("90.0", &served);
        assert_eq!(check.state, State::Failed);
        assert!(check.seen.contains("66.0 to 67.0"), "{check:?}");
        assert_eq!(judge("67.0", &Ok(Vec::new())).state, State::Failed);
    }
}
