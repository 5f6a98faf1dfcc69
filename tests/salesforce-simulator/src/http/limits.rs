//! The versions served, and how much of the daily allocation is left.

use super::gate::DAILY_CALLS;
use super::{Call, Shared};
use crate::access::RestError;
use crate::permission::Permission;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

pub(crate) async fn versions() -> Response {
    let version = |number: u32, label: &str| json!({"label": label, "url": format!("/services/data/v{number}.0"), "version": format!("{number}.0")});
    let versions: Vec<Json> =
        vec![version(65, "Winter '26"), version(66, "Spring '26"), version(67, "Summer '26")];
    axum::Json(versions).into_response()
}

pub(crate) async fn limits(State(shared): State<Shared>, Extension(call): Extension<Call>) -> Response {
    let may = call.caller.may(Permission::ViewSetup) || call.caller.may(Permission::ManageUsers);
    if !may {
        return RestError::new(403, "INSUFFICIENT_ACCESS", "insufficient access rights").into_response();
    }
    let left = DAILY_CALLS.saturating_sub(shared.org().api_calls());
    axum::Json(json!({
        "DailyApiRequests": {"Max": DAILY_CALLS, "Remaining": left},
        "DataStorageMB": {"Max": 10_240, "Remaining": 9_871},
    }))
    .into_response()
}
