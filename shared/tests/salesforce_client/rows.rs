//! Answers that are not what the API documents.

use futures::TryStreamExt;
use jiff::Timestamp;
use salesforce_simulator::{Effect, Fault, Matcher, Occurrence, Pages};
use serde_json::{Value, json};
use session_warden::observation::UserId;
use session_warden::salesforce::{SalesforceError, TokenHashKey, Whose};

use crate::support::{order, refusal, revoker, scanner, small, somebody};

#[tokio::test]
async fn a_row_of_one_user_that_cannot_be_read_is_an_error() {
    let simulator = small().await;
    let (client, key) = (revoker(&simulator), TokenHashKey::new([3; 32]));
    let user = UserId::new(somebody(&simulator).as_str());
    let rows = json!({ "totalSize": 1, "done": true, "records": [{ "Id": "0Ak5g00000AbCdEAAV" }] });
    for object in ["AuthSession", "OauthToken"] {
        order(&simulator, "GET", &format!("FROM {object}"), 1, Effect::Json(200, rows.clone()));
    }
    let sessions = client.sessions(Whose::User(&user)).await.unwrap_err();
    assert!(
        matches!(&sessions, SalesforceError::UnreadableRow { id: Some(id), .. } if id.starts_with("0Ak"))
    );
    let tokens = client.tokens(Whose::User(&user), &key).await.unwrap_err();
    assert!(matches!(tokens, SalesforceError::UnreadableRow { .. }) && !tokens.retryable());
}

#[tokio::test]
async fn a_row_among_everyones_that_cannot_be_read_is_left_out_and_told() {
    let simulator = small().await;
    let (client, key) = (scanner(&simulator), TokenHashKey::new([3; 32]));
    let rows = json!({ "totalSize": 1, "done": true, "records": [{ "Id": "0Ak5g00000AbCdEAAV" }] });
    order(&simulator, "GET", "FROM AuthSession", 2, Effect::Json(200, rows));
    assert!(client.sessions(Whose::Everyone).await.unwrap().is_empty());
    let sessions = client.session_rows(Whose::Everyone).await.unwrap();
    assert_eq!((sessions.rows.len(), sessions.rejected[0].reason.as_str()), (0, "missing field `UsersId`"));

    let there = simulator.org().tokens().len() as u64;
    let torn = vec![json!({ "AppName": "Portal" }); usize::try_from(there).unwrap()];
    let rows = json!({ "totalSize": there, "done": true, "records": torn });
    order(&simulator, "GET", "AppName", 2, Effect::Json(200, rows));
    let tokens = client.token_rows(Whose::Everyone, &key).await.unwrap();
    assert_eq!((tokens.rows.len(), tokens.rejected.len() as u64), (0, there));
    let watched = client.watched_tokens(&key, None).await.unwrap();
    assert_eq!((watched.tokens.len(), watched.rejected.len() as u64), (0, there));
    let known = client.tokens(Whose::Everyone, &key).await.unwrap();
    assert!(!watched.would_show(&known[0].token), "nobody knows whether it is gone");
}

#[tokio::test]
async fn rubbish_is_an_error_and_never_a_panic() {
    let simulator = small().await;
    let client = scanner(&simulator);
    let page = |records: Value| json!({ "totalSize": 2, "done": true, "records": records });
    for body in [json!(null), json!([]), json!({}), json!({ "totalSize": -1, "done": true }), page(json!(7))]
    {
        order(&simulator, "GET", "/query", 1, Effect::Json(200, body));
        assert!(client.active_user_count().await.is_err());
    }
    let good = json!({ "Id": "0Ya5g00000AbCdEAAV", "LoginTime": "2026-11-23T18:43:00.000+0000" });
    let bad = json!({ "Id": "0Ya5g00000AbCdFAAV", "LoginTime": 5 });
    order(&simulator, "GET", "/query", 1, Effect::Json(200, page(json!([bad, good]))));
    let now = simulator.org().now();
    let pages: Vec<_> = client.logins(now, now).try_collect().await.unwrap();
    assert_eq!((pages[0].rows.len(), pages[0].rejected.len()), (1, 1));
    assert_eq!(pages[0].rejected[0].id.as_deref(), Some("0Ya5g00000AbCdFAAV"));
}

#[tokio::test]
async fn no_page_leads_to_another_host() {
    let simulator = small().await;
    let (from, until) = (Timestamp::UNIX_EPOCH, simulator.org().now());
    let client = scanner(&simulator);
    for next in
        ["https://evil.example/services/data/v67.0/query/x", "//evil.example/", "/services/oauth2/revoke"]
    {
        let record = json!({ "Id": "0Ya5g00000AbCdEAAV", "LoginTime": "2026-11-23T18:43:00.000+0000" });
        let page = json!({ "totalSize": 2, "done": false, "nextRecordsUrl": next, "records": [record] });
        order(&simulator, "GET", "/query", 1, Effect::Json(200, page));
        let outcome: Result<Vec<_>, _> = client.logins(from, until).try_collect().await;
        assert!(matches!(outcome, Err(SalesforceError::UnexpectedAnswer { .. })), "{next}");
    }
}

#[tokio::test]
async fn a_list_that_breaks_off_between_two_pages_is_read_anew() {
    let simulator = small().await;
    simulator.org().switches_mut().pages = Pages::Smaller;
    let client = scanner(&simulator);
    let there = simulator.org().sessions().len();
    assert!(there > 100, "several pages: {there}");
    for effect in [Effect::LocatorExpired, Effect::RowsMissing] {
        let second = Fault::on(Matcher::any().object("AuthSession"), Occurrence::Nth(2), effect.clone());
        simulator.org().faults_mut().add(second);
        assert_eq!(client.sessions(Whose::Everyone).await.unwrap().len(), there + 1, "{effect:?}");
        simulator.org().faults_mut().clear();
    }
    order(&simulator, "GET", "FROM AuthSession", 9, refusal(400, "INVALID_QUERY_LOCATOR"));
    let error = client.sessions(Whose::Everyone).await.unwrap_err();
    assert_eq!(error.code(), Some("INVALID_QUERY_LOCATOR"));
}
