//! A REST request on the instance.

use reqwest::{Client, Method};
use serde_json::Value;

use super::token_request::Grant;

/// A REST request on the instance.
pub(super) struct Call {
    /// What it is about, for people.
    pub(super) object: &'static str,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    pub(super) accept: &'static str,
}

impl Call {
    pub(super) fn get(object: &'static str, path: String) -> Self {
        Self { object, method: Method::GET, path, query: Vec::new(), body: None, accept: "application/json" }
    }

    pub(super) fn build(&self, http: &Client, grant: &Grant) -> reqwest::RequestBuilder {
        use secrecy::ExposeSecret as _;
        let mut request = http.request(self.method.clone(), grant.instance.at(&self.path));
        request = request.bearer_auth(grant.token.expose_secret()).header("Accept", self.accept);
        request = request.query(&self.query);
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }
}
