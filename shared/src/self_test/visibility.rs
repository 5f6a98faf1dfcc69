//! What the identity sees and can do: its permissions, held against what it really gets.

use super::check::{Check, Missing, State};
use super::facts::Looked;
use crate::salesforce::{Ability, Permission, Role, SalesforceError, SeenRows, Sight, Weight};

/// One check for each ability that the role uses; one for all where nothing of them is known.
pub(super) fn judge(role: Role, looked: &Looked) -> Vec<Check> {
    if let Some(reason) = looked.visibility.unread() {
        return vec![nothing_known(role, reason)];
    }
    let used = Ability::ALL.into_iter().filter_map(|ability| Some((ability, ability.weight(role)?)));
    used.map(|(ability, weight)| one(ability, weight, looked)).collect()
}

/// Without its permissions an identity proves nothing, whatever it gets.
fn nothing_known(role: Role, reason: &str) -> Check {
    let used: Vec<_> =
        Ability::ALL.into_iter().filter(|it| it.weight(role).is_some()).map(Ability::id).collect();
    Check {
        missing: vec![Missing(Permission::ApiEnabled)],
        ..Check::new(
            "permissions",
            State::Blind(Weight::Needed),
            format!("its own permissions cannot be read ({reason}), so all is blind: {}", used.join(", ")),
            "do what the refusal asks for; most often it is API Enabled that is missing, without which every request is refused",
        )
    }
}

fn one(ability: Ability, weight: Weight, looked: &Looked) -> Check {
    match looked.visibility.of(ability) {
        Sight::Off => Check::new(ability.id(), State::Off, "off by choice", ""),
        Sight::Blind { .. } => blind(ability, weight),
        Sight::Seeing => match looked.rows.iter().find(|(of, _)| *of == ability) {
            Some((_, Ok(rows))) => promised(ability, weight, *rows, looked),
            Some((_, Err(error))) => refused(ability, weight, error),
            None => Check::ok(ability.id(), held(ability, looked)),
        },
    }
}

fn blind(ability: Ability, weight: Weight) -> Check {
    let permissions = ability.permissions();
    let names: Vec<_> = permissions.iter().map(|it| format!("{it} ({})", it.api_name())).collect();
    Check {
        missing: permissions.iter().copied().map(Missing).collect(),
        ..Check::new(
            ability.id(),
            State::Blind(weight),
            format!("no permission for {}: {}", ability.object(), ability.lost()),
            format!("give it {}", names.join(" or ")),
        )
    }
}

fn held(ability: Ability, looked: &Looked) -> String {
    let by = ability.permissions().iter().find(|permission| looked.visibility.holds(**permission));
    by.map_or_else(String::new, |permission| format!("by {permission}"))
}

/// Its permissions promise it; what it gets must fit.
fn promised(ability: Ability, weight: Weight, rows: Option<SeenRows>, looked: &Looked) -> Check {
    let by = held(ability, looked);
    match rows {
        None => Check::ok(ability.id(), format!("{by}; {} can be read", ability.object())),
        Some(SeenRows { others: 0, own }) if others_must_be_there(ability, own, looked) => Check::new(
            ability.id(),
            State::Blind(weight),
            format!("{by} it should see others, but it gets {own} rows of its own and none of others"),
            "a contradiction: check sharing, session-based permission sets and the app's scopes; trust no verdict",
        ),
        Some(SeenRows { others: 0, .. }) => {
            Check::ok(ability.id(), format!("{by}; there is nothing of others to count now"))
        }
        Some(SeenRows { others, .. }) => Check::ok(ability.id(), format!("{by}; {others} rows of others")),
    }
}

/// Whether rows of others cannot all be absent: everybody has a user and a profile, and who has just logged in has a
/// login and a session. Of the rest only own rows without others' are telling.
fn others_must_be_there(ability: Ability, own: u64, looked: &Looked) -> bool {
    match ability {
        Ability::Users | Ability::Privileges | Ability::UserLogins => true,
        Ability::Logins | Ability::Sessions => matches!(looked.others_just_in, Ok(1..)),
        _ => own > 0,
    }
}

fn refused(ability: Ability, weight: Weight, error: &SalesforceError) -> Check {
    let object = ability.object();
    Check::new(
        ability.id(),
        State::Blind(weight),
        format!("its permissions allow it, but {error}; so {}", ability.lost()),
        format!("check that the org has {object}, and the identity's user licence"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::salesforce::Visibility;
    use crate::self_test::facts::tests::looked;

    fn judged(spoil: impl Fn(&mut Looked), ability: Ability) -> Check {
        let mut looked = looked();
        spoil(&mut looked);
        judge(Role::Scanner, &looked).into_iter().find(|check| check.check == ability.id()).unwrap()
    }

    fn gets(looked: &mut Looked, ability: Ability, own: u64, others: u64) {
        looked.rows.retain(|(of, _)| *of != ability);
        looked.rows.push((ability, Ok(Some(SeenRows { own, others }))));
    }

    #[test]
    fn each_permission_that_is_missing_is_named_with_what_is_lost() {
        for role in [Role::Scanner, Role::Revoker] {
            let nothing = Looked { visibility: Visibility::of_permissions([]), ..looked() };
            let checks = judge(role, &nothing);
            let used = Ability::ALL.into_iter().filter(|ability| ability.weight(role).is_some());
            for (check, ability) in checks.iter().zip(used) {
                assert_eq!(check.state, State::Blind(ability.weight(role).unwrap()));
                assert!(check.seen.contains(ability.lost()), "{check:?}");
                for permission in ability.permissions() {
                    assert!(check.missing.contains(&Missing(*permission)));
                    assert!(
                        check.todo.contains(permission.label()) && check.todo.contains(permission.api_name())
                    );
                }
            }
        }
    }

    #[test]
    fn a_promise_that_is_not_kept_is_a_contradiction() {
        let just_in = |looked: &mut Looked, others| looked.others_just_in = Ok(others);
        let check = judged(|it| (gets(it, Ability::Sessions, 1, 0), just_in(it, 3)).0, Ability::Sessions);
        assert_eq!(check.state, State::Blind(Weight::Needed));
        assert!(check.seen.contains("none of others"), "{check:?}");
        let check = judged(|it| (gets(it, Ability::Sessions, 1, 0), just_in(it, 0)).0, Ability::Sessions);
        assert_eq!(check.state, State::Ok, "nobody else is in: {check:?}");
        let check = judged(|it| gets(it, Ability::Users, 1, 0), Ability::Users);
        assert_eq!(check.state, State::Blind(Weight::Useful));
        let check = judged(|it| gets(it, Ability::Tokens, 0, 0), Ability::Tokens);
        assert_eq!(check.state, State::Ok, "an org without tokens: {check:?}");
    }

    #[test]
    fn having_seen_others_proves_nothing_without_the_permission() {
        let check = judged(
            |it| {
                it.visibility = Visibility::of_permissions([]);
                gets(it, Ability::Logins, 1, 1_000);
            },
            Ability::Logins,
        );
        assert_eq!(check.state, State::Blind(Weight::Needed));
    }

    #[test]
    fn an_object_that_refuses_is_blind() {
        let error = SalesforceError::Api {
            object: "AuthSession".into(),
            code: "INVALID_TYPE".into(),
            message: "sObject type 'AuthSession' is not supported.".into(),
            status: 400,
        };
        let check = judged(|it| it.rows = vec![(Ability::Sessions, Err(error.clone()))], Ability::Sessions);
        assert_eq!(check.state, State::Blind(Weight::Needed));
    }

    #[test]
    fn permissions_that_cannot_be_read_leave_everything_blind() {
        let unread = Looked { visibility: Visibility::unreadable("INVALID_TYPE".into()), ..looked() };
        let checks = judge(Role::Revoker, &unread);
        assert_eq!(checks.len(), 1);
        assert!(checks[0].seen.contains("delete-sessions"), "{checks:?}");
    }
}
