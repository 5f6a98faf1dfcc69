//! What every call meets: allocations, versions, sizes, and the org's own time.

use crate::support::{Api, answer, http, log_in, now, started};
use reqwest::Method;
use salesforce_simulator::{Clock, Composite, Effect, Fault, Matcher, Occurrence, Permission, Simulator};
use serde_json::{Value, json};

const LIMITS: &str = "/services/data/v67.0/limits";

async fn asked() -> (Simulator, Api) {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    (simulator, api)
}

fn header<'r>(response: &'r reqwest::Response, name: &str) -> &'r str {
    response.headers()[name].to_str().unwrap()
}

#[tokio::test]
async fn the_daily_allocation_ends() {
    let (simulator, api) = asked().await;
    simulator.org().set_daily_calls(3);
    simulator.org().set_app_allocation("Session Warden Scanner", 2);
    let first = api.call(Method::GET, LIMITS, &[]).await;
    assert_eq!(
        header(&first, "sforce-limit-info"),
        "api-usage=1/3; per-app-api-usage=1/2(appName=Session Warden Scanner)"
    );
    let left: Value = first.json().await.unwrap();
    assert_eq!(left["DailyApiRequests"], json!({"Max": 3, "Remaining": 2}));
    for _ in 0..2 {
        assert_eq!(api.query("SELECT Id FROM User LIMIT 1").await.0, 200);
    }
    let (status, body) = api.query("SELECT Id FROM User LIMIT 1").await;
    assert_eq!((status, &body[0]["errorCode"]), (403, &json!("REQUEST_LIMIT_EXCEEDED")));
    let versions = api.call(Method::GET, "/services/data", &[]).await;
    assert!(versions.status() == 200 && !versions.headers().contains_key("sforce-limit-info"));
    assert_eq!(simulator.org().api_calls(), 3);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn so_many_calls_at_the_same_time() {
    let (simulator, api) = asked().await;
    simulator.org().set_concurrent_calls(2);
    let slow = Fault::on(Matcher::any(), Occurrence::Every, Effect::Delay(500));
    simulator.org().faults_mut().add(slow);
    let calls = futures::future::join_all((0..8).map(|_| api.query("SELECT Id FROM LoginHistory"))).await;
    let told: Vec<u16> = calls.iter().map(|(status, _)| *status).collect();
    assert!(told.contains(&200) && told.contains(&403), "{told:?}");
    simulator.org().faults_mut().clear();
    simulator.org().set_concurrent_calls(0);
    let (status, body) = api.query("SELECT Id FROM User").await;
    assert!(status == 403 && body[0]["message"].as_str().unwrap().contains("ConcurrentRequests"), "{body}");
    simulator.org().set_concurrent_calls(1);
    assert_eq!(api.query("SELECT Id FROM User").await.0, 200);
}

#[tokio::test]
async fn readings_that_share_a_call_count_once_and_fail_alone() {
    let (simulator, api) = asked().await;
    let query = "/services/data/v67.0/query?q=SELECT%20Id%20FROM%20";
    let (users, nothing) = (format!("{query}User"), format!("{query}Nothing"));
    let describe = "/services/data/v67.0/sobjects/User/describe";
    let (status, body) = api.composite(&[&users, &nothing, describe]).await;
    assert_eq!((status, simulator.org().api_calls()), (200, 1));
    let parts = body["compositeResponse"].as_array().unwrap();
    let told: Vec<_> =
        parts.iter().map(|part| (&part["referenceId"], part["httpStatusCode"].as_u64().unwrap())).collect();
    assert_eq!(told, [(&json!("r0"), 200), (&json!("r1"), 400), (&json!("r2"), 200)]);
    assert_eq!(parts[0]["body"], api.query("SELECT Id FROM User").await.1);
    assert_eq!(parts[1]["body"][0]["errorCode"], "INVALID_TYPE");
    assert_eq!(parts[2]["body"]["name"], "User");
    assert_eq!(api.composite(&[users.as_str(); 5]).await.0, 200);
    assert_eq!(api.composite(&[users.as_str(); 6]).await.0, 400, "five queries and no more");
    assert_eq!(api.composite(&[describe; 26]).await.0, 400);
    simulator.org().switches_mut().composite = Composite::Absent;
    assert_eq!(api.composite(&[describe]).await.0, 404);
    assert_eq!(simulator.org().forgive_unmatched(), 1, "nobody has an object of that name");
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_fault_ordered_for_one_reading_meets_it_in_a_shared_call_too() {
    let (simulator, api) = asked().await;
    let refused = Effect::refusal(403, "INSUFFICIENT_ACCESS");
    simulator.org().faults_mut().add(Fault::new("GET", "FROM User", 1, refused));
    let query = |object: &str| format!("/services/data/v67.0/query?q=SELECT%20Id%20FROM%20{object}");
    let urls = [query("Profile"), query("User")];
    let (_, body) = api.composite(&[&urls[0], &urls[1]]).await;
    let told = |part: usize| body["compositeResponse"][part]["httpStatusCode"].as_u64();
    assert_eq!((told(0), told(1)), (Some(200), Some(403)), "{body}");
    simulator.finish().unwrap();
}

#[tokio::test]
async fn limits_need_view_setup() {
    let (simulator, api) = asked().await;
    assert_eq!(api.call(Method::GET, LIMITS, &[]).await.status(), 200);
    let scanner = simulator.connection_document()["scanner"]["username"].as_str().unwrap().to_owned();
    simulator.org().remove_permission(&scanner, Permission::ViewSetup);
    assert_eq!(api.call(Method::GET, LIMITS, &[]).await.status(), 403);
    simulator.org().remove_permission(&scanner, Permission::ApiEnabled);
    let (status, body) = api.query("SELECT Id FROM User").await;
    assert_eq!((status, &body[0]["errorCode"]), (403, &json!("API_CURRENTLY_DISABLED")));
}

#[tokio::test]
async fn versions_and_slashes() {
    let (simulator, api) = asked().await;
    let versions: Value = api.call(Method::GET, "/services/data/", &[]).await.json().await.unwrap();
    let last = versions.as_array().unwrap().last().unwrap().clone();
    assert_eq!(last, json!({"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}));
    assert_eq!(versions[0]["label"], "Summer '14");
    for (path, status) in [
        ("/services/data/v31.0/limits/", 200),
        ("/services/data/v68.0/sobjects/User/describe/", 200),
        ("/services/oauth2/userinfo/", 200),
        ("/services/data/v30.0/limits", 410),
        ("/services/data/v69.0/limits", 404),
    ] {
        assert_eq!(api.call(Method::GET, path, &[]).await.status(), status, "{path}");
    }
    simulator.finish().unwrap();
}

#[tokio::test]
async fn an_address_has_its_length() {
    let (simulator, api) = asked().await;
    let ids = |count: usize| {
        format!("SELECT Id FROM User WHERE Id IN ('{}')", vec!["005Kj0000000001"; count].join("','"))
    };
    assert_eq!(api.query(&ids(400)).await.0, 200);
    let (status, body) = api.query(&ids(900)).await;
    assert_eq!((status, &body[0]["errorCode"]), (414, &json!("URI_TOO_LONG")));
    let url = format!("{}{LIMITS}", simulator.url());
    let long = http().get(url).header("x-long", "x".repeat(16_400)).send().await.unwrap();
    assert_eq!(long.status(), 431);
}

#[tokio::test]
async fn the_orgs_clock_is_on_every_answer() {
    let (simulator, api) = asked().await;
    let seconds = |response: &reqwest::Response| {
        jiff::fmt::rfc2822::parse(header(response, "date")).unwrap().timestamp().as_second()
    };
    simulator.org().set_clock(Clock::Ahead(600));
    let ahead = seconds(&api.call(Method::GET, LIMITS, &[]).await) - now().as_second();
    assert!((590..700).contains(&ahead), "{ahead}");
    let late = crate::support::assertion(&simulator, "scanner", |_| ());
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", late.as_str())];
    assert_eq!(
        crate::support::token_answer(&simulator, &form).await.1["error_description"],
        "expired authorization code"
    );
    let fixed = "2026-11-23T12:00:00Z".parse().unwrap();
    simulator.org().set_clock(Clock::Fixed(fixed));
    let answer = api.call(Method::GET, "/services/data", &[]).await;
    assert_eq!(header(&answer, "date"), "Mon, 23 Nov 2026 12:00:00 GMT");
}

#[tokio::test]
async fn an_answer_may_be_asked_for_in_lines_and_a_query_for_its_columns() {
    let (simulator, api) = asked().await;
    let url = format!("{}{LIMITS}", simulator.url());
    let plain = http().get(&url).header("X-PrettyPrint", "1").send().await.unwrap().text().await.unwrap();
    assert!(plain.starts_with("[\n  {\n"), "{plain}");
    let soql = "SELECT Id, Users.Profile.Name FROM AuthSession";
    let path = "/services/data/v67.0/query";
    let query = [("q", soql), ("columns", "true")];
    let (status, metadata) = answer(api.call(Method::GET, path, &query).await).await;
    assert_eq!(
        (status, &metadata["entityName"], &metadata["idSelected"]),
        (200, &json!("AuthSession"), &json!(true))
    );
    let column = &metadata["columnMetadata"][1];
    assert_eq!(
        (&column["columnName"], &column["joinColumns"][0]["joinColumns"][0]["displayName"]),
        (&json!("Users"), &json!("Name"))
    );
    let query = [("q", "SELECT UserId, COUNT(Id) n FROM LoginHistory GROUP BY UserId"), ("columns", "true")];
    let (_, metadata) = answer(api.call(Method::GET, path, &query).await).await;
    assert_eq!(
        (&metadata["groupBy"], &metadata["columnMetadata"][1]["columnName"]),
        (&json!(true), &json!("n"))
    );
    let query = [("q", "SELECT Nope FROM User"), ("columns", "true")];
    assert_eq!(api.call(Method::GET, path, &query).await.status(), 400);
}

#[tokio::test]
async fn text_has_its_length() {
    let (_simulator, api) = asked().await;
    let of = |length: usize| format!("SELECT Id FROM User WHERE Name = '{}'", "x".repeat(length));
    assert_eq!(api.query(&of(4_000)).await.0, 200);
    let (status, body) = api.query(&of(4_001)).await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("MALFORMED_QUERY")));
}
