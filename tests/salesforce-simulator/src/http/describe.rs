//! Which objects and fields there are for the caller, and what a query may do with each.

use super::query::view;
use super::{Call, Shared};
use crate::access::RestError;
use crate::objects::{Allowed, Field, Kind, Object, Schema, View};
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

pub(crate) async fn all(State(shared): State<Shared>, Extension(call): Extension<Call>) -> Response {
    let org = shared.org();
    let view = view(&org, &call);
    let open = Object::ALL.into_iter().filter(|object| object.is_open_to(&view));
    let objects: Vec<Json> = open.map(|object| summary(object, &view)).collect();
    axum::Json(json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects})).into_response()
}

pub(crate) async fn one(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, object)): Path<(String, String)>,
) -> Response {
    let Some(object) = Object::named(&object) else {
        return RestError::not_found().unmatched().into_response();
    };
    let org = shared.org();
    let view = view(&org, &call);
    if !object.is_open_to(&view) {
        return RestError::not_found().into_response();
    }
    let mut description = summary(object, &view);
    let schema = object.schema();
    description["fields"] = schema.fields_for(&view).map(|field| described(field, schema, &view)).collect();
    axum::Json(description).into_response()
}

fn summary(object: Object, view: &View<'_>) -> Json {
    let name = object.schema().name;
    let url = format!("/services/data/v{}/sobjects/{name}", view.version);
    let urls = json!({
        "sobject": url,
        "describe": format!("{url}/describe"),
        "rowTemplate": format!("{url}/{{ID}}"),
    });
    json!({
        "name": name,
        "label": name,
        "custom": false,
        "queryable": true,
        "retrieveable": true,
        "createable": false,
        "updateable": object == Object::UserLogin,
        "deletable": object == Object::AuthSession,
        "urls": urls,
    })
}

fn described(field: &Field, schema: &'static Schema, view: &View<'_>) -> Json {
    let yes = |allowed: Allowed| allowed == Allowed::Yes;
    let stem = field.name.strip_suffix("Id").unwrap_or_default();
    let relation = schema.relation(stem, view);
    let kind = if field.name == "Id" { "id" } else { field.type_name };
    json!({
        "name": field.name,
        "label": field.name,
        "type": kind,
        "length": field.length,
        "nillable": yes(field.nillable),
        "filterable": yes(field.filter),
        "groupable": yes(field.group),
        "sortable": yes(field.sort),
        "aggregatable": yes(field.aggregate) && field.kind != Kind::Flag,
        "relationshipName": relation.map(|relation| relation.name),
        "referenceTo": relation.map(|relation| relation.target.schema().name).into_iter().collect::<Vec<_>>(),
    })
}
