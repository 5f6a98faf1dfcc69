//! Fields that an org, a version or a permission does not show.

use jiff::SignedDuration;
use salesforce_simulator::{Permission, Simulator};
use session_warden::observation::{AccessToken, UserId};
use session_warden::salesforce::{
    Ability, MissingField, Permission as Asked, Role, Salesforce, SalesforceError, Sight, TokenHashKey, Whose,
};

use crate::support::{all_logins, ids, order, refusal, revoker, scanner, small, somebody, username, written};

#[tokio::test]
async fn what_an_org_lacks_is_left_out_and_asked_for_once() {
    let simulator = small().await;
    for (object, field) in [
        ("AuthSession", "IsAssociatedWithJwtAccessToken"),
        ("User", "ManagerId"),
        ("OauthToken", "LastUsedDate"),
        ("LoginHistory", "AuthContextClassRef"),
        ("UserPermissionAccess", "PermissionsManageTwoFactor"),
    ] {
        simulator.org().remove_field(object, field).unwrap();
    }
    let client = scanner(&simulator);
    let user = UserId::new(somebody(&simulator).as_str());
    for _ in 0..2 {
        a_day_of_logins(&simulator, &client).await;
        let absent: Vec<_> = client.visibility().await.unwrap().absent().collect();
        assert_eq!(absent, [Asked::ManageTwoFactor]);
        let sessions = client.sessions(Whose::User(&user)).await.unwrap();
        assert!(sessions.iter().all(|found| found.session.access_token == AccessToken::Untold));
        assert_eq!(client.users(std::slice::from_ref(&user)).await.unwrap().len(), 1);
        let tokens = client.watched_tokens(&TokenHashKey::new([3; 32]), None).await.unwrap().tokens;
        assert!(!tokens.is_empty() && tokens.iter().all(|token| token.last_used.is_none()));
    }
    let org = simulator.org();
    let refused = org.requests().iter().filter(|request| request.status == 400).count();
    assert_eq!(refused, 0, "nothing is guessed");
    let described = |object: &str| {
        org.requests().iter().filter(|request| request.path.ends_with(&format!("/{object}/describe"))).count()
    };
    for object in ["AuthSession", "User", "OauthToken", "LoginHistory", "LoginGeo", "UserPermissionAccess"] {
        assert_eq!(described(object), 1, "{object}");
    }
}

/// A process lives for months, and permissions come and go.
#[tokio::test]
async fn a_field_that_is_taken_away_meanwhile_costs_one_reading() {
    let simulator = small().await;
    let client = scanner(&simulator);
    let user = UserId::new(somebody(&simulator).as_str());
    client.sessions(Whose::User(&user)).await.unwrap();
    simulator.org().remove_field("AuthSession", "LoginType").unwrap();
    let error = client.sessions(Whose::User(&user)).await.unwrap_err();
    assert_eq!(error.code(), Some("INVALID_FIELD"));
    client.sessions(Whose::User(&user)).await.unwrap();
}

/// Reads the last day's logins, every one; whether some have the city that only LoginGeo tells.
async fn a_day_of_logins(simulator: &Simulator, client: &Salesforce) -> bool {
    let until = simulator.org().now() - SignedDuration::from_hours(1);
    let from = until - SignedDuration::from_hours(48);
    let read = all_logins(client, from, until).await;
    assert_eq!(ids(&read), written(simulator, from, until));
    read.iter().any(|login| login.place.as_ref().is_some_and(|place| place.city.is_some()))
}

#[tokio::test]
async fn without_a_description_what_is_refused_is_left_out() {
    for undescribed in ["LoginHistory", "LoginGeo"] {
        for answer in [refusal(403, "INSUFFICIENT_ACCESS"), refusal(404, "NOT_FOUND")] {
            let simulator = small().await;
            simulator.org().remove_field("LoginHistory", "AuthContextClassRef").unwrap();
            order(&simulator, "GET", &format!("{undescribed}/describe"), 1, answer);
            let client = scanner(&simulator);
            for _ in 0..2 {
                assert!(a_day_of_logins(&simulator, &client).await, "{undescribed} hides no place");
            }
            simulator.finish().unwrap();
        }
    }
}

#[tokio::test]
async fn without_a_description_permissions_that_the_org_lacks_are_left_out() {
    let simulator = small().await;
    let lacking = ["PermissionsManageTwoFactor", "PermissionsManageEncryptionKeys"];
    for field in lacking {
        simulator.org().remove_field("UserPermissionAccess", field).unwrap();
    }
    order(&simulator, "GET", "UserPermissionAccess/describe", 1, refusal(404, "NOT_FOUND"));
    let client = scanner(&simulator);
    for _ in 0..2 {
        let visibility = client.visibility().await.unwrap();
        assert_eq!(visibility.of(Ability::Sessions), Sight::Seeing);
        assert_eq!(
            visibility.absent().collect::<Vec<_>>(),
            [Asked::ManageTwoFactor, Asked::ManageEncryptionKeys]
        );
    }
    let refused = simulator.org().requests().iter().filter(|request| request.status == 400).count();
    assert_eq!(refused, 2, "each is met once");
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_required_field_that_is_missing_is_named() {
    let simulator = small().await;
    simulator.org().remove_field("AuthSession", "NumSecondsValid").unwrap();
    let error = scanner(&simulator).sessions(Whose::Everyone).await.unwrap_err();
    assert_eq!(error, SalesforceError::NotVisible { what: "AuthSession.NumSecondsValid".to_owned() });
    assert!(!error.retryable());
    simulator.finish().unwrap();
}

#[tokio::test]
async fn the_self_test_learns_what_is_missing() {
    let simulator = small().await;
    simulator.org().remove_field("VerificationHistory", "Remarks").unwrap();
    simulator.org().remove_permission(&username(&simulator, "scanner"), Permission::ManageTwoFactor);
    let missing = scanner(&simulator).missing_fields(Role::Scanner).await.unwrap();
    let field = |path: &str, is_required| MissingField { path: path.to_owned(), is_required };
    for what in [field("VerificationHistory.Remarks", false), field("TwoFactorMethodsInfo", true)] {
        assert!(missing.contains(&what), "{what:?} in {missing:?}");
    }
    assert!(!missing.iter().any(|field| field.path.starts_with("AuthSession")), "{missing:?}");
    let calls = simulator.org().requests().len();
    assert!(revoker(&simulator).missing_fields(Role::Revoker).await.unwrap().is_empty());
    assert!(simulator.org().requests().len() - calls <= 9, "what it never reads is not asked for");
    simulator.org().remove_permission(&username(&simulator, "revoker"), Permission::ViewSetup);
    let missing = revoker(&simulator).missing_fields(Role::Revoker).await.unwrap();
    assert_eq!(missing, [field("SetupAuditTrail", true)]);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn places_that_are_not_shown_are_named_once() {
    let simulator = small().await;
    simulator.org().remove_permission(&username(&simulator, "scanner"), Permission::ManageUsers);
    let missing = scanner(&simulator).missing_fields(Role::Scanner).await.unwrap();
    let places: Vec<_> = missing.iter().filter(|field| field.path.contains("LoginGeo")).collect();
    assert!(places.iter().any(|field| field.path == "LoginHistory.LoginGeo" && !field.is_required));
    assert!(places.iter().all(|field| field.path.ends_with(".LoginGeo")), "{places:?}");
    simulator.finish().unwrap();
}

#[tokio::test]
async fn tokens_without_a_delete_token_are_listed_and_cannot_be_revoked() {
    let simulator = small().await;
    simulator.org().remove_field("OauthToken", "DeleteToken").unwrap();
    let client = revoker(&simulator);
    let found = client.tokens(Whose::Everyone, &TokenHashKey::new([3; 32])).await.unwrap();
    assert_eq!(found.len(), simulator.org().tokens().len());
    let error = client.revoke(&found[0]).await.unwrap_err();
    assert!(
        matches!(&error, SalesforceError::Irrevocable { .. }) && error.to_string().contains("Setup"),
        "{error}"
    );
    assert!(simulator.org().take_writes().is_empty());
    simulator.finish().unwrap();
}
