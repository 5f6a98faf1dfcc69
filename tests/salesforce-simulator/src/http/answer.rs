//! Errors as Salesforce writes them: an object from the OAuth endpoints, an array from everything else.

use crate::access::{OauthError, RestError};
use crate::journal::Matched;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Left on an answer for the journal: whose request it was, and whether it led anywhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Note {
    pub(crate) caller: Option<String>,
    pub(crate) matched: Matched,
    /// The errorCode of a refusal.
    pub(crate) code: Option<&'static str>,
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
        let body = json!([{"message": self.message, "errorCode": self.code}]);
        let mut response = (status, Json(body)).into_response();
        response.extensions_mut().insert(Note { caller: None, matched: self.matched, code: Some(self.code) });
        response
    }
}

/// The same answer, for human eyes; what is not JSON stays as it is.
pub(super) async fn prettied(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let plain = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let pretty = serde_json::from_slice::<serde_json::Value>(&plain).map(|value| format!("{value:#}"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, pretty.map_or(Body::from(plain), Body::from))
}
