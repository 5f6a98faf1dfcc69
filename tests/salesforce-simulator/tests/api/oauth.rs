//! Connected apps: their own secrets, who may enter them, and what they are told about tokens.

use crate::support::{Api, answer, assertion, http, log_in, small, started, token_answer};
use reqwest::Method;
use salesforce_simulator::{Approval, Frost, OwnAudience, Secrecy, Simulator};
use serde_json::{Value, json};

const JWT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const APP: &str = "Session Warden Scanner";

fn credentials(simulator: &Simulator) -> (String, String) {
    let document = simulator.client_credentials_document();
    let text = |key: &str| document["scanner"][key].as_str().unwrap().to_owned();
    (text("client_id"), text("client_secret"))
}

async fn by_secret(simulator: &Simulator) -> (u16, Value) {
    let (id, secret) = credentials(simulator);
    let form = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
    let (status, body) = token_answer(simulator, &form).await;
    (status.as_u16(), body)
}

async fn by_key(simulator: &Simulator) -> (u16, Value) {
    let signed = assertion(simulator, "scanner", |_| ());
    let (status, body) = token_answer(simulator, &[("grant_type", JWT), ("assertion", &signed)]).await;
    (status.as_u16(), body)
}

fn refusal(body: &Value) -> (&str, &str) {
    (body["error"].as_str().unwrap(), body["error_description"].as_str().unwrap())
}

#[tokio::test]
async fn an_app_enters_with_its_secret_in_the_form_or_in_a_header() {
    let simulator = started().await;
    let before = simulator.org().logins().len();
    let (status, body) = by_secret(&simulator).await;
    assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")));
    let (id, secret) = credentials(&simulator);
    let url = format!("{}/services/oauth2/token", simulator.url());
    let form = [("grant_type", "client_credentials")];
    let by_header = http().post(url).basic_auth(id, Some(secret)).form(&form).send().await.unwrap();
    assert_eq!(by_header.status(), 200);
    let logins = simulator.org().logins()[before..].to_vec();
    assert_eq!(logins.len(), 2);
    assert!(logins.iter().all(|login| login.login_sub_type.as_deref() == Some("OauthClientCredentials")));
    let api = Api::new(&simulator, body["access_token"].as_str().unwrap());
    let own = api.records("SELECT SessionType FROM AuthSession WHERE IsCurrent = true").await;
    assert_eq!(own[0]["SessionType"], "Oauth2");
    simulator.finish().unwrap();
}

#[tokio::test]
async fn every_refusal_of_an_app_has_its_words() {
    let simulator = started().await;
    let (id, _) = credentials(&simulator);
    let wrong = [("grant_type", "client_credentials"), ("client_id", &*id), ("client_secret", "wrong")];
    let (_, body) = token_answer(&simulator, &wrong).await;
    assert_eq!(refusal(&body), ("invalid_client", "invalid client credentials"));
    let nobody = [("grant_type", "client_credentials"), ("client_id", "nobody")];
    let (_, body) = token_answer(&simulator, &nobody).await;
    assert_eq!(refusal(&body), ("invalid_client_id", "client identifier invalid"));
    simulator.org().set_run_as(APP, None);
    let (status, body) = by_secret(&simulator).await;
    assert_eq!((status, refusal(&body)), (400, ("invalid_grant", "no client credentials user enabled")));
    simulator.org().set_approval(APP, Approval::Missing);
    assert_eq!(refusal(&by_key(&simulator).await.1), ("invalid_grant", "user hasn't approved this consumer"));
    simulator.org().set_approval(APP, Approval::Administrators);
    assert_eq!(
        refusal(&by_key(&simulator).await.1),
        ("invalid_app_access", "user is not admin approved to access this app")
    );
    simulator.org().set_approval(APP, Approval::Given);
    let address = simulator.org().client_address().to_owned();
    simulator.org().close_address(&address);
    assert_eq!(refusal(&by_key(&simulator).await.1), ("invalid_grant", "ip restricted"));
    assert_eq!(simulator.org().logins().last().unwrap().status, "Restricted IP");
    simulator.org().set_client_address("198.18.250.11");
    let own = simulator.org().users().iter().find(|user| user.username.contains("scanner")).unwrap().id;
    simulator.org().set_frozen(&own, Frost::Frozen);
    assert_eq!(refusal(&by_key(&simulator).await.1), ("invalid_grant", "authentication failure"));
    assert_eq!(simulator.org().logins().last().unwrap().status, "User is frozen");
    simulator.org().set_frozen(&own, Frost::Thawed);
    assert_eq!(by_key(&simulator).await.0, 200);
    simulator.org().set_logins_an_hour(3);
    assert_eq!(refusal(&by_key(&simulator).await.1), ("invalid_grant", "login rate exceeded"));
}

#[tokio::test]
async fn my_domain_may_be_refused_as_audience() {
    let mut org = small();
    org.switches_mut().own_audience = OwnAudience::Refused;
    let simulator = Simulator::start(org).await.unwrap();
    assert_eq!(simulator.connection_document()["audience"], "https://login.salesforce.com");
    assert_eq!(by_key(&simulator).await.0, 200);
    let url = simulator.url();
    let own = assertion(&simulator, "scanner", |claims| claims["aud"] = json!(url));
    let (_, body) = token_answer(&simulator, &[("grant_type", JWT), ("assertion", &own)]).await;
    assert_eq!(refusal(&body), ("invalid_grant", "audience is invalid"));
}

#[tokio::test]
async fn a_token_says_whose_it_is() {
    let simulator = started().await;
    let (_, grant) = by_key(&simulator).await;
    let token = grant["access_token"].as_str().unwrap();
    let api = Api::new(&simulator, token);
    let path = grant["id"].as_str().unwrap().replace(&simulator.url(), "");
    let (status, identity) = answer(api.call(Method::GET, &path, &[]).await).await;
    let username = simulator.connection_document()["scanner"]["username"].clone();
    assert_eq!((status, &identity["username"]), (200, &username));
    let other = path.rsplit_once('/').unwrap().0.to_owned() + "/005Kj0000000009";
    assert_eq!(api.call(Method::GET, &other, &[]).await.status(), 403);
    let (id, secret) = credentials(&simulator);
    let introspect = async |token: &str, secret: &str| {
        let url = format!("{}/services/oauth2/introspect", simulator.url());
        let form = [("token", token), ("client_id", &id), ("client_secret", secret)];
        answer(http().post(url).form(&form).send().await.unwrap()).await
    };
    let (status, state) = introspect(token, &secret).await;
    assert_eq!(
        (status, &state["active"], &state["username"], &state["client_id"]),
        (200, &json!(true), &username, &json!(id))
    );
    assert_eq!(state["exp"].as_i64().unwrap() - state["iat"].as_i64().unwrap(), 7_200);
    let refresh = simulator.org().tokens()[0].refresh_token.clone();
    assert_eq!(introspect(&refresh, &secret).await.1["token_type"], "refresh_token");
    assert_eq!(introspect("made up", &secret).await.1, json!({"active": false}));
    assert_eq!(introspect(token, "wrong").await.0, 401);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_secret_in_an_address_is_told_at_the_end() {
    let simulator = started().await;
    let api = log_in(&simulator, "revoker").await;
    let token = simulator.org().tokens()[0].clone();
    assert_eq!(api.revoke(&token.delete_token).await, 200);
    simulator.org().take_writes();
    assert!(simulator.org().requests().iter().all(|request| request.secrecy == Secrecy::Kept));
    let other = simulator.org().tokens()[0].clone();
    let asked = api.call(Method::GET, "/services/oauth2/revoke", &[("token", &other.refresh_token)]).await;
    assert_eq!(asked.status(), 200);
    simulator.org().take_writes();
    assert_eq!(simulator.org().forgive_exposed(), 1);
    let session = simulator.org().sessions().iter().find(|session| session.is_root()).unwrap().id.to_string();
    api.call(Method::GET, "/services/data/v67.0/limits", &[("session", &session), ("x", "5Aep861nothing")])
        .await;
    let (status, grant) = by_key(&simulator).await;
    assert_eq!(status, 200);
    let query = [("x", grant["access_token"].as_str().unwrap())];
    api.call(Method::GET, "/services/data/v67.0/limits", &query).await;
    let document = simulator.connection_document();
    let key = document["scanner"]["private_key"].as_str().unwrap();
    let bare: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    api.call(Method::GET, "/services/data/v67.0/limits", &[("key", &bare)]).await;
    let unexpected = simulator.finish().unwrap_err();
    assert_eq!(unexpected.exposed.len(), 2, "{unexpected}");
    assert!(!unexpected.to_string().contains(query[0].1));
}

#[tokio::test]
#[should_panic(expected = "1 requests had a secret of the org in their address")]
async fn a_simulator_dropped_with_an_exposed_secret_panics() {
    let simulator = started().await;
    let api = log_in(&simulator, "revoker").await;
    let token = simulator.org().tokens()[0].clone();
    api.call(Method::GET, "/services/oauth2/revoke", &[("token", &token.delete_token)]).await;
}
