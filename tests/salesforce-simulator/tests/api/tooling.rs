//! The Tooling API: what it shows, to whom, and what it refuses.

use crate::support::{Api, log_in, started};
use reqwest::Method;
use salesforce_simulator::{Permission, Simulator};
use serde_json::Value;

async fn tooling(api: &Api, soql: &str) -> (u16, Value) {
    let response = api.call(Method::GET, "/services/data/v67.0/tooling/query", &[("q", soql)]).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn profile_id(api: &Api, name: &str) -> String {
    let (_, body) = tooling(api, "SELECT Id, Name FROM Profile").await;
    let profiles = body["records"].as_array().unwrap();
    let found = profiles.iter().find(|profile| profile["Name"] == name).unwrap();
    found["Id"].as_str().unwrap().to_owned()
}

async fn ranges(api: &Api, id: &str) -> Value {
    let (status, body) = tooling(api, &format!("SELECT Name, Metadata FROM Profile WHERE Id = '{id}'")).await;
    assert_eq!((status, &body["totalSize"]), (200, &1.into()), "{body}");
    body["records"][0]["Metadata"]["loginIpRanges"].clone()
}

fn blind(simulator: &Simulator) {
    let document = simulator.connection_document();
    let scanner = document["scanner"]["username"].as_str().unwrap();
    simulator.org().remove_permission(scanner, Permission::ViewSetup);
}

#[tokio::test]
async fn a_profiles_login_ranges_come_one_record_at_a_time() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    let id = profile_id(&api, "Sales User").await;
    assert_eq!(ranges(&api, &id).await, serde_json::json!([]));
    simulator.org().set_login_ranges("Sales User", &[("198.18.0.0", "198.18.0.255")]);
    assert_eq!(ranges(&api, &id).await[0]["endAddress"], "198.18.0.255");
    assert_eq!(simulator.org().login_ranges("Sales User").len(), 1);
    let (status, body) = tooling(&api, "SELECT Metadata FROM Profile").await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &"MALFORMED_QUERY".into()), "{body}");
    assert!(body[0]["message"].as_str().unwrap().contains("no more than one row"), "{body}");
    blind(&simulator);
    assert_eq!(ranges(&api, &id).await, Value::Null);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn settings_stand_beside_the_baseline_for_those_who_may_view_setup() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    let soql = "SELECT Setting, RiskType FROM SecurityHealthCheckRisks";
    simulator.org().set_security_setting("Timeout Value", "24 hours");
    let (_, body) = tooling(&api, soql).await;
    let records = body["records"].as_array().unwrap();
    assert_eq!(records.len(), simulator.org().security_settings().len());
    let risky: Vec<_> = records.iter().filter(|record| record["RiskType"] != "MEETS_STANDARD").collect();
    assert_eq!((risky.len(), &risky[0]["Setting"]), (1, &"Timeout Value".into()), "{body}");
    let (status, body) = tooling(&api, "SELECT Score FROM SecurityHealthCheckRisks").await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &"INVALID_FIELD".into()), "{body}");
    blind(&simulator);
    let (status, body) = tooling(&api, soql).await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &"INVALID_TYPE".into()), "{body}");
    let (_, body) = tooling(&api, "SELECT Id FROM LoginHistory").await;
    assert_eq!(body[0]["errorCode"], "INVALID_TYPE", "{body}");
    assert_eq!(simulator.org().forgive_unmatched(), 1, "the Tooling API has no LoginHistory here");
    simulator.finish().unwrap();
}
