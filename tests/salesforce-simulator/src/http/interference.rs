//! Ordered faults: instead of the answer, before it, while a write is done, and after it.

use super::admission::{bearer, handled};
use super::gate::decoded;
use super::{Call, Meddling, Shared};
use crate::access::RestError;
use crate::faults::{Asked, Effect, Share};
use crate::journal::{Matched, Request as Entry, Secrecy};
use crate::org::Org;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use futures::StreamExt;
use futures::stream;
use serde_json::Value as Json;
use std::io;
use std::time::Duration;

/// Milliseconds in which the first half of an answer leaves.
const FLUSH: u64 = 20;

/// Milliseconds that an admitted request is in progress before it is handled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slow(u64);

impl Slow {
    pub(super) async fn pass(self) {
        pause(self.0).await;
    }
}

/// Left on an answer whose connection breaks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broken;

pub(super) async fn answered(shared: &Shared, request: Request, next: Next, entry: &mut Entry) -> Response {
    let caller = |org: &mut Org| bearer(&request).and_then(|token| org.holder_of(token));
    entry.fault = ordered(&mut shared.org(), caller, entry, Share::Whole);
    match entry.fault.clone() {
        None => handled(shared, request, next, entry).await,
        Some(effect) => match instead(&effect, entry) {
            Some(response) => response,
            None => around(effect, shared, request, next, entry).await,
        },
    }
}

/// What a part of a composite call is answered with by a fault ordered for it; `None` where it is handled.
pub(super) async fn meets(shared: &Shared, call: &Call, method: &str, url: &str) -> Option<Response> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let entry = Entry {
        method: method.to_owned(),
        path: path.to_owned(),
        query: decoded(query),
        caller: None,
        status: 0,
        matched: Matched::Yes,
        fault: None,
        secrecy: Secrecy::Kept,
    };
    let caller = |_: &mut Org| Some(call.caller.username.clone());
    let effect = ordered(&mut shared.org(), caller, &entry, Share::Part)?;
    if let Effect::Delay(milliseconds) | Effect::Withheld(milliseconds) = effect {
        pause(milliseconds).await;
    }
    instead(&effect, &entry)
}

fn ordered(
    org: &mut Org,
    caller: impl FnOnce(&mut Org) -> Option<String>,
    entry: &Entry,
    share: Share,
) -> Option<Effect> {
    if !org.faults.are_ordered() {
        return None;
    }
    let path = format!("{}?{}", decoded(&entry.path), entry.query);
    let object = object_of(org, entry).map(str::to_owned);
    let caller = caller(org);
    let asked = Asked {
        method: &entry.method,
        path: &path,
        object: object.as_deref(),
        caller: caller.as_deref(),
        share,
    };
    org.faults.take(&asked)
}

/// The object a request is for: named in its path or query, or that of the result it reads on.
fn object_of<'e>(org: &Org, entry: &'e Entry) -> Option<&'e str> {
    let mut steps = entry.path.split('/').skip(4);
    match (steps.next()?, steps.next().filter(|step| !step.is_empty())) {
        ("sobjects", Some(object)) => Some(object),
        ("composite", Some("sobjects")) => Some("AuthSession"),
        ("jobs", Some("query")) => {
            steps.next().and_then(|id| org.query_jobs.get(id)).map(|job| job.object.schema().name)
        }
        ("query", Some(locator)) => org.cursors.object_of(locator),
        ("query", None) => {
            let mut words = entry.query.split_whitespace();
            words.find(|word| word.eq_ignore_ascii_case("FROM"))?;
            words.next()
        }
        _ => None,
    }
}

/// The answer of a fault that keeps the request from being handled.
fn instead(effect: &Effect, entry: &Entry) -> Option<Response> {
    let collection = entry.path.contains("/composite/");
    match effect {
        Effect::Json(status, body) => Some((code(*status), axum::Json(body)).into_response()),
        Effect::Html(status, body) => Some((code(*status), Html(body.clone())).into_response()),
        Effect::QueryTimeout => {
            let text = "Your query request was running for too long.";
            Some(RestError::new(400, "QUERY_TIMEOUT", text).into_response())
        }
        Effect::LimitExceeded => {
            Some(RestError::limit_exceeded("TotalRequests Limit exceeded.").into_response())
        }
        Effect::RowLocked if !collection => Some(RestError::row_locked().into_response()),
        Effect::Close => Some(broken()),
        _ => None,
    }
}

async fn around(
    effect: Effect,
    shared: &Shared,
    mut request: Request,
    next: Next,
    entry: &mut Entry,
) -> Response {
    match effect {
        Effect::SessionExpired => {
            if let Some(token) = bearer(&request) {
                shared.org().end_session_of(token);
            }
        }
        Effect::LocatorExpired => shared.org().expire_cursors(),
        Effect::RowLocked => _ = request.extensions_mut().insert(Meddling::RowLocked),
        Effect::Lie => _ = request.extensions_mut().insert(Meddling::Lie),
        Effect::Delay(milliseconds) => _ = request.extensions_mut().insert(Slow(milliseconds)),
        _ => {}
    }
    let response = handled(shared, request, next, entry).await;
    match effect {
        Effect::CloseAfter => broken(),
        Effect::Withheld(milliseconds) => {
            pause(milliseconds).await;
            response
        }
        Effect::Trickle { .. } | Effect::CutShort | Effect::Clipped | Effect::RowsMissing => {
            spoiled(&effect, response).await
        }
        _ => response,
    }
}

async fn spoiled(effect: &Effect, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let body = match effect {
        Effect::Trickle { bytes, pause } => trickling(&whole, (*bytes).max(1), *pause),
        Effect::CutShort => {
            parts.extensions.insert(Broken);
            failing(half)
        }
        changed => {
            if *changed == Effect::RowsMissing && parts.headers.contains_key("sforce-locator") {
                parts.headers.insert("sforce-locator", HeaderValue::from_static("null"));
            }
            let changed = if *changed == Effect::Clipped { half } else { without_half(whole) };
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(changed.len()));
            Body::from(changed)
        }
    };
    Response::from_parts(parts, body)
}

/// A page that lost half of its records and says that it is the last; anything else stays as it is.
fn without_half(whole: Bytes) -> Bytes {
    if whole.starts_with(b"\"") {
        return half_the_lines(&whole);
    }
    let Ok(mut page) = serde_json::from_slice::<Json>(&whole) else { return whole };
    let Some(records) = page["records"].as_array_mut() else { return whole };
    records.truncate(records.len() / 2);
    page["done"] = Json::Bool(true);
    page.as_object_mut().map(|page| page.remove("nextRecordsUrl"));
    page.to_string().into()
}

/// Of CSV the first line and half of the others.
fn half_the_lines(whole: &Bytes) -> Bytes {
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    lines[..lines.len().div_ceil(2)].concat().into()
}

fn trickling(whole: &Bytes, bytes: usize, milliseconds: u64) -> Body {
    let pieces: Vec<Bytes> = whole.chunks(bytes).map(Bytes::copy_from_slice).collect();
    Body::from_stream(stream::iter(pieces).then(move |piece| async move {
        pause(milliseconds).await;
        Ok::<_, io::Error>(piece)
    }))
}

/// A body that fails after these bytes makes the server drop the connection; they need a moment to leave before.
fn failing(first: Bytes) -> Body {
    let wait = if first.is_empty() { 0 } else { FLUSH };
    let end = stream::once(async move {
        pause(wait).await;
        Err::<Bytes, _>(io::Error::other("an ordered fault"))
    });
    let first = Some(first).filter(|first| !first.is_empty()).map(Ok);
    Body::from_stream(stream::iter(first).chain(end))
}

fn broken() -> Response {
    let mut response = Response::new(failing(Bytes::new()));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("2"));
    response.extensions_mut().insert(Broken);
    response
}

async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
