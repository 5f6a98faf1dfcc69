//! Access tokens: one login for many callers, and what becomes of a session that ends.

use std::sync::Arc;

use futures::{StreamExt, future};
use jiff::SignedDuration;
use salesforce_simulator::Pages;
use serde_json::{Value, json};
use session_warden::clock::SystemClock;
use session_warden::salesforce::{Role, Salesforce, SalesforceError, Whose, http_client};

use crate::support::{connection, ids, order, org, refusal, revoker, scanner, small, username, written};

#[tokio::test]
async fn many_callers_share_one_login() {
    let simulator = small().await;
    let client = scanner(&simulator);
    let asked = future::join_all((0..20).map(|_| client.org_id())).await;
    assert!(asked.iter().all(|id| id.as_ref().unwrap().as_str() == simulator.org().id().as_str()));
    let own = simulator.org().user_by_name(&username(&simulator, "scanner")).unwrap().id;
    assert_eq!(client.own_user().await.unwrap().as_str(), own.as_str());
    client.active_user_count().await.unwrap();
    let usage = client.usage();
    assert_eq!((usage.token_requests, usage.calls), (1, 2));
    assert!(usage.used.unwrap() >= 1 && usage.allowed.unwrap() >= 15_000);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_session_that_ends_between_two_pages_is_replaced_once() {
    let simulator = org(120, 60).await;
    simulator.org().switches_mut().pages = Pages::Smaller;
    let until = simulator.org().now() - SignedDuration::from_hours(1);
    let from = until - SignedDuration::from_hours(24 * 50);
    let (scanner, revoker) = (scanner(&simulator), revoker(&simulator));
    let expected = written(&simulator, from, until);

    let mut pages = std::pin::pin!(scanner.logins(from, until));
    let mut read = pages.next().await.unwrap().unwrap().rows;
    assert!(read.len() < expected.len());
    let own = scanner.own_user().await.unwrap();
    let own = revoker.sessions(Whose::User(&own)).await.unwrap();
    let own: Vec<_> = own.into_iter().map(|found| found.session.id).collect();
    revoker.delete_sessions(&own).await.unwrap();
    while let Some(page) = pages.next().await {
        read.extend(page.unwrap().rows);
    }

    assert_eq!(ids(&read), expected);
    assert_eq!(scanner.usage().token_requests, 2);
    simulator.org().take_writes();
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_session_that_ends_again_and_again_is_not_replaced_for_ever() {
    let simulator = small().await;
    order(&simulator, "GET", "/query", 100, refusal(401, "INVALID_SESSION_ID"));
    let client = scanner(&simulator);
    let error = client.active_user_count().await.unwrap_err();
    assert!(matches!(error, SalesforceError::NotAuthorised { .. }), "{error}");
    assert_eq!((client.usage().token_requests, client.usage().calls), (2, 4));
}

#[tokio::test]
async fn many_callers_replace_an_ended_session_once() {
    let simulator = small().await;
    let (scanner, revoker) = (scanner(&simulator), revoker(&simulator));
    let own = revoker.sessions(Whose::User(&scanner.own_user().await.unwrap())).await.unwrap();
    let own: Vec<_> = own.into_iter().map(|found| found.session.id).collect();
    revoker.delete_sessions(&own).await.unwrap();
    let asked = future::join_all((0..20).map(|_| scanner.active_user_count())).await;
    assert!(asked.iter().all(Result::is_ok));
    assert_eq!(scanner.usage().token_requests, 2);
}

#[tokio::test]
async fn what_cannot_work_says_why() {
    let simulator = small().await;
    let make = |document: &Value, role| {
        Salesforce::new(&connection(document), role, http_client().unwrap(), Arc::new(SystemClock))
    };
    let mut document = simulator.connection_document();
    document["scanner"]["private_key"] = document["revoker"]["private_key"].clone();
    let error = make(&document, Role::Scanner).unwrap().org_id().await.unwrap_err();
    assert!(matches!(error, SalesforceError::NotAuthorised { .. }) && !error.retryable(), "{error}");
    assert!(error.to_string().contains("private_key"), "{error}");

    document.as_object_mut().unwrap().remove("revoker");
    let error = make(&document, Role::Revoker).unwrap_err();
    assert!(error.to_string().contains("no `revoker`"), "{error}");

    document["login_url"] = json!("http://127.0.0.1:9");
    let error = make(&document, Role::Scanner).unwrap().org_id().await.unwrap_err();
    assert!(matches!(error, SalesforceError::Unreachable { .. }) && error.retryable(), "{error}");
}

#[tokio::test]
async fn either_flow_lets_the_same_user_in() {
    let simulator = small().await;
    let by_secret = connection(&simulator.client_credentials_document());
    let by_secret =
        Salesforce::new(&by_secret, Role::Scanner, http_client().unwrap(), Arc::new(SystemClock)).unwrap();
    let by_key = scanner(&simulator);
    assert_eq!(by_secret.own_user().await.unwrap(), by_key.own_user().await.unwrap());
    assert_eq!(by_secret.sessions(Whose::Everyone).await.unwrap().len(), simulator.org().sessions().len());
    simulator.finish().unwrap();
}
