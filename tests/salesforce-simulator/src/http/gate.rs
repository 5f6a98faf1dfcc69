//! What every request passes: its size, ordered faults, admission, and the journal.

use super::answer::Note;
use super::composite::Within;
use super::interference::{Broken, answered};
use super::{Shared, admission};
use crate::access::RestError;
use crate::faults::Effect;
use crate::journal::{Matched, Request as Entry, Secrecy};
use crate::org::Org;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::fmt::rfc2822::DateTimePrinter;

/// The most bytes Salesforce takes as the request's address and headers together.
const MAX_HEAD: usize = 16_384;

pub(crate) async fn gate(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let mut entry = Entry {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: decoded(request.uri().query().unwrap_or_default()),
        caller: None,
        status: 0,
        matched: Matched::Yes,
        fault: None,
        secrecy: Secrecy::Kept,
    };
    let mut response = match well_sized(&request) {
        Ok(()) => answered(&shared, request, next, &mut entry).await,
        Err(error) => error.into_response(),
    };
    let mut org = shared.org();
    settle(&mut response, &mut entry, &org);
    head(&mut response, &entry, &org);
    if org.secrets.stand_in(&format!("{}?{}", decoded(&entry.path), entry.query), org.id()) {
        entry.secrecy = Secrecy::Broken;
    }
    org.journal.requests.push(entry);
    org.play_intruders();
    response
}

fn well_sized(request: &Request) -> Result<(), RestError> {
    let address = request.uri().to_string().len();
    let lines = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    if address > MAX_HEAD {
        return Err(RestError::new(414, "URI_TOO_LONG", "The URI is longer than 16,384 bytes"));
    }
    if address + lines.sum::<usize>() > MAX_HEAD {
        let text = "The URI and the headers are together longer than 16,384 bytes";
        return Err(RestError::new(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", text));
    }
    Ok(())
}

/// What the answer says about itself goes into the journal; statuses that a switch decides are put right.
pub(super) fn settle(response: &mut Response, entry: &mut Entry, org: &Org) {
    if let Some(note) = response.extensions().get::<Note>().cloned() {
        entry.matched = note.matched;
        entry.caller = note.caller.or(entry.caller.take());
        let status = note.code.and_then(|code| org.switches.status_of(code));
        if let Some(status) = status.and_then(|status| StatusCode::from_u16(status).ok()) {
            *response.status_mut() = status;
        }
    }
    if let Some(Within(asked)) = response.extensions().get() {
        entry.query.clone_from(asked);
    }
    let broken = response.extensions().get::<Broken>().is_some();
    entry.status = if broken { 0 } else { response.status().as_u16() };
}

/// The org's own time, and the state of the daily allocation on every answer that is not the edge's.
fn head(response: &mut Response, entry: &Entry, org: &Org) {
    let headers = response.headers_mut();
    if let Ok(now) = DateTimePrinter::new().timestamp_to_rfc9110_string(&org.now()) {
        put(headers, header::DATE, &now);
    }
    if admission::rest_version(&entry.path).is_some() && !matches!(entry.fault, Some(Effect::Html(..))) {
        put(headers, HeaderName::from_static("sforce-limit-info"), &org.limit_info());
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

pub(crate) async fn nowhere() -> Response {
    RestError::not_found().unmatched().into_response()
}

pub(crate) async fn wrong_method() -> Response {
    RestError::new(405, "METHOD_NOT_ALLOWED", "HTTP method not allowed. Allowed are GET")
        .unmatched()
        .into_response()
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
