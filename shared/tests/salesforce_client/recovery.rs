//! A reading of LoginHistory that breaks on the way: no row is lost and none comes twice, or an error says what failed.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{Clock, Effect, Fault, Matcher, Occurrence, Pages, Simulator, TimeoutStatus};
use serde_json::json;
use session_warden::clock::SystemClock;
use session_warden::observation::Login;
use session_warden::salesforce::{Role, Salesforce, SalesforceError};

use crate::support::{all_logins, connection, ids, order, org, refusal, scanner, small, written};

/// Fifty days in many pages.
async fn long() -> (Simulator, Timestamp, Timestamp) {
    let simulator = org(120, 60).await;
    simulator.org().switches_mut().pages = Pages::Smaller;
    let until = simulator.org().now() - SignedDuration::from_hours(1);
    (simulator, until - SignedDuration::from_hours(24 * 50), until)
}

async fn fails(client: &Salesforce, from: Timestamp, until: Timestamp) -> SalesforceError {
    client.logins(from, until).try_collect::<Vec<_>>().await.unwrap_err()
}

fn asked(simulator: &Simulator, part: &str) -> usize {
    simulator.org().requests().iter().filter(|request| request.query.contains(part)).count()
}

/// The first row of a span, as the only one of a page that should have five.
fn short_page(simulator: &Simulator, from: Timestamp) -> Effect {
    let first =
        simulator.org().logins().iter().find(|login| login.login_time >= from).map(Arc::clone).unwrap();
    let time = first.login_time.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string();
    let record = json!({ "Id": first.id.as_str(), "LoginTime": time });
    Effect::Json(200, json!({ "totalSize": 5, "done": true, "records": [record] }))
}

#[tokio::test]
async fn a_locator_that_expired_and_a_page_that_never_comes_cost_no_row() {
    let (simulator, from, until) = long().await;
    let client = scanner(&simulator);
    for (times, effect) in [
        (2, refusal(400, "INVALID_QUERY_LOCATOR")),
        (5, Effect::Html(502, "<html>Bad Gateway</html>".to_owned())),
        (4, Effect::Html(420, String::new())),
        (3, Effect::Close),
        (1, refusal(401, "INVALID_SESSION_ID")),
        (1, refusal(500, "UNABLE_TO_LOCK_ROW")),
    ] {
        order(&simulator, "GET", "/query/01g", times, effect.clone());
        assert_eq!(
            ids(&all_logins(&client, from, until).await),
            written(&simulator, from, until),
            "{effect:?}"
        );
    }
    simulator.finish().unwrap();
}

#[tokio::test]
async fn bodies_that_break_clip_and_lack_rows_cost_no_row() {
    let (simulator, from, until) = long().await;
    let client = scanner(&simulator);
    for effect in [
        Effect::CutShort,
        Effect::Clipped,
        Effect::RowsMissing,
        Effect::LocatorExpired,
        Effect::SessionExpired,
    ] {
        // A session that ends twice in a row is given up: somebody means it.
        for place in [1, 3] {
            let logins = Matcher::any().object("LoginHistory");
            simulator.org().faults_mut().add(Fault::on(logins, Occurrence::Nth(place), effect.clone()));
        }
        assert_eq!(
            ids(&all_logins(&client, from, until).await),
            written(&simulator, from, until),
            "{effect:?}"
        );
        simulator.org().faults_mut().clear();
    }
}

#[tokio::test]
async fn rows_that_share_a_second_come_once_wherever_the_reading_breaks() {
    let simulator = small().await;
    simulator.org().switches_mut().pages = Pages::Smaller;
    let now = simulator.org().now();
    simulator.org().set_clock(Clock::Fixed(now));
    for _ in 0..150 {
        scanner(&simulator).org_id().await.unwrap();
    }
    let (from, until) = (now - SignedDuration::from_mins(5), now + SignedDuration::from_secs(1));
    let client = scanner(&simulator);
    order(&simulator, "GET", "/query/01g", 2, refusal(400, "INVALID_QUERY_LOCATOR"));
    let read = all_logins(&client, from, until).await;
    assert!(read.iter().filter(|login| login.time == now).count() > 150);
    assert_eq!(ids(&read), written(&simulator, from, until));
}

#[tokio::test]
async fn a_locator_that_always_expires_ends_in_its_error() {
    let (simulator, from, until) = long().await;
    order(&simulator, "GET", "/query", 1_000, refusal(400, "INVALID_QUERY_LOCATOR"));
    let error = fails(&scanner(&simulator), from, until).await;
    assert_eq!(error.code(), Some("INVALID_QUERY_LOCATOR"));
    assert!(error.retryable() && simulator.org().requests().len() < 10);
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_cut_down_to_a_second() {
    let (simulator, from, until) = long().await;
    let client = scanner(&simulator);
    order(&simulator, "GET", "FROM LoginHistory", 3, refusal(400, "QUERY_TIMEOUT"));
    assert_eq!(ids(&all_logins(&client, from, until).await), written(&simulator, from, until));
    order(&simulator, "GET", "FROM LoginHistory", 1_000, refusal(400, "QUERY_TIMEOUT"));
    let before = asked(&simulator, "LoginHistory");
    let error = fails(&client, from, until).await;
    assert_eq!(error.code(), Some("QUERY_TIMEOUT"));
    // Fifty days are 4,320,000 seconds, which can be halved 22 times.
    assert_eq!(asked(&simulator, "LoginHistory") - before, 23);
}

#[tokio::test]
async fn a_count_that_takes_too_long_is_added_up_from_parts() {
    let (simulator, from, until) = long().await;
    let client = scanner(&simulator);
    let there = written(&simulator, from, until).len() as u64;
    order(&simulator, "GET", "COUNT()", 3, Effect::QueryTimeout);
    assert_eq!(client.login_count(from, until).await, Ok(there));
    // Half, a quarter, and then eight eighths of the time.
    assert_eq!(asked(&simulator, "COUNT()"), 3 + 8);

    order(&simulator, "GET", "COUNT()", 1_000, Effect::QueryTimeout);
    let error = client.login_count(from, until).await.unwrap_err();
    assert_eq!(error.code(), Some("QUERY_TIMEOUT"));
    // It begins with a quarter, twice what it could count: 300 hours, which can be halved nine times.
    assert_eq!(asked(&simulator, "COUNT()"), 11 + 10);
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_asked_once_for_each_width_whatever_its_status() {
    for status in [TimeoutStatus::BadRequest, TimeoutStatus::ServerError] {
        let (simulator, from, until) = long().await;
        simulator.org().switches_mut().timeout_status = status;
        let client = scanner(&simulator);
        order(&simulator, "GET", "FROM LoginHistory", 3, Effect::QueryTimeout);
        order(&simulator, "GET", "COUNT()", 1, Effect::QueryTimeout);
        assert_eq!(ids(&all_logins(&client, from, until).await), written(&simulator, from, until));
        client.login_count(from, until).await.unwrap();
        let org = simulator.org();
        let timed_out = org.requests().iter().filter(|request| request.fault.is_some());
        let statuses: Vec<_> = timed_out.map(|request| request.status).collect();
        let expected = if status == TimeoutStatus::BadRequest { 400 } else { 500 };
        assert_eq!(statuses, [expected; 4]);
        let asked = org.requests().iter().filter(|request| request.query.contains("FROM LoginHistory"));
        let mut queries: Vec<_> = asked.map(|request| request.query.clone()).collect();
        let all = queries.len();
        queries.sort();
        queries.dedup();
        assert_eq!(queries.len(), all, "the same was asked for again: {status:?}");
    }
}

/// A client that waits for half a second, in an org whose bodies come so many bytes at a time, with so many milliseconds before each.
async fn impatient(bytes: usize, pause: u64) -> (Simulator, Salesforce, Timestamp, Timestamp) {
    let simulator = org(120, 20).await;
    let slow = Effect::Trickle { bytes, pause };
    let logins = Matcher::any().path("FROM LoginHistory");
    simulator.org().faults_mut().add(Fault::on(logins, Occurrence::Every, slow));
    #[expect(clippy::disallowed_methods, reason = "nobody else waits for less than a minute")]
    let http = reqwest::Client::builder().timeout(Duration::from_millis(500)).build().unwrap();
    let connection = connection(&simulator.connection_document());
    let client = Salesforce::new(&connection, Role::Scanner, http, Arc::new(SystemClock)).unwrap();
    let until = simulator.org().now() - SignedDuration::from_hours(1);
    (simulator, client, until - SignedDuration::from_hours(24 * 10), until)
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_asked_for_in_parts() {
    let (simulator, client, from, until) = impatient(20_000, 10).await;
    let there = written(&simulator, from, until);
    assert_eq!(ids(&all_logins(&client, from, until).await), there);
    assert!(asked(&simulator, "ORDER BY LoginTime") > 3, "{} rows came too fast", there.len());
}

#[tokio::test]
async fn a_body_that_never_comes_whole_ends_in_its_error() {
    let (simulator, client, from, until) = impatient(1, 100).await;
    let is_timed_out = |error: &SalesforceError| matches!(error, SalesforceError::TimedOut { object, .. } if object == "LoginHistory");
    let error = client.login_count(from, until).await.unwrap_err();
    assert!(is_timed_out(&error) && error.retryable(), "{error}");
    // Ten days are 240 hours, which can be halved eight times, and each width is asked for once.
    assert_eq!(asked(&simulator, "COUNT()"), 9);
    let error = fails(&client, from, from + SignedDuration::from_secs(8)).await;
    assert!(is_timed_out(&error), "{error}");
    assert_eq!(asked(&simulator, "ORDER BY LoginTime"), 4);
}

#[tokio::test]
async fn a_query_that_ends_early_is_read_on_and_counted() {
    let (simulator, from, until) = long().await;
    let client = scanner(&simulator);
    order(&simulator, "GET", "ORDER BY LoginTime", 1, short_page(&simulator, from));
    assert_eq!(ids(&all_logins(&client, from, until).await), written(&simulator, from, until));
    assert_eq!(asked(&simulator, "COUNT()"), 1);
    order(&simulator, "GET", "ORDER BY LoginTime", 100, short_page(&simulator, from));
    let error = fails(&client, from, until).await;
    assert!(matches!(error, SalesforceError::Incomplete { expected: 5, read: 1, .. }), "{error}");
}

#[tokio::test]
async fn rows_that_the_count_knows_of_and_nobody_gives_are_told() {
    let (simulator, from, until) = long().await;
    let client = scanner(&simulator);
    order(&simulator, "GET", "ORDER BY LoginTime", 1, short_page(&simulator, from));
    let there = written(&simulator, from, until).len() as u64;
    let count = json!({ "totalSize": there + 2, "done": true, "records": [] });
    order(&simulator, "GET", "COUNT()", 1, Effect::Json(200, count));
    let error = fails(&client, from, until).await;
    let object = "LoginHistory".to_owned();
    assert_eq!(error, SalesforceError::Incomplete { object, expected: there + 2, read: there });
}

#[tokio::test]
async fn a_field_that_the_org_lacks_is_left_out_alone() {
    let (simulator, from, until) = long().await;
    let client = scanner(&simulator);
    let message = "AuthMethodReference, AuthContextClassRef\n^\nERROR at Row:1:Column:9\nNo such column \
                   'AuthContextClassRef' on entity 'LoginHistory'.";
    let refusal = json!([{ "message": message, "errorCode": "INVALID_FIELD" }]);
    order(&simulator, "GET", "AuthContextClassRef", 1, Effect::Json(400, refusal));
    let read: Vec<Login> = all_logins(&client, from, until).await;
    assert_eq!(ids(&read), written(&simulator, from, until));
    assert!(read.iter().any(|login| login.place.as_ref().is_some_and(|place| place.city.is_some())));
    assert!(read.iter().all(|login| !login.detail.login_url.is_empty()));
    assert!(read.iter().all(|login| login.detail.auth_context.is_empty()));
    assert_eq!(asked(&simulator, "AuthContextClassRef"), 1);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn slices_read_at_once_give_the_rows_in_order_whatever_breaks() {
    let (simulator, from, until) = long().await;
    let client = scanner(&simulator);
    let bounds: Vec<_> = (0..=20).map(|n| from + SignedDuration::from_hours(60 * n)).collect();
    assert_eq!(bounds.last(), Some(&until));
    order(&simulator, "GET", "LoginTime", 4, refusal(400, "QUERY_TIMEOUT"));
    order(&simulator, "GET", "/query/01g", 3, refusal(400, "INVALID_QUERY_LOCATOR"));
    let pages: Vec<_> = client.logins_in_slices(&bounds).try_collect().await.unwrap();
    let read: Vec<_> = pages.into_iter().flat_map(|page| page.rows).collect();
    assert_eq!(ids(&read), written(&simulator, from, until));

    order(&simulator, "GET", "LoginTime", 1_000, refusal(400, "MALFORMED_QUERY"));
    let outcome: Result<Vec<_>, _> = client.logins_in_slices(&bounds).try_collect().await;
    assert_eq!(outcome.unwrap_err().code(), Some("MALFORMED_QUERY"));
}

/// While one slice is taken care of nobody polls the others, of which one may be waiting for a token.
#[tokio::test]
async fn a_slice_that_nobody_polls_keeps_nobody_from_a_token() {
    let (simulator, from, _) = long().await;
    let client = scanner(&simulator);
    // What fields there are is known then.
    all_logins(&client, from, from + SignedDuration::from_hours(1)).await;
    let bounds: Vec<_> = (0..=4).map(|n| from + SignedDuration::from_hours(300 * n)).collect();
    order(&simulator, "POST", "/oauth2/token", 1, Effect::Withheld(700));
    {
        let mut org = simulator.org();
        // Of each slice three pages are read ahead: the first one's last comes when the second one's was refused.
        let last = Matcher::any().path("-558");
        org.faults_mut().add(Fault::on(last.clone(), Occurrence::Nth(1), Effect::Delay(300)));
        org.faults_mut().add(Fault::on(last, Occurrence::Nth(2), refusal(401, "INVALID_SESSION_ID")));
    }
    let mut pages = std::pin::pin!(client.logins_in_slices(&bounds));
    pages.try_next().await.unwrap().unwrap();
    let asked = tokio::time::timeout(Duration::from_secs(20), client.active_user_count()).await;
    assert!(asked.is_ok_and(|count| count.unwrap() > 0), "the token is minted by whoever waits for it");
    let mut rows = 0;
    while let Some(page) = pages.try_next().await.unwrap() {
        rows += page.rows.len();
    }
    assert!(rows > 0 && asked_tokens(&simulator) == 2);
}

fn asked_tokens(simulator: &Simulator) -> usize {
    simulator.org().requests().iter().filter(|request| request.path.ends_with("/oauth2/token")).count()
}

#[tokio::test]
async fn slices_are_read_where_only_one_request_may_run_at_a_time() {
    let (simulator, from, until) = long().await;
    simulator.org().set_concurrent_calls(1);
    let bounds: Vec<_> = (0..=10).map(|n| from + SignedDuration::from_hours(120 * n)).collect();
    let pages: Vec<_> = scanner(&simulator).logins_in_slices(&bounds).try_collect().await.unwrap();
    let read: Vec<_> = pages.into_iter().flat_map(|page| page.rows).collect();
    assert_eq!(ids(&read), written(&simulator, from, until));
}
