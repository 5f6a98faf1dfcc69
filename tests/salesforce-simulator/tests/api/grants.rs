//! Who gets a token, and what the answer is when he does not.

use crate::support::{Api, assertion, log_in, now, small, started, token_answer};
use salesforce_simulator::{Activity, Frost, Permission, RefreshRows};
use serde_json::{Value, json};

type Change = fn(&mut Value);

const JWT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

#[tokio::test]
async fn an_assertion_opens_a_session_and_leaves_a_login() {
    let simulator = started().await;
    let before = simulator.org().logins().len();
    let api = log_in(&simulator, "scanner").await;
    let own = api.records("SELECT Id, SessionType, LoginType, ParentId, IsCurrent, Users.Username FROM AuthSession WHERE Users.Username LIKE 'session-warden-scanner%'").await;
    assert_eq!(own.len(), 1);
    assert_eq!(
        (&own[0]["SessionType"], &own[0]["LoginType"]),
        (&json!("Oauth2"), &json!("Remote Access 2.0"))
    );
    assert_eq!((&own[0]["ParentId"], &own[0]["IsCurrent"]), (&own[0]["Id"], &json!(true)));
    assert_eq!(simulator.org().logins().len(), before + 1);
    let others = api.records("SELECT Id FROM AuthSession WHERE IsCurrent = true").await;
    assert_eq!(others.len(), 1);
}

#[tokio::test]
async fn every_refusal_has_its_words() {
    let simulator = started().await;
    let url = simulator.url();
    let table: [(&str, Change, &str, &str); 9] = [
        (
            "unknown key",
            |claims| claims["iss"] = json!("nobody"),
            "invalid_client_id",
            "client identifier invalid",
        ),
        (
            "audience",
            |claims| claims["aud"] = json!("https://example.com"),
            "invalid_grant",
            "audience is invalid",
        ),
        ("no audience", |claims| claims["aud"] = Value::Null, "invalid_grant", "audience is invalid"),
        (
            "expired",
            |claims| claims["exp"] = json!(now().as_second() - 1),
            "invalid_grant",
            "expired authorization code",
        ),
        (
            "far ahead",
            |claims| claims["exp"] = json!(now().as_second() + 400),
            "invalid_grant",
            "expired authorization code",
        ),
        (
            "milliseconds",
            |claims| claims["exp"] = json!(now().as_millisecond()),
            "invalid_grant",
            "expired authorization code",
        ),
        ("no expiry", |claims| claims["exp"] = Value::Null, "invalid_grant", "expired authorization code"),
        (
            "another user",
            |claims| claims["sub"] = json!("break-glass@acme.example"),
            "invalid_grant",
            "user hasn't approved this consumer",
        ),
        (
            "nobody",
            |claims| claims["sub"] = Value::Null,
            "invalid_grant",
            "user hasn't approved this consumer",
        ),
    ];
    for (what, change, error, description) in table {
        let (status, body) = token_answer(
            &simulator,
            &[("grant_type", JWT), ("assertion", &assertion(&simulator, "scanner", change))],
        )
        .await;
        assert_eq!(
            (status.as_u16(), &body["error"], &body["error_description"]),
            (400, &json!(error), &json!(description)),
            "{what}"
        );
    }
    for audience in
        [json!(url), json!("https://login.salesforce.com"), json!(["https://test.salesforce.com"])]
    {
        let good = assertion(&simulator, "scanner", |claims| claims["aud"] = audience);
        assert_eq!(token_answer(&simulator, &[("grant_type", JWT), ("assertion", &good)]).await.0, 200);
    }
    let text_expiry = assertion(&simulator, "scanner", |claims| {
        claims["exp"] = json!((now().as_second() + 60).to_string());
    });
    assert_eq!(token_answer(&simulator, &[("grant_type", JWT), ("assertion", &text_expiry)]).await.0, 200);
}

#[tokio::test]
async fn a_signature_must_be_the_identitys_own() {
    let simulator = started().await;
    let forged = assertion(&simulator, "revoker", |claims| {
        claims["iss"] = simulator.connection_document()["scanner"]["client_id"].clone();
    });
    let unsigned = "eyJhbGciOiJub25lIn0.".to_owned() + forged.split('.').nth(1).unwrap() + ".";
    for bad in [forged.as_str(), &unsigned, "", "a.b.c", "....", "é"] {
        let (status, body) = token_answer(&simulator, &[("grant_type", JWT), ("assertion", bad)]).await;
        assert_eq!(status, 400, "{body}");
    }
    assert_eq!(
        token_answer(&simulator, &[("grant_type", "wish")]).await.1["error"],
        "unsupported_grant_type"
    );
    assert_eq!(token_answer(&simulator, &[]).await.1["error"], "invalid_request");
}

#[tokio::test]
async fn a_refresh_token_mints_until_its_user_is_kept_out() {
    let simulator = started().await;
    let token = simulator.org().tokens()[0].clone();
    let form = [("grant_type", "refresh_token"), ("refresh_token", token.refresh_token.as_str())];
    let before = simulator.org().logins().len();
    let (status, body) = token_answer(&simulator, &form).await;
    assert_eq!(status, 200);
    let access_token = body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(simulator.org().tokens()[0].use_count, token.use_count + 1);
    assert_eq!(simulator.org().logins().len(), before + 1);
    assert_eq!(simulator.org().logins()[before].login_sub_type.as_deref(), Some("OauthRefreshToken"));

    simulator.org().switches_mut().refresh_rows = RefreshRows::NotWritten;
    assert_eq!(token_answer(&simulator, &form).await.0, 200);
    assert_eq!(simulator.org().logins().len(), before + 1);

    simulator.org().set_frozen(&token.user_id, Frost::Frozen);
    assert_eq!(token_answer(&simulator, &form).await.1["error_description"], "authentication failure");
    assert_eq!(simulator.org().logins()[before + 1].status, "User is frozen");
    simulator.org().set_frozen(&token.user_id, Frost::Thawed);
    simulator.org().set_activity(&token.user_id, Activity::Inactive);
    assert_eq!(token_answer(&simulator, &form).await.1["error_description"], "inactive user");
    assert_eq!(Api::new(&simulator, &access_token).query("SELECT Id FROM UserPermissionAccess").await.0, 401);
}

#[tokio::test]
async fn a_call_needs_a_live_session_and_a_served_version() {
    let simulator = crate::support::started().await;
    let api = log_in(&simulator, "scanner").await;
    let get = |path: &'static str| api.call(reqwest::Method::GET, path, &[]);
    for (path, status) in [
        ("/services/data", 200),
        ("/services/data/", 200),
        ("/services/data/v67.0/limits", 200),
        ("/services/data/v67.0/limits/", 200),
        ("/services/data/v31.0/limits", 200),
        ("/services/data/v30.0/limits", 410),
        ("/services/data/v99.0/limits", 404),
        ("/services/data/v67.0/nowhere", 404),
        ("/services/oauth2/userinfo", 200),
        ("/elsewhere", 404),
    ] {
        assert_eq!(get(path).await.status(), status, "{path}");
    }
    let limited = get("/services/data/v67.0/limits").await;
    assert!(limited.headers()["sforce-limit-info"].to_str().unwrap().starts_with("api-usage="));
    let (status, body) = Api::new(&simulator, "00Dx!made-up").query("SELECT Id FROM User").await;
    assert_eq!((status, &body[0]["errorCode"]), (401, &json!("INVALID_SESSION_ID")));
    let nameless = crate::support::http()
        .get(format!("{}/services/data/v67.0/limits", simulator.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(nameless.status(), 401);
    assert_eq!(simulator.org().forgive_unmatched(), 2);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_chunked_body_is_read() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let simulator = started().await;
    let address = simulator.url().replace("http://", "");
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = "POST /services/oauth2/token HTTP/1.1\r\nHost: simulated\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body = "b\r\ngrant_type=\r\n8\r\npassword\r\n0\r\n\r\n";
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("authentication failure"), "{answer}");
}

#[tokio::test]
async fn a_permission_taken_away_is_gone() {
    let mut org = small();
    let name = |org: &salesforce_simulator::Org| {
        org.users().iter().find(|user| user.username.contains("scanner")).unwrap().username.clone()
    };
    let scanner = name(&org);
    org.remove_permission(&scanner, Permission::CustomizeApplication);
    let simulator = salesforce_simulator::Simulator::start(org).await.unwrap();
    let api = log_in(&simulator, "scanner").await;
    let access = api
        .records("SELECT PermissionsManageUsers, PermissionsCustomizeApplication FROM UserPermissionAccess")
        .await;
    assert_eq!(
        (&access[0]["PermissionsManageUsers"], &access[0]["PermissionsCustomizeApplication"]),
        (&json!(true), &json!(false))
    );
    assert!(api.records("SELECT AppName FROM OauthToken").await.is_empty());
    simulator.org().remove_permission(&scanner, Permission::ManageUsers);
    assert_eq!(api.query("SELECT Id FROM VerificationHistory").await.0, 400);
    assert_eq!(api.query("SELECT LoginGeoId FROM LoginHistory").await.0, 400);
    assert!(api.records("SELECT Id FROM LoginHistory").await.len() > 100);
    simulator.org().remove_permission(&scanner, Permission::MonitorLoginHistory);
    assert_eq!(api.records("SELECT Id FROM LoginHistory").await.len(), 1);
    assert_eq!(api.records("SELECT Id FROM AuthSession").await.len(), 1);
    simulator.finish().unwrap();
}
