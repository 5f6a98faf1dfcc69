//! Errors as Salesforce writes them: an object from the OAuth endpoints, an array from everything else.

use crate::access::{OauthError, RestError};
use crate::journal::Matched;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Left on an answer for the journal: whose request it was, and whether it led anywhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Note {
    pub(crate) caller: Option<String>,
    pub(crate) matched: Matched,
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let body = json!({"error": self.error, "error_description": self.description});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

impl IntoResponse for RestError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(json!([{"message": self.message, "errorCode": self.code}]))).into_response()
    }
}

/// An answer to a request that names nothing the simulator has.
pub(crate) fn unmatched(error: RestError) -> Response {
    let mut response = error.into_response();
    response.extensions_mut().insert(Note { caller: None, matched: Matched::No });
    response
}
