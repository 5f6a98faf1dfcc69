//! Who a token belongs to: user info, the identity URL, and introspection.

use super::admission::bearer;
use super::answer::Note;
use super::{Shared, client::Client};
use crate::access::OauthError;
use crate::objects::Caller;
use crate::org::Org;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value as Json, json};

pub(crate) async fn user_info(State(shared): State<Shared>, request: Request) -> Response {
    let mut org = shared.org();
    let Some(caller) = bearer(&request).and_then(|token| org.authorize(token)) else { return no_token() };
    let url = &shared.url;
    let body = json!({
        "sub": format!("{url}/id/{}/{}", org.id(), caller.user_id),
        "user_id": caller.user_id.as_str(),
        "organization_id": org.id().as_str(),
        "preferred_username": caller.username,
        "email": caller.username,
        "urls": {"rest": format!("{url}/services/data/v{{version}}/")},
    });
    told(body, caller)
}

/// The address that a token answer names as `id`.
pub(crate) async fn identity(
    State(shared): State<Shared>,
    Path((org_id, user_id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let mut org = shared.org();
    let Some(caller) = bearer(&request).and_then(|token| org.authorize(token)) else { return no_token() };
    let Some(user) = org.user(&user_id).filter(|user| user.id == caller.user_id && org.id() == org_id) else {
        return (StatusCode::FORBIDDEN, "Bad_Id").into_response();
    };
    let url = &shared.url;
    let body = json!({
        "id": format!("{url}/id/{org_id}/{user_id}"),
        "asserted_user": true,
        "user_id": user.id.as_str(),
        "organization_id": org_id,
        "username": user.username,
        "display_name": format!("{} {}", user.first_name, user.last_name),
        "email": user.username,
        "active": user.is_active(),
        "timezone": user.time_zone,
        "urls": {
            "rest": format!("{url}/services/data/v{{version}}/"),
            "query": format!("{url}/services/data/v{{version}}/query/"),
            "sobjects": format!("{url}/services/data/v{{version}}/sobjects/"),
        },
    });
    told(body, caller)
}

fn no_token() -> Response {
    (StatusCode::FORBIDDEN, "Bad_OAuth_Token").into_response()
}

fn told(body: Json, caller: Caller) -> Response {
    let mut response = axum::Json(body).into_response();
    response.extensions_mut().insert(Note { caller: Some(caller.username), ..Note::default() });
    response
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct IntrospectRequest {
    #[serde(default)]
    token: String,
    #[serde(flatten)]
    client: Client,
}

/// RFC 7662; only for a client that proves itself.
pub(crate) async fn introspect(
    State(shared): State<Shared>,
    headers: HeaderMap,
    form: Result<Form<IntrospectRequest>, FormRejection>,
) -> Response {
    let Form(request) = form.unwrap_or_default();
    let client = request.client.or_basic(&headers);
    let mut org = shared.org();
    if org.identity_of(&client.client_id, &client.client_secret).is_err() {
        let refusal = OauthError::new("invalid_client", "invalid client credentials").into_response();
        return (StatusCode::UNAUTHORIZED, refusal).into_response();
    }
    axum::Json(state_of(&mut org, &request.token, &shared.url)).into_response()
}

fn state_of(org: &mut Org, token: &str, url: &str) -> Json {
    let now = org.now();
    let told = |org: &Org, user_id: &str, app: Option<&str>, kind: &str| {
        let identity = org.identities.iter().find(|identity| Some(identity.app) == app);
        json!({
            "active": true,
            "scope": "api id",
            "client_id": identity.map(|identity| identity.client_id.clone()),
            "username": org.user(user_id).map(|user| user.username.clone()),
            "sub": format!("{url}/id/{}/{user_id}", org.id()),
            "token_type": kind,
        })
    };
    if let Some(session) = org.session_holding(token).filter(|session| session.is_live(now)) {
        let app = org.app_of(&session);
        let mut state = told(org, &session.user_id, app.as_deref(), "access_token");
        let since = session.created.as_second();
        state["iat"] = since.into();
        state["nbf"] = since.into();
        state["exp"] = (session.last_modified.as_second() + session.num_seconds_valid).into();
        return state;
    }
    match org.tokens().iter().find(|kept| kept.refresh_token == token) {
        Some(kept) => told(org, &kept.user_id, Some(&kept.app), "refresh_token"),
        None => json!({"active": false}),
    }
}
