//! Fields that an org, a version or a permission does not show.

use salesforce_simulator::Permission;
use session_warden::observation::{AccessToken, UserId};
use session_warden::salesforce::{SalesforceError, TokenHashKey, Whose};

use crate::support::{revoker, scanner, small, somebody, username};

#[tokio::test]
async fn what_an_org_lacks_is_left_out_and_asked_for_once() {
    let simulator = small().await;
    for (object, field) in [
        ("AuthSession", "IsAssociatedWithJwtAccessToken"),
        ("User", "ManagerId"),
        ("OauthToken", "LastUsedDate"),
    ] {
        simulator.org().remove_field(object, field).unwrap();
    }
    let client = scanner(&simulator);
    let user = UserId::new(somebody(&simulator).as_str());
    for _ in 0..2 {
        let sessions = client.sessions(Whose::User(&user)).await.unwrap();
        assert!(sessions.iter().all(|found| found.session.access_token == AccessToken::Untold));
        assert_eq!(client.users(std::slice::from_ref(&user)).await.unwrap().len(), 1);
        let tokens = client.watched_tokens(&TokenHashKey::new([3; 32])).await.unwrap().tokens;
        assert!(!tokens.is_empty() && tokens.iter().all(|token| token.last_used.is_none()));
    }
    let org = simulator.org();
    let refused = org.requests().iter().filter(|request| request.status == 400).count();
    assert_eq!(refused, 0, "nothing is guessed");
    let described = |object: &str| {
        org.requests().iter().filter(|request| request.path.ends_with(&format!("/{object}/describe"))).count()
    };
    assert_eq!((described("AuthSession"), described("User"), described("OauthToken")), (1, 1, 1));
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
    for taken in [Permission::ViewSetup, Permission::ManageTwoFactor] {
        simulator.org().remove_permission(&username(&simulator, "scanner"), taken);
    }
    let missing = scanner(&simulator).missing_fields().await.unwrap();
    for what in ["VerificationHistory.Remarks", "SetupAuditTrail", "TwoFactorMethodsInfo"] {
        assert!(missing.iter().any(|path| path == what), "{what} in {missing:?}");
    }
    assert!(!missing.iter().any(|path| path.starts_with("AuthSession")), "{missing:?}");
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
