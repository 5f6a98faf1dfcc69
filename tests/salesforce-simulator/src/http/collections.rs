//! Collection deletes.

use super::{Call, Meddling, Shared};
use crate::access::{AllOrNone, ItemResult, RestError};
use crate::id::Id;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// The most ids one call may name.
const MAX_IDS: usize = 200;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct DeleteRequest {
    #[serde(default)]
    ids: String,
    #[serde(default, rename = "allOrNone")]
    all_or_none: String,
}

pub(crate) async fn delete(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    meddling: Option<Extension<Meddling>>,
    request: Result<Query<DeleteRequest>, QueryRejection>,
) -> Response {
    let Query(request) = request.unwrap_or_default();
    let ids: Vec<String> = request.ids.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
    let kind = match well_formed(&ids) {
        Ok(kind) => kind,
        Err(error) => return error.into_response(),
    };
    let all_or_none = if request.all_or_none == "true" { AllOrNone::Yes } else { AllOrNone::No };
    let Extension(meddling) = meddling.unwrap_or_default();
    let locked = |place: usize| meddling == Meddling::RowLocked && place.is_multiple_of(2);
    let mut org = shared.meddled(meddling);
    let results = match kind {
        Kind::Sessions => org.delete_sessions(&ids, all_or_none, &call.caller, locked),
        Kind::Addresses => org.delete_login_ips(&ids, all_or_none, &call.caller, locked),
    };
    axum::Json(results.iter().map(item).collect::<Vec<Json>>()).into_response()
}

/// What one call deletes: where one of the types is an object of Setup there can be no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sessions,
    Addresses,
}

fn well_formed(ids: &[String]) -> Result<Kind, RestError> {
    if ids.is_empty() {
        return Err(RestError::new(400, "REQUIRED_FIELD_MISSING", "The ids parameter is required"));
    }
    if ids.len() > MAX_IDS {
        return Err(RestError::new(
            400,
            "EXCEEDED_ID_LIMIT",
            "record limit reached. cannot submit more than 200 records into this call",
        ));
    }
    let all_are = |prefix: &str| ids.iter().all(|id| Id::parse(id).is_none_or(|id| id.starts_with(prefix)));
    match (all_are("0Ak"), all_are("710")) {
        (true, _) => Ok(Kind::Sessions),
        (false, true) => Ok(Kind::Addresses),
        (false, false) => {
            let text = "either AuthSession or LoginIp records can be deleted here, not both, and no others";
            Err(RestError::new(400, "INVALID_ID_FIELD", text))
        }
    }
}

/// A failed item does not name its id.
fn item((id, result): &ItemResult) -> Json {
    match result {
        Ok(()) => json!({"id": id, "success": true, "errors": []}),
        Err(failure) => {
            let error = json!({"statusCode": failure.code(), "message": failure.message(), "fields": []});
            json!({"success": false, "errors": [error]})
        }
    }
}
