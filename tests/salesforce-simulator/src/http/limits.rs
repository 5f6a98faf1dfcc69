//! The versions served, and how much of the daily allocation is left.

use super::admission::{NEWEST_VERSION, OLDEST_VERSION};
use super::{Call, Shared};
use crate::access::RestError;
use crate::permission::Permission;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

pub(crate) async fn versions() -> Response {
    let versions: Vec<Json> = (OLDEST_VERSION..=NEWEST_VERSION).map(version).collect();
    axum::Json(versions).into_response()
}

/// Three versions a year; Winter '26 is 65.0.
fn version(number: u32) -> Json {
    let since = i64::from(number) - 65;
    let season = ["Winter", "Spring", "Summer"][since.rem_euclid(3) as usize];
    json!({
        "label": format!("{season} '{}", 26 + since.div_euclid(3)),
        "url": format!("/services/data/v{number}.0"),
        "version": format!("{number}.0"),
    })
}

pub(crate) async fn limits(State(shared): State<Shared>, Extension(call): Extension<Call>) -> Response {
    if !call.caller.may(Permission::ViewSetup) {
        return RestError::new(403, "INSUFFICIENT_ACCESS", "insufficient access rights").into_response();
    }
    let org = shared.org();
    let most = org.daily_calls();
    let left = most.saturating_sub(org.api_calls());
    let jobs_left = org.daily_query_jobs().saturating_sub(org.query_jobs.made);
    axum::Json(json!({
        "DailyApiRequests": {"Max": most, "Remaining": left},
        "DailyBulkV2QueryJobs": {"Max": org.daily_query_jobs(), "Remaining": jobs_left},
        "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
        "DataStorageMB": {"Max": 10_240, "Remaining": 9_871},
    }))
    .into_response()
}
