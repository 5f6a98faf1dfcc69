//! How the client treats an org that is busy, and one whose API calls run out.

use std::sync::Arc;

use jiff::SignedDuration;
use salesforce_simulator::Effect;
use serde_json::json;
use session_warden::clock::{Clock, FixedClock, SystemClock};
use session_warden::salesforce::{Role, Salesforce, SalesforceError, http_client};

use crate::support::{connection, order, revoker, scanner, small};

fn crowded() -> Effect {
    let message = "ConcurrentRequests (Concurrent API Requests) Limit exceeded.";
    Effect::Json(403, json!([{ "message": message, "errorCode": "REQUEST_LIMIT_EXCEEDED" }]))
}

#[tokio::test]
async fn an_org_with_too_much_at_once_is_given_time_and_fewer_lanes() {
    let simulator = small().await;
    let client = scanner(&simulator);
    assert_eq!(client.lanes(), 4);
    order(&simulator, "GET", "/query", 2, crowded());
    client.active_user_count().await.unwrap();
    assert_eq!(client.lanes(), 1);
    order(&simulator, "GET", "/query", 4, crowded());
    let error = client.active_user_count().await.unwrap_err();
    assert!(matches!(error, SalesforceError::TooManyAtOnce { .. }) && error.retryable(), "{error}");
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_asked_for_again() {
    let simulator = small().await;
    let client = scanner(&simulator);
    let half = || Effect::Html(200, r#"{"totalSize":60,"done":tr"#.to_owned());
    order(&simulator, "GET", "/query", 2, half());
    client.active_user_count().await.unwrap();
    order(&simulator, "GET", "/query", 4, half());
    let error = client.active_user_count().await.unwrap_err();
    assert!(matches!(error, SalesforceError::Unreachable { .. }) && error.retryable(), "{error}");
}

#[tokio::test]
async fn a_token_is_asked_for_twice_at_most_because_each_time_is_a_login() {
    let simulator = small().await;
    let busy = Effect::Html(503, "<html>Down for maintenance</html>".to_owned());
    order(&simulator, "POST", "/services/oauth2/token", 10, busy);
    let client = scanner(&simulator);
    let error = client.org_id().await.unwrap_err();
    assert!(matches!(error, SalesforceError::UnexpectedAnswer { status: 503, .. }), "{error}");
    assert_eq!(client.usage().token_requests, 2);
}

#[tokio::test]
async fn the_distance_of_the_clocks_is_known_from_the_first_answer() {
    let simulator = small().await;
    let slow = SignedDuration::from_secs(100);
    let clock = Arc::new(FixedClock(SystemClock.now() - slow));
    let connection = connection(&simulator.connection_document());
    let client = Salesforce::new(&connection, Role::Scanner, http_client().unwrap(), clock).unwrap();
    assert_eq!((client.server_clock_skew(), client.budget()), (None, None));
    client.active_user_count().await.unwrap();
    assert!(client.server_clock_skew().is_some_and(|skew| skew >= slow - SignedDuration::from_secs(1)));
    let budget = client.budget().unwrap();
    assert_eq!(budget.reserve, budget.allowed / 5);
}

#[tokio::test]
async fn scanning_stops_at_the_reserve_and_containment_goes_on() {
    let simulator = small().await;
    simulator.org().set_daily_calls(10);
    let (scanner, revoker) = (scanner(&simulator), revoker(&simulator));
    for _ in 0..8 {
        scanner.active_user_count().await.unwrap();
    }
    let error = scanner.active_user_count().await.unwrap_err();
    let is_told = matches!(error, SalesforceError::ReserveReached { used: 8, allowed: 10, reserve: 2, .. });
    assert!(is_told && error.retryable(), "{error}");
    assert_eq!(simulator.org().api_calls(), 8, "nothing was sent");
    for _ in 0..2 {
        revoker.active_user_count().await.unwrap();
    }
    let error = revoker.active_user_count().await.unwrap_err();
    assert!(matches!(error, SalesforceError::RequestLimit { .. }), "{error}");
}

#[tokio::test]
async fn an_answer_that_comes_slowly_does_not_make_the_clock_wrong() {
    let simulator = small().await;
    let client = scanner(&simulator);
    client.org_id().await.unwrap();
    let trickle = Effect::Trickle { bytes: 8, pause: 250 };
    order(&simulator, "GET", "COUNT()", 1, trickle);
    client.active_user_count().await.unwrap();
    let skew = client.server_clock_skew().unwrap();
    assert!(skew.abs() <= SignedDuration::from_secs(1), "{skew}");
}
