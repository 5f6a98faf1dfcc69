//! The Connect REST API's usage of external client apps: which apps, their users, and the users' tokens.

use super::{Call, Shared};
use crate::access::RestError;
use crate::id::Id;
use crate::objects::client_app::ClientApp;
use crate::objects::oauth_token::Token;
use crate::org::Org;
use crate::permission::Permission;
use crate::switches::ClientApps;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::sync::{Arc, MutexGuard};

/// The first API version that has it.
const SINCE: u32 = 59;
/// Entries a page holds unless asked otherwise.
const PAGE: usize = 100;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Paging {
    page: Option<usize>,
    #[serde(rename = "pageSize")]
    page_size: Option<usize>,
}

type Asked = Result<Query<Paging>, QueryRejection>;

pub(crate) async fn apps(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    asked: Asked,
) -> Response {
    let org = match open(&shared, &call) {
        Ok(org) => org,
        Err(error) => return error.into_response(),
    };
    let used = |app: &&Arc<ClientApp>| org.tokens().iter().any(|token| token.client_app == Some(app.id));
    let apps: Vec<_> = org.client_apps.all().iter().filter(used).map(|app| told(app)).collect();
    paged("apps", apps, "apps/oauth/usage", &call, asked)
}

pub(crate) async fn users(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, app)): Path<(String, String)>,
    asked: Asked,
) -> Response {
    let org = match open(&shared, &call) {
        Ok(org) => org,
        Err(error) => return error.into_response(),
    };
    let Some(app) = org.client_apps.get(&app) else { return RestError::not_found().into_response() };
    let mut ids: Vec<_> = of_app(&org, &app).map(|token| token.user_id).collect();
    ids.sort();
    ids.dedup();
    let user = |id: Id| {
        let uses: i64 =
            of_app(&org, &app).filter(|token| token.user_id == id).map(|token| token.use_count).sum();
        json!({"userIdentifier": id.as_str(), "username": org.user(&id).map(|user| user.username.clone()), "useCount": uses})
    };
    let users = ids.iter().map(|id| user(*id)).collect();
    paged("users", users, &format!("apps/oauth/usage/{}/users", app.id), &call, asked)
}

pub(crate) async fn tokens(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, app, user)): Path<(String, String, String)>,
) -> Response {
    let org = match open(&shared, &call) {
        Ok(org) => org,
        Err(error) => return error.into_response(),
    };
    let Some(app) = org.client_apps.get(&app) else { return RestError::not_found().into_response() };
    let own = of_app(&org, &app).filter(|token| token.user_id == *user);
    let tokens: Vec<Json> = own.map(|token| usage(token, &app, &org, &call)).collect();
    axum::Json(json!({"tokens": tokens})).into_response()
}

pub(crate) async fn revoke_of_user(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, app, user)): Path<(String, String, String)>,
) -> Response {
    revoked(&shared, &call, |token| of(token, &app) && token.user_id == *user)
}

pub(crate) async fn revoke_of_app(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, app)): Path<(String, String)>,
) -> Response {
    revoked(&shared, &call, |token| of(token, &app))
}

pub(crate) async fn revoke_one(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, identifier)): Path<(String, String)>,
) -> Response {
    revoked(&shared, &call, |token| token.identifier() == *identifier)
}

fn revoked(shared: &Shared, call: &Call, goes: impl Fn(&Token) -> bool) -> Response {
    match open(shared, call).map(|mut org| org.revoke_client_app_tokens(goes)) {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => RestError::not_found().into_response(),
        Err(error) => error.into_response(),
    }
}

/// An org without external client apps does not know the resource.
fn open<'s>(shared: &'s Shared, call: &Call) -> Result<MutexGuard<'s, Org>, RestError> {
    let org = shared.org();
    let version = call.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if org.switches.client_apps == ClientApps::Absent || version.is_none_or(|version| version < SINCE) {
        return Err(RestError::not_found());
    }
    if !call.caller.may(Permission::CustomizeApplication) {
        return Err(RestError::new(403, "INSUFFICIENT_ACCESS", "insufficient access rights"));
    }
    Ok(org)
}

/// Every page names a next one, the last too.
fn paged(list: &str, entries: Vec<Json>, path: &str, call: &Call, asked: Asked) -> Response {
    let Query(asked) = asked.unwrap_or_default();
    let (page, size) = (asked.page.unwrap_or(0), asked.page_size.unwrap_or(PAGE).max(1));
    let entries: Vec<_> = entries.into_iter().skip(page.saturating_mul(size)).take(size).collect();
    let url = |page: usize| format!("/services/data/v{}/{path}?page={page}&pageSize={size}", call.version);
    let body = json!({"currentPageUrl": url(page), "nextPageUrl": url(page + 1), list: entries});
    axum::Json(body).into_response()
}

fn of(token: &Token, app: &str) -> bool {
    token.client_app.is_some_and(|id| id == *app)
}

fn of_app<'o>(org: &'o Org, app: &ClientApp) -> impl Iterator<Item = &'o Arc<Token>> {
    let id = app.id;
    org.tokens().iter().filter(move |token| token.client_app == Some(id))
}

fn told(app: &ClientApp) -> Json {
    json!({"identifier": app.id.as_str(), "developerName": app.developer_name, "label": app.label})
}

fn usage(token: &Token, app: &ClientApp, org: &Org, call: &Call) -> Json {
    let identifier = token.identifier();
    json!({
        "accessTokenFormat": "Opaque",
        "appDeveloperName": app.developer_name,
        "appIdentifier": app.id.as_str(),
        "initialConnectionAt": token.created.to_string(),
        "lastUsedAt": token.last_used.map(|used| used.to_string()),
        "revocationUrl": format!("/services/data/v{}/apps/oauth/usage/tokens/{identifier}", call.version),
        "useCount": token.use_count,
        "userIdentifier": token.user_id.as_str(),
        "username": org.user(&token.user_id).map(|user| user.username.clone()),
    })
}
