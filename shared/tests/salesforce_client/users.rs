//! Users, what they may do, and freezing them.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use salesforce_simulator::{Effect, Fault, Frost, Permission};
use serde_json::json;
use session_warden::observation::{AccountKind, UserId};
use session_warden::salesforce::{Ability, Applied, Frozen, SalesforceError, Sight};

use crate::support::{revoker, scanner, small, somebody, username};

#[tokio::test]
async fn visibility_follows_the_permissions() {
    let simulator = small().await;
    let seen = scanner(&simulator).visibility().await.unwrap();
    for ability in [Ability::Logins, Ability::Places, Ability::Tokens, Ability::SetupTrail] {
        assert_eq!(seen.of(ability), Sight::Seeing, "{ability}");
    }
    for taken in [Permission::ManageUsers, Permission::FreezeUsers, Permission::CustomizeApplication] {
        simulator.org().remove_permission(&username(&simulator, "scanner"), taken);
    }
    let seen = scanner(&simulator).visibility().await.unwrap();
    assert_eq!(seen.of(Ability::Logins), Sight::Seeing);
    for (ability, permission) in [
        (Ability::Places, "Manage Users"),
        (Ability::Sessions, "Manage Users"),
        (Ability::Tokens, "Customize Application"),
        (Ability::FreezeUsers, "Freeze Users"),
    ] {
        assert_eq!(seen.of(ability), Sight::Blind { missing: permission.to_owned() }, "{ability}");
    }
    simulator.finish().unwrap();
}

#[tokio::test]
async fn freezing_and_thawing_tell_what_changed() {
    let simulator = small().await;
    let client = revoker(&simulator);
    let id = somebody(&simulator);
    let user = UserId::new(id.as_str());
    assert_eq!(client.freeze_state(&user).await.unwrap().unwrap().frozen, Frozen::No);
    assert_eq!(client.set_frozen(&user, Frozen::Yes).await, Ok(Applied::Done));
    assert!(simulator.org().is_frozen(id.as_str()));
    assert_eq!(client.set_frozen(&user, Frozen::Yes).await, Ok(Applied::AlreadySo));
    assert_eq!(client.set_frozen(&user, Frozen::No).await, Ok(Applied::Done));
    assert!(!simulator.org().is_frozen(id.as_str()));

    simulator.org().set_frozen(id.as_str(), Frost::Frozen);
    let error = client.set_frozen(&user, Frozen::No).await.unwrap_err();
    assert!(matches!(error, SalesforceError::FrozenByOthers { .. }), "{error}");
    assert!(simulator.org().is_frozen(id.as_str()));

    let nobody = UserId::new("005000000000000AAA");
    assert_eq!(client.freeze_state(&nobody).await, Ok(None));
    let error = client.set_frozen(&nobody, Frozen::Yes).await.unwrap_err();
    assert_eq!(error, SalesforceError::NoUserLogin { user: nobody });
    assert_eq!(simulator.org().take_writes().len(), 2);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn users_administrators_and_verifications() {
    let simulator = small().await;
    let client = scanner(&simulator);
    let (everyone, active, names) = {
        let org = simulator.org();
        let ids: Vec<_> = org.users().iter().map(|user| UserId::new(user.id.as_str())).collect();
        let active = org.users().iter().filter(|user| user.is_active()).count();
        let names: BTreeSet<_> = org.users().iter().map(|user| user.username.clone()).collect();
        (ids, active, names)
    };
    assert_eq!(client.active_user_count().await.unwrap(), active as u64);
    let users = client.users(&everyone).await.unwrap();
    assert_eq!(users.iter().map(|user| user.username.clone()).collect::<BTreeSet<_>>(), names);
    let programs: Vec<_> = users.iter().filter(|user| user.kind == AccountKind::Integration).collect();
    assert!(programs.iter().any(|user| user.username.starts_with("session-warden-scanner@")));
    assert!(programs.len() < users.len() / 2);

    let administrators = client.administrators().await.unwrap();
    let break_glass = simulator.org().break_glass().unwrap().id;
    let break_glass = UserId::new(break_glass.as_str());
    assert!(administrators.contains(&break_glass));
    assert!(administrators.len() < users.len() / 2);
    simulator.org().set_frozen(break_glass.as_str(), Frost::Frozen);
    let unfrozen = client.administrators().await.unwrap();
    assert_eq!(unfrozen.len(), administrators.len() - 1);
    assert!(!unfrozen.contains(&break_glass));

    let until = simulator.org().now();
    let checks = client.verifications(until - SignedDuration::from_hours(24 * 30), until).await.unwrap();
    assert_eq!(checks.len(), simulator.org().verifications().iter().filter(|v| v.time < until).count());
    assert!(checks.is_sorted_by_key(|check| check.time));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn nobody_counts_as_unfrozen_because_his_record_cannot_be_read() {
    let simulator = small().await;
    let row = json!({ "UserId": null });
    let rows = json!({ "totalSize": 1, "done": true, "records": [row] });
    let unreadable = Fault::new("GET", "IsFrozen = true", 1_000, Effect::Json(200, rows));
    simulator.org().faults_mut().add(unreadable);
    let client = scanner(&simulator);
    for error in [client.administrators().await.unwrap_err(), client.frozen_users().await.unwrap_err()] {
        assert!(matches!(error, SalesforceError::UnreadableRow { .. }), "{error}");
    }
}
