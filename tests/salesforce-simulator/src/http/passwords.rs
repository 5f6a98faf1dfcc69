//! A user's password: whether it expired, setting it, and resetting it.

use super::{Call, Meddling, Shared};
use crate::access::RestError;
use crate::switches::PasswordReset;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

type Place = Path<(String, String)>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NewPassword {
    new_password: String,
}

pub(crate) async fn state(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, user_id)): Place,
) -> Response {
    match shared.org().may_reset(&user_id, &call.caller) {
        Ok(_) => axum::Json(json!({"IsExpired": false})).into_response(),
        Err(error) => error.into_response(),
    }
}

pub(crate) async fn set(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    meddling: Option<Extension<Meddling>>,
    Path((_, user_id)): Place,
    body: Option<axum::Json<NewPassword>>,
) -> Response {
    let Some(axum::Json(wanted)) = body else {
        return RestError::new(400, "JSON_PARSER_ERROR", "NewPassword is expected").into_response();
    };
    let mut org = shared.meddled(meddling.unwrap_or_default().0);
    match org.change_password(&user_id, Some(wanted.new_password), &call.caller) {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.into_response(),
    }
}

pub(crate) async fn reset(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    meddling: Option<Extension<Meddling>>,
    Path((_, user_id)): Place,
) -> Response {
    let mut org = shared.meddled(meddling.unwrap_or_default().0);
    let told = org.switches.password_reset == PasswordReset::NewPassword;
    match org.change_password(&user_id, None, &call.caller) {
        Ok(password) if told => axum::Json(json!({"NewPassword": password})).into_response(),
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.into_response(),
    }
}
