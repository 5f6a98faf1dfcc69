//! What every request passes: ordered faults, the API version, the access token, and the journal.

use super::answer::{Note, unmatched};
use super::{Call, Shared};
use crate::access::RestError;
use crate::faults::Effect;
use crate::journal::{Matched, Request as Entry};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use std::io;
use std::time::Duration;

/// Versions below this are retired.
const OLDEST_VERSION: u32 = 31;
/// The newest version there is.
const NEWEST_VERSION: u32 = 68;
/// The org's daily allocation of REST calls.
pub(crate) const DAILY_CALLS: u64 = 100_000;

pub(crate) async fn gate(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let mut entry = Entry {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: decoded(request.uri().query().unwrap_or_default()),
        caller: None,
        status: 0,
        matched: Matched::Yes,
    };
    let response = answered(&shared, request, next, &mut entry).await;
    shared.org().journal.requests.push(entry);
    response
}

async fn answered(shared: &Shared, request: Request, next: Next, entry: &mut Entry) -> Response {
    let wanted = format!("{}?{}", decoded(&entry.path), entry.query);
    let effect = shared.org().faults.take(&entry.method, &wanted);
    match effect {
        Some(Effect::Close) => return broken(),
        Some(Effect::CloseAfter) => {
            handled(shared, request, next, entry).await;
            entry.status = 0;
            return broken();
        }
        Some(Effect::Json(status, body)) => return faulty(entry, status, axum::Json(body)),
        Some(Effect::Html(status, body)) => return faulty(entry, status, Html(body)),
        Some(Effect::Delay(milliseconds)) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
        None => {}
    }
    handled(shared, request, next, entry).await
}

async fn handled(shared: &Shared, mut request: Request, next: Next, entry: &mut Entry) -> Response {
    let limited = rest_version(&entry.path).is_some();
    let mut response = match admitted(shared, &mut request, entry) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    if let Some(note) = response.extensions().get::<Note>() {
        entry.matched = note.matched;
        entry.caller = note.caller.clone().or(entry.caller.take());
    }
    entry.status = response.status().as_u16();
    if limited {
        let used = shared.org().journal.api_calls;
        if let Ok(value) = HeaderValue::from_str(&format!("api-usage={used}/{DAILY_CALLS}")) {
            response.headers_mut().insert("Sforce-Limit-Info", value);
        }
    }
    response
}

/// REST resources need a version that is served and a live session; everything else is open.
fn admitted(shared: &Shared, request: &mut Request, entry: &mut Entry) -> Result<(), RestError> {
    let Some(version) = rest_version(&entry.path) else { return Ok(()) };
    let major =
        version.strip_prefix('v').and_then(|v| v.strip_suffix(".0")).and_then(|v| v.parse::<u32>().ok());
    match major {
        None => {
            entry.matched = Matched::No;
            return Err(RestError::not_found());
        }
        Some(major) if major > NEWEST_VERSION => return Err(RestError::not_found()),
        Some(major) if major < OLDEST_VERSION => {
            return Err(RestError::new(
                410,
                "UNSUPPORTED_API_VERSION",
                "The requested API version is retired",
            ));
        }
        Some(_) => {}
    }
    let mut org = shared.org();
    org.journal.api_calls += 1;
    let token = bearer(request).ok_or_else(RestError::invalid_session)?;
    let caller = org.authorize(token).ok_or_else(RestError::invalid_session)?;
    entry.caller = Some(caller.username.clone());
    if !caller.may(crate::permission::Permission::ApiEnabled) {
        return Err(RestError::new(403, "API_CURRENTLY_DISABLED", "API is currently disabled for this user"));
    }
    let version = version.trim_start_matches('v').into();
    request.extensions_mut().insert(Call { caller, version });
    Ok(())
}

fn rest_version(path: &str) -> Option<&str> {
    path.strip_prefix("/services/data/")?.split('/').next().filter(|version| !version.is_empty())
}

pub(crate) fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("Bearer") || scheme.eq_ignore_ascii_case("OAuth")).then_some(token.trim())
}

fn faulty(entry: &mut Entry, status: u16, body: impl IntoResponse) -> Response {
    entry.status = status;
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body).into_response()
}

/// A body that fails before its first byte makes the server drop the connection.
fn broken() -> Response {
    let failing = futures::stream::once(async { Err::<Vec<u8>, _>(io::Error::other("an ordered fault")) });
    let mut response = Response::new(Body::from_stream(failing));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("2"));
    response
}

pub(crate) async fn nowhere() -> Response {
    unmatched(RestError::not_found())
}

pub(crate) async fn wrong_method() -> Response {
    unmatched(RestError::new(405, "METHOD_NOT_ALLOWED", "HTTP method not allowed. Allowed are GET"))
}

/// Percent-decoded, and `+` as the space it stands for; what does not decode stays as it came.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let as_is = bytes[at];
        let code = text.get(at + 1..at + 3).filter(|_| as_is == b'%');
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        at += if byte.is_some() { 3 } else { 1 };
        plain.push(byte.unwrap_or(if as_is == b'+' { b' ' } else { as_is }));
    }
    String::from_utf8_lossy(&plain).into_owned()
}
