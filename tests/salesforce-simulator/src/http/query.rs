//! Queries and their pages.

use super::answer::unmatched;
use super::cursors::Cursor;
use super::{Call, Shared};
use crate::access::RestError;
use crate::id::Id;
use crate::objects::{Object, View};
use crate::org::Org;
use crate::soql::{Answer, render, run};
use crate::switches::Pages;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// The most rows a page may have, and what it has unless asked otherwise.
const MAX_BATCH: usize = 2_000;
/// The fewest rows that may be asked for.
const MIN_BATCH: usize = 200;
/// OauthToken pages are smaller, whatever is asked.
const TOKEN_BATCH: usize = 500;
/// OauthToken results silently end here.
const TOKEN_ROWS: usize = 2_500;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct QueryRequest {
    #[serde(default)]
    q: String,
}

pub(crate) async fn query(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    headers: HeaderMap,
    request: Result<Query<QueryRequest>, QueryRejection>,
) -> Response {
    let Query(request) = request.unwrap_or_default();
    let mut org = shared.org();
    match answered(&mut org, &request.q, &call, batch(&headers)) {
        Ok(body) => axum::Json(body).into_response(),
        Err(error) if error.code == "INVALID_TYPE" => unmatched(error),
        Err(error) => error.into_response(),
    }
}

fn answered(org: &mut Org, text: &str, call: &Call, batch: usize) -> Result<Json, RestError> {
    let view = view(org, call);
    match run(text, &view)? {
        Answer::Count(count) => Ok(json!({"totalSize": count, "done": true, "records": []})),
        Answer::Groups(records) => Ok(json!({"totalSize": records.len(), "done": true, "records": records})),
        Answer::Rows { object, columns, mut rows } => {
            let batch = if object == Object::OauthToken { TOKEN_BATCH } else { batch };
            if object == Object::OauthToken {
                rows.truncate(TOKEN_ROWS);
            }
            let owner = call.caller.user_id;
            let cursor = Cursor { owner, object, columns: columns.into(), rows: rows.into(), batch };
            let (mut body, end) = page(org, &cursor, 0, call);
            if end < cursor.rows.len() {
                let id = org.cursors.keep(cursor);
                body["nextRecordsUrl"] = next(call, id, end);
            }
            Ok(body)
        }
    }
}

pub(crate) async fn more(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, locator)): Path<(String, String)>,
) -> Response {
    let org = shared.org();
    match page_at(&org, &locator, &call) {
        Some(body) => axum::Json(body).into_response(),
        None => RestError::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator").into_response(),
    }
}

fn page_at(org: &Org, locator: &str, call: &Call) -> Option<Json> {
    let (id, start) = locator.rsplit_once('-')?;
    let cursor = org.cursors.get(id).filter(|cursor| cursor.owner == call.caller.user_id)?;
    let start = start.parse().ok().filter(|start| *start < cursor.rows.len())?;
    let (mut body, end) = page(org, &cursor, start, call);
    if end < cursor.rows.len() {
        body["nextRecordsUrl"] = next(call, Id::parse(id)?, end);
    }
    Some(body)
}

fn page(org: &Org, cursor: &Cursor, start: usize, call: &Call) -> (Json, usize) {
    let size = match org.switches.pages {
        Pages::AsAsked => cursor.batch,
        Pages::Smaller => 1 + (start * 7 + 61) % cursor.batch.div_ceil(2),
    };
    let end = cursor.rows.len().min(start + size);
    let view = view(org, call);
    let records: Vec<Json> = cursor.rows[start..end]
        .iter()
        .map(|row| render(row, cursor.object, &cursor.columns, &view))
        .collect();
    let done = end == cursor.rows.len();
    (json!({"totalSize": cursor.rows.len(), "done": done, "records": records}), end)
}

fn next(call: &Call, id: Id, end: usize) -> Json {
    Json::from(format!("/services/data/v{}/query/{id}-{end}", call.version))
}

pub(crate) fn view<'o>(org: &'o Org, call: &'o Call) -> View<'o> {
    View { org, caller: &call.caller, now: org.now(), version: &call.version }
}

fn batch(headers: &HeaderMap) -> usize {
    let options =
        headers.get("Sforce-Query-Options").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let asked =
        options.split(',').find_map(|option| option.trim().strip_prefix("batchSize=")?.trim().parse().ok());
    asked.map_or(MAX_BATCH, |asked: usize| asked.clamp(MIN_BATCH, MAX_BATCH))
}
