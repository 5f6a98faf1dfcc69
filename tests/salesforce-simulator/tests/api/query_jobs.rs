//! Query jobs of Bulk API 2.0, from the order to the last part.

use crate::support::{Api, answer, log_in, started};
use reqwest::{Method, Response};
use salesforce_simulator::{BulkJobs, BulkLogins, BulkResults, JobState, Pages, Permission, Simulator};
use serde_json::{Value, json};

const JOBS: &str = "/services/data/v67.0/jobs/query";
const QUERY: &str = "SELECT Id, LoginTime, Status, LoginGeo.City FROM LoginHistory ORDER BY LoginTime, Id";

async fn asked() -> (Simulator, Api) {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    (simulator, api)
}

async fn order(api: &Api, query: &str) -> (u16, Value) {
    answer(api.send(Method::POST, JOBS, json!({ "operation": "query", "query": query })).await).await
}

async fn look(api: &Api, id: &str) -> Value {
    answer(api.call(Method::GET, &format!("{JOBS}/{id}"), &[]).await).await.1
}

/// A job that is over.
async fn ran(api: &Api, query: &str) -> Value {
    let (status, job) = order(api, query).await;
    assert_eq!((status, &job["state"]), (200, &json!("UploadComplete")), "{job}");
    let id = job["id"].as_str().unwrap();
    assert_eq!(look(api, id).await["state"], "InProgress");
    look(api, id).await
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers()[name].to_str().unwrap()
}

/// The lines of every part, with the number of parts.
async fn lines(api: &Api, id: &str, most: &str) -> (Vec<String>, usize) {
    let (mut lines, mut parts, mut locator) = (Vec::new(), 0, String::new());
    loop {
        let mut query = vec![("maxRecords", most)];
        if !locator.is_empty() {
            query.push(("locator", &*locator));
        }
        let response = api.call(Method::GET, &format!("{JOBS}/{id}/results"), &query).await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "content-type")),
            (200, "text/csv; charset=UTF-8")
        );
        let number: usize = header(&response, "sforce-numberofrecords").parse().unwrap();
        let next = header(&response, "sforce-locator").to_owned();
        let text = response.text().await.unwrap();
        let mut part = text.lines().map(str::to_owned);
        assert_eq!(part.next().unwrap(), r#""Id","LoginTime","Status","LoginGeo.City""#);
        let before = lines.len();
        lines.extend(part);
        assert_eq!(lines.len() - before, number);
        parts += 1;
        locator = next;
        if locator == "null" {
            return (lines, parts);
        }
    }
}

#[tokio::test]
async fn a_job_gives_what_a_query_gives() {
    let (simulator, api) = asked().await;
    let job = ran(&api, QUERY).await;
    let id = job["id"].as_str().unwrap();
    let records = api.records(QUERY).await;
    assert_eq!(
        (&job["state"], &job["numberRecordsProcessed"]),
        (&json!("JobComplete"), &json!(records.len()))
    );
    assert_eq!(job["apiVersion"], 67.0);
    let expected: Vec<String> = records
        .iter()
        .map(|record| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let time = text(&record["LoginTime"]).replace("+0000", "Z");
            let (id, status, city) =
                (text(&record["Id"]), text(&record["Status"]), text(&record["LoginGeo"]["City"]));
            format!("\"{id}\",\"{time}\",\"{status}\",\"{city}\"")
        })
        .collect();
    let (whole, parts) = lines(&api, id, "1000000").await;
    assert_eq!((&whole, parts), (&expected, 1));
    let (cut, parts) = lines(&api, id, "100").await;
    assert_eq!((&cut, parts), (&expected, records.len().div_ceil(100)));
    simulator.org().switches_mut().pages = Pages::Smaller;
    assert_eq!(lines(&api, id, "1000000").await.0, expected);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn each_caller_gets_the_rows_that_he_may_see() {
    let (simulator, api) = asked().await;
    let scanner = simulator.connection_document()["scanner"]["username"].as_str().unwrap().to_owned();
    for permission in [Permission::ManageUsers, Permission::MonitorLoginHistory] {
        simulator.org().remove_permission(&scanner, permission);
    }
    let query = "SELECT Id, UserId FROM LoginHistory";
    let job = ran(&api, query).await;
    let own = simulator.org().user_by_name(&scanner).unwrap().id;
    let mine = simulator.org().logins().iter().filter(|login| login.user_id == own).count();
    assert_eq!(job["numberRecordsProcessed"], mine);
    let (status, body) = order(&api, QUERY).await;
    assert_eq!(
        (status, &body[0]["errorCode"]),
        (400, &json!("INVALID_FIELD")),
        "no LoginGeo without Manage Users"
    );
    simulator.finish().unwrap();
}

#[tokio::test]
async fn what_cannot_be_a_job_is_refused() {
    let (simulator, api) = asked().await;
    for (query, code) in [
        ("SELECT COUNT() FROM LoginHistory", "API_ERROR"),
        ("SELECT Status FROM LoginHistory LIMIT 2 OFFSET 1", "API_ERROR"),
        ("SELECT Nothing FROM LoginHistory", "INVALID_FIELD"),
        ("SELECT", "MALFORMED_QUERY"),
    ] {
        let (status, body) = order(&api, query).await;
        assert_eq!((status, &body[0]["errorCode"]), (400, &json!(code)), "{query}");
    }
    simulator.org().switches_mut().bulk_logins = BulkLogins::Unsupported;
    let (status, body) = order(&api, QUERY).await;
    let told =
        json!([{"errorCode": "INVALIDENTITY", "message": "LoginHistory is not supported by the Bulk API"}]);
    assert_eq!((status, body), (400, told));
    assert_eq!(order(&api, "SELECT Id FROM User").await.0, 200);
    let made = simulator.org().query_jobs_made();
    simulator.org().set_daily_query_jobs(made);
    assert_eq!(order(&api, "SELECT Id FROM User").await.1[0]["errorCode"], "LIMIT_EXCEEDED");
    simulator.finish().unwrap();
}

#[tokio::test]
async fn jobs_end_and_are_aborted_and_deleted() {
    let (simulator, api) = asked().await;
    let (_, job) = order(&api, QUERY).await;
    let path = format!("{JOBS}/{}", job["id"].as_str().unwrap());
    let results = format!("{path}/results");
    let code = async |method: Method, path: &str| {
        let (status, body) = answer(api.call(method, path, &[]).await).await;
        (status, body[0]["errorCode"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(code(Method::GET, &results).await, (400, "INVALIDJOBSTATE".to_owned()));
    assert_eq!(code(Method::DELETE, &path).await, (400, "INVALIDJOBSTATE".to_owned()));
    assert_eq!(code(Method::GET, &path.replace("67.0", "66.0")).await.0, 409);
    let aborted = answer(api.send(Method::PATCH, &path, json!({ "state": "Aborted" })).await).await;
    assert_eq!((aborted.0, &aborted.1["state"]), (200, &json!("Aborted")));
    assert_eq!(api.call(Method::DELETE, &path, &[]).await.status(), 204);
    assert_eq!(code(Method::GET, &path).await, (404, "NOT_FOUND".to_owned()));

    simulator.org().switches_mut().bulk_jobs = BulkJobs::Fail;
    let failed = ran(&api, QUERY).await;
    assert!(failed["state"] == "Failed" && failed["errorMessage"].is_string(), "{failed}");
    let states: Vec<_> = simulator.org().query_jobs().map(|(_, state)| state).collect();
    assert_eq!(states, [JobState::Failed]);

    let other = log_in(&simulator, "revoker").await;
    let id = failed["id"].as_str().unwrap();
    assert_eq!(other.call(Method::GET, &format!("{JOBS}/{id}"), &[]).await.status(), 404, "somebody else's");
    simulator.finish().unwrap();
}

#[tokio::test]
async fn locators_expire_and_results_travel_compressed() {
    let (simulator, api) = asked().await;
    let job = ran(&api, QUERY).await;
    let path = format!("{JOBS}/{}/results", job["id"].as_str().unwrap());
    let first = api.call(Method::GET, &path, &[("maxRecords", "10")]).await;
    let locator = header(&first, "sforce-locator").to_owned();
    let plain = first.bytes().await.unwrap();
    assert_eq!(api.call(Method::GET, &path, &[("locator", &*locator)]).await.status(), 200);
    simulator.org().expire_cursors();
    assert_eq!(api.call(Method::GET, &path, &[("locator", &*locator)]).await.status(), 400);
    simulator.org().switches_mut().bulk_results = BulkResults::Compressed;
    let packed = api.call(Method::GET, &path, &[("maxRecords", "10")]).await;
    assert_eq!(header(&packed, "content-encoding"), "gzip");
    let packed = packed.bytes().await.unwrap();
    assert!(packed.len() < plain.len() && packed.starts_with(&[0x1f, 0x8b]));
    simulator.finish().unwrap();
}
