//! Queries and their pages.

use super::columns::metadata;
use super::cursors::{Cursor, Shape};
use super::{Call, Shared};
use crate::access::RestError;
use crate::id::Id;
use crate::objects::{Object, View};
use crate::org::Org;
use crate::soql::{Answer, LoginTemplate, Sequence, Template, run};
use crate::switches::Pages;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value as Json;
use std::ops::Range;
use std::sync::Arc;

/// The most rows a page may have, and what it has unless asked otherwise.
pub(super) const MAX_BATCH: usize = 2_000;
/// The fewest rows that may be asked for.
const MIN_BATCH: usize = 200;
/// A login with every field takes about so many.
const ROW_BYTES: usize = 1_000;
/// OauthToken pages are smaller, whatever is asked.
const TOKEN_BATCH: usize = 500;
/// OauthToken results silently end here.
const TOKEN_ROWS: usize = 2_500;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct QueryRequest {
    #[serde(default)]
    pub(super) q: String,
    /// Asks for the columns instead of the rows.
    #[serde(default)]
    columns: bool,
}

pub(crate) async fn query(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    headers: HeaderMap,
    request: Result<Query<QueryRequest>, QueryRejection>,
) -> Response {
    let Query(request) = request.unwrap_or_default();
    if request.columns {
        let told = metadata(&request.q, &view(&shared.org(), &call));
        return told.map_or_else(IntoResponse::into_response, |body| axum::Json(body).into_response());
    }
    answer(shared, move |org| answered(org, &request.q, &call, batch(&headers))).await
}

pub(crate) async fn more(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, locator)): Path<(String, String)>,
) -> Response {
    let unknown = || RestError::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    answer(shared, move |org| page_at(org, &locator, &call).ok_or_else(unknown)).await
}

/// Finds a page while the org is locked, and writes it where that holds up nobody.
async fn answer(
    shared: Shared,
    find: impl FnOnce(&mut Org) -> Result<Page, RestError> + Send + 'static,
) -> Response {
    let latency = shared.org().page_latency;
    let work = move || {
        let found = find(&mut shared.org());
        found.map(Page::into_json)
    };
    let answer = tokio::task::spawn_blocking(work).await;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    match answer {
        Ok(Ok(body)) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Ok(Err(error)) => error.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// One page of an answer.
struct Page {
    total: usize,
    records: Records,
    next: Option<String>,
}

enum Records {
    /// Separated by commas.
    Written(Vec<u8>),
    Logins(Arc<LoginTemplate>, Sequence, Range<usize>),
}

impl Page {
    fn whole(total: usize, records: &[Json]) -> Self {
        let records: Vec<String> = records.iter().map(Json::to_string).collect();
        Self { total, records: Records::Written(records.join(",").into()), next: None }
    }

    fn into_json(self) -> Vec<u8> {
        let mut body = format!(r#"{{"totalSize":{},"done":{},"records":["#, self.total, self.next.is_none())
            .into_bytes();
        match self.records {
            Records::Written(records) => body.extend(records),
            Records::Logins(template, rows, positions) => {
                body.reserve(ROW_BYTES * positions.len());
                rows.each(positions, |row| {
                    between(&mut body);
                    row.login().into_iter().for_each(|login| template.write(login, &mut body));
                });
            }
        }
        body.push(b']');
        if let Some(next) = self.next {
            body.extend(format!(r#","nextRecordsUrl":"{next}""#).bytes());
        }
        body.push(b'}');
        body
    }
}

/// A comma after a record.
fn between(body: &mut Vec<u8>) {
    if body.last() == Some(&b'}') {
        body.push(b',');
    }
}

fn answered(org: &mut Org, text: &str, call: &Call, batch: usize) -> Result<Page, RestError> {
    let view = view(org, call);
    match run(text, &view)? {
        Answer::Count(count) => Ok(Page::whole(count, &[])),
        Answer::Groups(records) => Ok(Page::whole(records.len(), &records)),
        Answer::Rows { object, columns, mut rows } => {
            let batch = if object == Object::OauthToken { TOKEN_BATCH } else { batch };
            if object == Object::OauthToken {
                rows.truncate(TOKEN_ROWS);
            }
            let template = Template::new(object, &columns, &call.version);
            let alone = object == Object::LoginHistory && LoginTemplate::can_be(&template, &view);
            let shape = if alone {
                Shape::Logins(LoginTemplate::new(template).into())
            } else {
                Shape::Any(template.into())
            };
            let cursor = Cursor { owner: call.caller.user_id, object, shape, rows, batch };
            let (mut page, end) = page(org, &cursor, 0, call);
            if end < cursor.rows.len() {
                let id = org.cursors.keep(cursor);
                page.next = Some(next(call, id, end));
            }
            Ok(page)
        }
    }
}

fn page_at(org: &Org, locator: &str, call: &Call) -> Option<Page> {
    let (id, start) = locator.rsplit_once('-')?;
    let cursor = org.cursors.get(id).filter(|cursor| cursor.owner == call.caller.user_id)?;
    let start = start.parse().ok().filter(|start| *start < cursor.rows.len())?;
    let (mut page, end) = page(org, &cursor, start, call);
    if end < cursor.rows.len() {
        page.next = Some(next(call, Id::parse(id)?, end));
    }
    Some(page)
}

fn page(org: &Org, cursor: &Cursor, start: usize, call: &Call) -> (Page, usize) {
    let size = match org.switches.pages {
        Pages::AsAsked => cursor.batch,
        Pages::Smaller => smaller(start, cursor.batch),
    };
    let end = cursor.rows.len().min(start + size);
    let records = match &cursor.shape {
        Shape::Logins(template) => Records::Logins(Arc::clone(template), cursor.rows.clone(), start..end),
        Shape::Any(template) => {
            let view = view(org, call);
            let mut records = Vec::new();
            for row in cursor.rows.rows(start..end) {
                between(&mut records);
                template.write(&row, &view, &mut records);
            }
            Records::Written(records)
        }
    };
    (Page { total: cursor.rows.len(), records, next: None }, end)
}

/// Fewer rows than asked for, and not the same number twice.
pub(super) fn smaller(start: usize, most: usize) -> usize {
    1 + (start * 7 + 61) % most.div_ceil(2)
}

fn next(call: &Call, id: Id, end: usize) -> String {
    format!("/services/data/v{}/query/{id}-{end}", call.version)
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
