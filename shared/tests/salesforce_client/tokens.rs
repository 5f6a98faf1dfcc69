//! Refresh tokens, listed and revoked.

use std::collections::BTreeSet;

use salesforce_simulator::Effect;
use secrecy::ExposeSecret;
use serde_json::json;
use session_warden::observation::UserId;
use session_warden::salesforce::{Applied, SalesforceError, TokenHashKey, Whose};

use crate::support::{order, revoker, scanner, small, somebody};

#[tokio::test]
async fn tokens_are_counted_revoked_and_never_shown() {
    let simulator = small().await;
    let client = revoker(&simulator);
    let key = TokenHashKey::new([3; 32]);
    let found = client.tokens(Whose::Everyone, &key).await.unwrap();
    assert_eq!(found.len(), simulator.org().tokens().len());
    let keys: BTreeSet<_> = found.iter().map(|found| &found.token.key).collect();
    assert_eq!(keys.len(), found.len());

    let victim = &found[0];
    let of_user = client.tokens(Whose::User(&victim.token.user_id), &key).await.unwrap();
    assert!(of_user.iter().any(|found| found.token == victim.token));
    assert_eq!(client.revoke_token(&victim.delete_token).await, Ok(Applied::Done));
    assert_eq!(client.revoke_token(&victim.delete_token).await, Ok(Applied::AlreadySo));
    assert_eq!(client.tokens(Whose::Everyone, &key).await.unwrap().len(), found.len() - 1);

    let secret = victim.delete_token.expose_secret();
    let requests = simulator.org().requests().to_vec();
    assert!(requests.iter().all(|request| !request.query.contains(secret) && !request.path.contains(secret)));
    assert!(requests.iter().all(|request| !request.query.contains("AccessToken")));
    assert!(!format!("{found:?}").contains(secret));
    simulator.org().take_writes();
    simulator.finish().unwrap();
}

/// An answer as long as Salesforce makes them, and cut there.
fn cut_tokens() -> Effect {
    let row = |n: u32| json!({ "UserId": "0055g00000AbCdEAAV", "DeleteToken": format!("t{n}") });
    let rows: Vec<_> = (0..2_500).map(row).collect();
    Effect::Json(200, json!({ "totalSize": 2_500, "done": true, "records": rows }))
}

#[tokio::test]
async fn more_tokens_than_salesforce_gives_out_are_read_user_by_user() {
    let simulator = small().await;
    let count = json!({ "totalSize": 2_600, "done": true, "records": [] });
    order(&simulator, "GET", "COUNT()", 1, Effect::Json(200, count));
    order(&simulator, "GET", "WHERE UserId IN", 1, cut_tokens());
    let client = scanner(&simulator);
    let key = TokenHashKey::new([3; 32]);
    let found = client.tokens(Whose::Everyone, &key).await.unwrap();
    assert_eq!(found.len(), simulator.org().tokens().len());
    let parts = simulator.org().requests().iter().filter(|r| r.query.contains("WHERE UserId IN")).count();
    assert_eq!(parts, 3);

    order(&simulator, "GET", "WHERE UserId =", 1, cut_tokens());
    let user = UserId::new(somebody(&simulator).as_str());
    let error = client.tokens(Whose::User(&user), &key).await.unwrap_err();
    let object = "OauthToken".to_owned();
    assert_eq!(error, SalesforceError::TooManyRows { object, user, limit: 2_500 });
}

#[tokio::test]
async fn a_shortfall_of_tokens_is_told() {
    let simulator = small().await;
    let counted = simulator.org().tokens().len() + 5;
    let answer = json!({ "totalSize": counted, "done": true, "records": [] });
    order(&simulator, "GET", "COUNT()", 2, Effect::Json(200, answer));
    let client = scanner(&simulator);
    let error = client.tokens(Whose::Everyone, &TokenHashKey::new([3; 32])).await.unwrap_err();
    let (expected, read) = (counted as u64, counted as u64 - 5);
    assert_eq!(error, SalesforceError::Incomplete { object: "OauthToken".to_owned(), expected, read });
}
