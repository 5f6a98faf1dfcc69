//! The OAuth endpoints.

use super::answer::Note;
use super::client::Client;
use super::{Meddling, Shared};
use crate::access::{Grant, OauthError};
use crate::recording;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct TokenRequest {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    assertion: String,
    #[serde(default)]
    refresh_token: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(flatten)]
    client: Client,
}

pub(crate) async fn token(
    State(shared): State<Shared>,
    headers: HeaderMap,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Response {
    let Form(request) = form.unwrap_or_default();
    let assertion = request.assertion.clone();
    match granted(&shared, request, &headers) {
        Ok(grant) => {
            if !assertion.is_empty() {
                recording::issued("assertion", &assertion);
            }
            answer(&shared, &grant)
        }
        Err(error) => error.into_response(),
    }
}

fn granted(shared: &Shared, request: TokenRequest, headers: &HeaderMap) -> Result<Grant, OauthError> {
    let mut org = shared.org();
    let source = org.client_source();
    match request.grant_type.as_str() {
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => org.grant_jwt(&request.assertion, &shared.url),
        "client_credentials" => {
            let client = request.client.or_basic(headers);
            org.grant_client(&client.client_id, &client.client_secret)
        }
        "refresh_token" => org.grant_refresh(&request.refresh_token, source),
        "password" => org.grant_password(&request.username, &request.password, source),
        "" => Err(OauthError::new("invalid_request", "missing required parameter: grant_type")),
        _ => Err(OauthError::new("unsupported_grant_type", "grant type not supported")),
    }
}

fn answer(shared: &Shared, grant: &Grant) -> Response {
    recording::issued("access_token", &grant.access_token);
    let org_id = shared.org().id();
    let url = &shared.url;
    let body = json!({
        "access_token": grant.access_token,
        "scope": "api id refresh_token",
        "instance_url": &**url,
        "id": format!("{url}/id/{org_id}/{}", grant.user.id),
        "token_type": "Bearer",
    });
    let mut response = axum::Json(body).into_response();
    let note = Note { caller: Some(grant.user.username.clone()), ..Note::default() };
    response.extensions_mut().insert(note);
    response
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct RevokeRequest {
    #[serde(default)]
    token: String,
}

pub(crate) async fn revoke_posted(
    State(shared): State<Shared>,
    meddling: Option<Extension<Meddling>>,
    form: Result<Form<RevokeRequest>, FormRejection>,
) -> Response {
    revoked(&shared, meddling, &form.unwrap_or_default().0)
}

pub(crate) async fn revoke_asked(
    State(shared): State<Shared>,
    meddling: Option<Extension<Meddling>>,
    query: Result<Query<RevokeRequest>, QueryRejection>,
) -> Response {
    revoked(&shared, meddling, &query.unwrap_or_default().0)
}

fn revoked(shared: &Shared, meddling: Option<Extension<Meddling>>, request: &RevokeRequest) -> Response {
    let Extension(meddling) = meddling.unwrap_or_default();
    match shared.meddled(meddling).revoke(&request.token) {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => error.into_response(),
    }
}
