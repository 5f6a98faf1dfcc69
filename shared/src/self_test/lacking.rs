//! What the org does not have of what is read: objects, fields and permissions differ between editions, licences and
//! API versions.

use super::check::Check;
use super::facts::Looked;

const CHECK: &str = "schema";

pub(super) fn judge(looked: &Looked) -> Check {
    let fields = match &looked.lacking {
        Ok(fields) => fields,
        Err(error) => return Check::unknown(CHECK, error),
    };
    let permissions = looked.visibility.absent().map(|permission| permission.api_name().to_owned());
    let lacking: Vec<_> = fields.iter().cloned().chain(permissions).collect();
    if lacking.is_empty() {
        return Check::ok(CHECK, "every object, field and permission that is read is there");
    }
    // Editions and licences differ: what depends on it is left out, and what is needed is told as blind elsewhere.
    Check::ok(CHECK, format!("left out, because the org lacks it or hides it: {}", lacking.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::self_test::facts::tests::looked;

    #[test]
    fn what_is_not_there_is_named() {
        assert!(!judge(&looked()).seen.contains("left out"));
        let check = judge(&Looked { lacking: Ok(vec!["LoginHistory.LoginSubType".into()]), ..looked() });
        assert!(check.seen.contains("LoginHistory.LoginSubType"));
    }
}
