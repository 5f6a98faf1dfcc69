//! Whether the identity's own account is fit: active, not frozen, and of no use to anybody at a login page.

use super::check::{Check, State};
use super::facts::Looked;
use crate::salesforce::{Frozen, Permission};

const CHECK: &str = "account";

pub(super) fn judge(looked: &Looked) -> Check {
    let failed = |seen: &str, todo: &str| Check::new(CHECK, State::Failed, seen, todo);
    let account = match &looked.account {
        Ok(Some(account)) => account,
        Ok(None) => {
            return Check::new(
                CHECK,
                State::Warning,
                "the identity does not see its own User record",
                "give it read access to User",
            );
        }
        Err(error) => return Check::unknown(CHECK, error),
    };
    if !account.is_active {
        return failed("the user is inactive; its session ends soon", "activate the user in Setup > Users");
    }
    if matches!(&looked.freeze, Ok(Some(state)) if state.frozen == Frozen::Yes) {
        return frozen();
    }
    let profile = &account.profile;
    if looked.visibility.holds(Permission::ApiUserOnly) {
        return Check::ok(CHECK, format!("active, not frozen, API only, profile {profile}"));
    }
    let second_factor = if looked.visibility.holds(Permission::ForceTwoFactor) {
        "with a second factor"
    } else {
        "and no permission demands a second factor of it"
    };
    Check::new(
        CHECK,
        State::Warning,
        format!("it can log in to the user interface, {second_factor}; profile {profile}"),
        "give it the permission API Only User",
    )
}

/// Of a user that is frozen.
pub(crate) fn frozen() -> Check {
    Check::new(
        CHECK,
        State::Failed,
        "the user is frozen; its next login is refused",
        "find out who froze it, then press Unfreeze in Setup > Users",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::salesforce::{FreezeState, Visibility};
    use crate::self_test::facts::tests::{looked, user};

    type Spoil<'a> = &'a dyn Fn(&mut Looked);

    #[test]
    fn an_account_is_fit_or_it_is_said_why_not() {
        let frozen = FreezeState {
            user_login_id: "0Yw".into(),
            frozen: Frozen::Yes,
            last_modified: jiff::Timestamp::UNIX_EPOCH,
            last_modified_by: None,
        };
        let cases: [(Spoil<'_>, State, &str); 6] = [
            (&|_| {}, State::Ok, "API only"),
            (
                &|it| it.account = Ok(Some(crate::observation::User { is_active: false, ..user() })),
                State::Failed,
                "inactive",
            ),
            (&|it| it.freeze = Ok(Some(frozen.clone())), State::Failed, "frozen"),
            (&|it| it.visibility = Visibility::of_permissions([]), State::Warning, "no permission demands"),
            (
                &|it| it.visibility = Visibility::of_permissions([Permission::ForceTwoFactor]),
                State::Warning,
                "with a second factor",
            ),
            (&|it| it.account = Ok(None), State::Warning, "own User record"),
        ];
        for (spoil, state, seen) in cases {
            let mut looked = looked();
            spoil(&mut looked);
            let check = judge(&looked);
            assert_eq!(check.state, state, "{check:?}");
            assert!(check.seen.contains(seen), "{check:?}");
        }
    }
}
