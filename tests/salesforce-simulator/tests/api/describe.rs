//! What an org says about its objects, and what it says when they are not there.

use crate::support::{Api, answer, log_in, started};
use reqwest::Method;
use salesforce_simulator::{Permission, Simulator};
use serde_json::{Value, json};

async fn describe(api: &Api, version: &str, object: &str) -> (u16, Value) {
    answer(api.call(Method::GET, &format!("/services/data/v{version}/sobjects/{object}/describe"), &[]).await)
        .await
}

fn names(description: &Value) -> Vec<&str> {
    description["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect()
}

fn field<'d>(description: &'d Value, name: &str) -> &'d Value {
    description["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).unwrap()
}

fn scanner(simulator: &Simulator) -> String {
    simulator.connection_document()["scanner"]["username"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_field_is_described_as_queries_find_it() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    let (status, logins) = describe(&api, "67.0", "loginhistory").await;
    assert_eq!((status, &logins["name"], &logins["deletable"]), (200, &json!("LoginHistory"), &json!(false)));
    let told = field(&logins, "Status");
    assert_eq!(
        (&told["type"], &told["length"], &told["nillable"], &told["filterable"], &told["groupable"]),
        (&json!("string"), &json!(128), &json!(true), &json!(false), &json!(true))
    );
    let told = field(&logins, "LoginTime");
    assert_eq!(
        (&told["type"], &told["nillable"], &told["groupable"], &told["sortable"]),
        (&json!("datetime"), &json!(false), &json!(false), &json!(true))
    );
    let told = field(&logins, "LoginGeoId");
    assert_eq!(
        (&told["type"], &told["relationshipName"], &told["referenceTo"]),
        (&json!("reference"), &json!("LoginGeo"), &json!(["LoginGeo"]))
    );
    assert_eq!(field(&logins, "Id")["type"], "id");
    for described in logins["fields"].as_array().unwrap() {
        let name = described["name"].as_str().unwrap();
        let filtered =
            api.query(&format!("SELECT Id FROM LoginHistory WHERE {name} != null LIMIT 1")).await.0;
        assert_eq!(filtered == 200, described["filterable"] == true, "{name}");
        let sorted = api.query(&format!("SELECT Id FROM LoginHistory ORDER BY {name} LIMIT 1")).await.0;
        assert_eq!(sorted == 200, described["sortable"] == true, "{name}");
    }
}

#[tokio::test]
async fn only_what_the_caller_may_see_is_described() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    assert!(names(&describe(&api, "67.0", "AuthSession").await.1).contains(&"LoginGeoId"));
    let all = answer(api.call(Method::GET, "/services/data/v67.0/sobjects/", &[]).await).await.1;
    let listed =
        |all: &Value, name: &str| all["sobjects"].as_array().unwrap().iter().any(|one| one["name"] == name);
    assert!(listed(&all, "VerificationHistory") && listed(&all, "User"));
    let scanner = scanner(&simulator);
    simulator.org().remove_permission(&scanner, Permission::ManageUsers);
    assert!(!names(&describe(&api, "67.0", "AuthSession").await.1).contains(&"LoginGeoId"));
    assert_eq!(describe(&api, "67.0", "VerificationHistory").await.0, 404);
    let all = answer(api.call(Method::GET, "/services/data/v67.0/sobjects", &[]).await).await.1;
    assert!(!listed(&all, "VerificationHistory") && listed(&all, "User"));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_field_has_a_version_it_begins_with() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    for (version, object, name, there) in [
        ("67.0", "LoginHistory", "AuthContextClassRef", true),
        ("66.0", "LoginHistory", "AuthContextClassRef", false),
        ("64.0", "AuthSession", "IsAssociatedWithJwtAccessToken", true),
        ("63.0", "AuthSession", "IsAssociatedWithJwtAccessToken", false),
        ("60.0", "LoginHistory", "ForwardedForIp", false),
        ("67.0", "LoginHistory", "NetworkId", false),
    ] {
        let description = describe(&api, version, object).await.1;
        assert_eq!(names(&description).contains(&name), there, "{version} {name}");
        let query = [("q", format!("SELECT {name} FROM {object} LIMIT 1"))];
        let query: Vec<(&str, &str)> = query.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let answer =
            answer(api.call(Method::GET, &format!("/services/data/v{version}/query"), &query).await).await;
        assert_eq!(answer.0, if there { 200 } else { 400 }, "{version} {name} {}", answer.1);
    }
}

#[tokio::test]
async fn an_org_may_lack_a_field_or_an_object() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    simulator.org().restore_field("LoginHistory", "NetworkId").unwrap();
    assert!(names(&describe(&api, "67.0", "LoginHistory").await.1).contains(&"NetworkId"));
    simulator.org().remove_field("loginhistory", "tlsprotocol").unwrap();
    assert!(!names(&describe(&api, "67.0", "LoginHistory").await.1).contains(&"TlsProtocol"));
    let (status, body) = api.query("SELECT TlsProtocol FROM LoginHistory").await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("INVALID_FIELD")));
    simulator.org().remove_object("LoginGeo").unwrap();
    let (status, body) = api.query("SELECT Id FROM LoginGeo").await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("INVALID_TYPE")));
    assert_eq!(api.query("SELECT LoginGeo.City FROM LoginHistory").await.0, 400);
    assert_eq!(describe(&api, "67.0", "LoginGeo").await.0, 404);
    let unknown = simulator.org().remove_field("LoginHistory", "Colour").unwrap_err();
    assert_eq!(unknown.to_string(), "the simulated org has no LoginHistory.Colour");
    simulator.finish().unwrap();
}
