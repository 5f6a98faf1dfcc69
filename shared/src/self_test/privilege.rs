//! Whether the identity holds far more than it needs: its key is worth what it may do.

use super::check::{Check, State};
use crate::salesforce::Permission::{
    AuthorApex, ManageAuthProviders, ManageEncryptionKeys, ModifyAllData, ViewAllData,
};
use crate::salesforce::{Permission, Visibility};

const CHECK: &str = "least-privilege";
/// What neither identity uses for anything. Manage Users brings a dozen others with it, which are not counted here.
const EXCESSIVE: [Permission; 5] =
    [ModifyAllData, ViewAllData, AuthorApex, ManageAuthProviders, ManageEncryptionKeys];

pub(super) fn judge(visibility: &Visibility) -> Check {
    let held: Vec<_> =
        EXCESSIVE.iter().filter(|it| visibility.holds(**it)).map(|permission| permission.label()).collect();
    if held.is_empty() {
        return Check::ok(CHECK, "nothing that it never uses");
    }
    Check::new(
        CHECK,
        State::Warning,
        format!("it holds {}, and uses none of it", held.join(", ")),
        "take it away: use a minimum-access profile and one permission set",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_never_used_is_told() {
        let judged = |held: &[Permission]| judge(&Visibility::of_permissions(held.iter().copied()));
        assert_eq!(judged(&[Permission::ManageUsers]).state, State::Ok);
        let check = judged(&[Permission::ManageUsers, ModifyAllData]);
        assert_eq!(check.state, State::Warning);
        assert!(check.seen.contains("Modify All Data") && !check.seen.contains("Manage Users"), "{check:?}");
    }
}
