//! One record: read it, delete a session, change a UserLogin.

use super::query::view;
use super::{Call, Meddling, Shared};
use crate::access::RestError;
use crate::id::Id;
use crate::journal::Write;
use crate::objects::{Object, View};
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

type Place = Path<(String, String, String)>;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct ReadRequest {
    fields: Option<String>,
}

pub(crate) async fn read(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, object, id)): Place,
    request: Result<Query<ReadRequest>, QueryRejection>,
) -> Response {
    let Some(object) = Object::named(&object) else {
        return RestError::not_found().unmatched().into_response();
    };
    let fields = request.unwrap_or_default().0.fields;
    let org = shared.org();
    let view = view(&org, &call);
    if !object.is_open_to(&view) {
        return RestError::not_found().into_response();
    }
    match record(&view, object, &id, fields.as_deref()) {
        Some(record) => axum::Json(record).into_response(),
        None => RestError::not_found().into_response(),
    }
}

fn record(view: &View<'_>, object: Object, id: &str, only: Option<&str>) -> Option<Json> {
    let row = object.find(Id::parse(id)?, view)?;
    let asked = |field: &str| {
        only.is_none_or(|only| only.split(',').any(|one| one.trim().eq_ignore_ascii_case(field)))
    };
    let mut record: Map<String, Json> = object
        .schema()
        .fields_for(view)
        .filter(|field| field.name == "Id" || asked(field.name))
        .map(|field| (field.name.to_owned(), row.value(field.name, view).json()))
        .collect();
    let name = object.schema().name;
    let url = format!(
        "/services/data/v{}/sobjects/{name}/{}",
        view.version,
        record["Id"].as_str().unwrap_or_default()
    );
    record.insert("attributes".to_owned(), json!({"type": name, "url": url}));
    Some(Json::Object(record))
}

pub(crate) async fn delete(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    meddling: Option<Extension<Meddling>>,
    Path((_, object, id)): Place,
) -> Response {
    let mut org = shared.meddled(meddling.unwrap_or_default().0);
    match Object::named(&object) {
        Some(Object::AuthSession) => match org.delete_session(&id, &call.caller) {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(failure) => RestError::from(failure).into_response(),
        },
        Some(Object::LoginIp) => match org.delete_login_ip(&id, &call.caller) {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(failure) => RestError::from(failure).into_response(),
        },
        known => refused(&mut org.journal.writes, known, format!("DELETE {object}/{id}")),
    }
}

pub(crate) async fn update(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    meddling: Option<Extension<Meddling>>,
    Path((_, object, id)): Place,
    body: Bytes,
) -> Response {
    let mut org = shared.meddled(meddling.unwrap_or_default().0);
    if Object::named(&object) != Some(Object::UserLogin) {
        return refused(&mut org.journal.writes, Object::named(&object), format!("PATCH {object}/{id}"));
    }
    let change = serde_json::from_slice(&body).unwrap_or(Json::Null);
    match org.update_user_login(&id, &change, &call.caller) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.into_response(),
    }
}

fn refused(writes: &mut Vec<Write>, object: Option<Object>, request: String) -> Response {
    writes.push(Write::Refused { request });
    match object {
        Some(_) => RestError::no_access().into_response(),
        None => RestError::not_found().unmatched().into_response(),
    }
}
