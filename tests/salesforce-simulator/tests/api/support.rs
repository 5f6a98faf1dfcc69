//! A client of the simulator that knows nothing of its insides.

#![allow(clippy::unwrap_used, reason = "only tests use this")]

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::{Client, Method, Response, StatusCode};
use salesforce_simulator::{Org, Seed, Simulator, generate};
use serde_json::{Value, json};

pub(crate) fn now() -> jiff::Timestamp {
    let now = Seed::default().now;
    jiff::Timestamp::from_second(now.as_second()).unwrap()
}

pub(crate) fn small() -> Org {
    generate(&Seed { users: 60, days: 20, ..Seed::default() })
}

pub(crate) async fn started() -> Simulator {
    Simulator::start(small()).await.unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the tests are an independent client")]
pub(crate) fn http() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

pub(crate) fn assertion(simulator: &Simulator, role: &str, change: impl FnOnce(&mut Value)) -> String {
    let document = simulator.connection_document();
    let mut claims = json!({
        "iss": document[role]["client_id"],
        "sub": document[role]["username"],
        "aud": document["audience"],
        "exp": now().as_second() + 120,
    });
    change(&mut claims);
    let key = EncodingKey::from_rsa_pem(document[role]["private_key"].as_str().unwrap().as_bytes()).unwrap();
    encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap()
}

pub(crate) async fn token_answer(simulator: &Simulator, form: &[(&str, &str)]) -> (StatusCode, Value) {
    let url = format!("{}/services/oauth2/token", simulator.url());
    let response = http().post(url).form(form).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

pub(crate) async fn log_in(simulator: &Simulator, role: &str) -> Api {
    let assertion = assertion(simulator, role, |_| ());
    let form =
        [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.as_str())];
    let (status, body) = token_answer(simulator, &form).await;
    assert_eq!(status, 200, "{body}");
    Api::new(simulator, body["access_token"].as_str().unwrap())
}

/// Calls with one access token.
pub(crate) struct Api {
    http: Client,
    url: String,
    token: String,
}

impl Api {
    pub(crate) fn new(simulator: &Simulator, token: &str) -> Self {
        Self { http: http(), url: simulator.url(), token: token.to_owned() }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, query: &[(&str, &str)]) -> Response {
        let url = format!("{}{path}", self.url);
        self.http.request(method, url).bearer_auth(&self.token).query(query).send().await.unwrap()
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> Response {
        let url = format!("{}{path}", self.url);
        self.http.request(method, url).bearer_auth(&self.token).json(&body).send().await.unwrap()
    }

    pub(crate) async fn query(&self, soql: &str) -> (u16, Value) {
        let response = self.call(Method::GET, "/services/data/v67.0/query", &[("q", soql)]).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(crate) async fn records(&self, soql: &str) -> Vec<Value> {
        let (mut status, mut body) = self.query(soql).await;
        let mut records = Vec::new();
        loop {
            assert_eq!(status, 200, "{soql}: {body}");
            records.extend(body["records"].as_array().unwrap().iter().cloned());
            let Some(next) = body["nextRecordsUrl"].as_str().map(str::to_owned) else { return records };
            let response = self.call(Method::GET, &next, &[]).await;
            status = response.status().as_u16();
            body = response.json().await.unwrap();
        }
    }

    pub(crate) async fn delete(&self, object: &str, id: &str) -> (u16, Value) {
        let path = format!("/services/data/v67.0/sobjects/{object}/{id}");
        answer(self.call(Method::DELETE, &path, &[]).await).await
    }

    pub(crate) async fn delete_all(&self, ids: &[String], all_or_none: &str) -> (u16, Value) {
        let query = [("ids", &*ids.join(",")), ("allOrNone", all_or_none)];
        answer(self.call(Method::DELETE, "/services/data/v67.0/composite/sobjects", &query).await).await
    }

    pub(crate) async fn freeze(&self, login_state: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/services/data/v67.0/sobjects/UserLogin/{login_state}", self.url);
        answer(self.http.patch(url).bearer_auth(&self.token).json(&body).send().await.unwrap()).await
    }

    /// Several readings in one call.
    pub(crate) async fn composite(&self, urls: &[&str]) -> (u16, Value) {
        let part = |(number, url): (usize, &&str)| json!({ "method": "GET", "url": url, "referenceId": format!("r{number}") });
        let parts: Vec<_> = urls.iter().enumerate().map(part).collect();
        let url = format!("{}/services/data/v67.0/composite", self.url);
        let body = json!({ "allOrNone": false, "compositeRequest": parts });
        answer(self.http.post(url).bearer_auth(&self.token).json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn revoke(&self, token: &str) -> u16 {
        let url = format!("{}/services/oauth2/revoke", self.url);
        self.http.post(url).form(&[("token", token)]).send().await.unwrap().status().as_u16()
    }
}

pub(crate) async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
