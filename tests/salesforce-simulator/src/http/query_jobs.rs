//! Bulk API 2.0 query jobs: made, asked about, read part by part, aborted and deleted. Source: Bulk API 2.0 and Bulk API
//! Developer Guide, "Query Jobs".

use super::query::{MAX_BATCH, smaller, view};
use super::{Call, Shared};
use crate::access::RestError;
use crate::objects::{Object, View};
use crate::org::Org;
use crate::query_job::{JobState, Locators, QueryJob};
use crate::soql::{Answer, CsvTemplate, parse, run};
use crate::switches::{BulkAccess, BulkLogins, BulkResults, Pages};
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::io::Write as _;
use std::ops::Range;

/// A login with every field takes about so many.
const ROW_BYTES: usize = 400;
/// The records of one part where the request names no number.
const RECORDS: usize = 50_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    operation: String,
    query: String,
    column_delimiter: Option<String>,
    line_ending: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Part {
    max_records: Option<usize>,
    locator: Option<String>,
}

pub(crate) async fn create(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    body: Bytes,
) -> Response {
    let created = made(&mut shared.org(), &call, &body);
    answer(&shared, created.map(axum::Json)).await
}

pub(crate) async fn all(State(shared): State<Shared>, Extension(call): Extension<Call>) -> Response {
    let told: Vec<Json> = {
        let org = shared.org();
        let own = org.query_jobs.kept.iter().filter(|job| job.owner == call.caller.user_id);
        own.map(info).collect()
    };
    answer(&shared, Ok(axum::Json(json!({"done": true, "nextRecordsUrl": null, "records": told})))).await
}

pub(crate) async fn read(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let told = {
        let mut org = shared.org();
        let jobs = org.switches.bulk_jobs;
        let job = job(&mut org, &call, &id);
        job.map(|job| {
            job.state = job.state.moved_on(jobs);
            axum::Json(info(job))
        })
    };
    answer(&shared, told).await
}

pub(crate) async fn change(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let asked: Json = serde_json::from_slice(&body).unwrap_or_default();
    let told = match (job(&mut shared.org(), &call, &id), asked["state"].as_str()) {
        (Ok(job), Some("Aborted")) if !job.state.is_over() => {
            job.state = JobState::Aborted;
            Ok(axum::Json(info(job)))
        }
        (Ok(job), Some("Aborted")) => Err(not_in_state(job)),
        (Ok(_), _) => Err(RestError::new(400, "INVALIDJOB", "state can only be changed to Aborted")),
        (Err(error), _) => Err(error),
    };
    answer(&shared, told).await
}

pub(crate) async fn delete(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let done = {
        let mut org = shared.org();
        let found = job(&mut org, &call, &id);
        let over =
            found.and_then(|job| if job.state.is_over() { Ok(job.id) } else { Err(not_in_state(job)) });
        over.map(|id| org.query_jobs.kept.retain(|job| job.id != id))
    };
    answer(&shared, done.map(|()| StatusCode::NO_CONTENT)).await
}

pub(crate) async fn results(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    Path((_, id)): Path<(String, String)>,
    part: Result<Query<Part>, QueryRejection>,
) -> Response {
    let Query(part) = part.unwrap_or_default();
    let found = found(&mut shared.org(), &call, &id, &part);
    let written = match found {
        Ok((job, records)) => {
            let shared = shared.clone();
            let write = move || csv(&shared, &call, &job, records);
            tokio::task::spawn_blocking(write).await.map_err(|_| unwritten())
        }
        Err(error) => Err(error),
    };
    answer(&shared, written).await
}

async fn answer(shared: &Shared, answer: Result<impl IntoResponse, RestError>) -> Response {
    let latency = shared.org().page_latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    answer.map_or_else(IntoResponse::into_response, IntoResponse::into_response)
}

fn made(org: &mut Org, call: &Call, body: &[u8]) -> Result<Json, RestError> {
    let order: Order = serde_json::from_slice(body)
        .map_err(|_| RestError::new(400, "JSON_PARSER_ERROR", "operation and query are required"))?;
    let operation = match order.operation.as_str() {
        "query" => "query",
        "queryAll" => "queryAll",
        _ => return Err(RestError::new(400, "INVALIDJOB", "the operation is not one of query jobs")),
    };
    let line_ending = match order.line_ending.as_deref() {
        None | Some("LF") => "LF",
        Some("CRLF") => "CRLF",
        Some(_) => return Err(RestError::new(400, "INVALIDJOB", "lineEnding is LF or CRLF")),
    };
    if !matches!(order.column_delimiter.as_deref(), None | Some("COMMA")) {
        return Err(RestError::new(400, "INVALIDJOB", "this org writes no delimiter but COMMA"));
    }
    if org.switches.bulk_access == BulkAccess::Refused {
        return Err(RestError::new(403, "FEATURENOTENABLED", "Bulk API is not enabled for this user"));
    }
    if org.query_jobs.made >= org.daily_query_jobs() {
        let text = "Max number of query jobs in a rolling 24 hour window exceeded";
        return Err(RestError::new(400, "LIMIT_EXCEEDED", text));
    }
    let id = org.query_jobs.next_id();
    let view = view(org, call);
    let (object, template, rows) = ran(&order.query, &view)?;
    let (owner, version, created) = (call.caller.user_id, call.version.clone(), view.now);
    let (state, locators) = (JobState::Taken, Locators::Good);
    let job = QueryJob {
        id,
        owner,
        object,
        operation,
        line_ending,
        version,
        created,
        state,
        template,
        rows,
        locators,
    };
    let told = info(&job);
    org.query_jobs.kept.push(job);
    Ok(told)
}

type Ran = (Object, std::sync::Arc<CsvTemplate>, crate::soql::Sequence);

fn ran(query: &str, view: &View<'_>) -> Result<Ran, RestError> {
    let refused =
        |what: &str| RestError::new(400, "API_ERROR", &format!("{what} not supported in Bulk Query"));
    if parse(query)?.offset > 0 {
        return Err(refused("OFFSET"));
    }
    let Answer::Rows { object, columns, rows } = run(query, view)? else {
        return Err(refused("Aggregate Relationships"));
    };
    let is_logins = object == Object::LoginHistory;
    if is_logins && view.org.switches.bulk_logins == BulkLogins::Unsupported {
        let text = "LoginHistory is not supported by the Bulk API";
        return Err(RestError::new(400, "INVALIDENTITY", text));
    }
    Ok((object, CsvTemplate::new(columns, is_logins, view).into(), rows))
}

fn job<'o>(org: &'o mut Org, call: &Call, id: &str) -> Result<&'o mut QueryJob, RestError> {
    let own = org.query_jobs.get_mut(id).filter(|job| job.owner == call.caller.user_id);
    let job = own.ok_or_else(RestError::not_found)?;
    if job.version != call.version {
        let text = format!("the job was made with version {}", job.version);
        return Err(RestError::new(409, "API_VERSION_MISMATCH", &text));
    }
    Ok(job)
}

fn not_in_state(job: &QueryJob) -> RestError {
    RestError::new(400, "INVALIDJOBSTATE", &format!("the job is {}", job.state.name()))
}

fn unwritten() -> RestError {
    RestError::new(500, "UNKNOWN_EXCEPTION", "the results could not be written")
}

fn info(job: &QueryJob) -> Json {
    let mut told = json!({
        "id": job.id.as_str(),
        "operation": job.operation,
        "object": job.object.schema().name,
        "createdById": job.owner.as_str(),
        "createdDate": job.created.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string(),
        "state": job.state.name(),
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": job.version.parse::<f64>().unwrap_or_default(),
        "jobType": "V2Query",
        "lineEnding": job.line_ending,
        "columnDelimiter": "COMMA",
    });
    if job.state == JobState::Complete {
        told["numberRecordsProcessed"] = job.rows.len().into();
        told["retries"] = 0.into();
    }
    if job.state == JobState::Failed {
        told["errorMessage"] = "InternalServerError : an ordered failure".into();
    }
    told
}

/// The job, and which of its records a part holds.
fn found(org: &mut Org, call: &Call, id: &str, part: &Part) -> Result<(QueryJob, Range<usize>), RestError> {
    let job = job(org, call, id)?;
    if job.state != JobState::Complete {
        return Err(not_in_state(job));
    }
    let start = match &part.locator {
        None => 0,
        Some(locator) => {
            let known = position(locator).filter(|_| job.locators == Locators::Good);
            let unknown = || RestError::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
            known.filter(|start| *start < job.rows.len()).ok_or_else(unknown)?
        }
    };
    let (job, most) = (job.clone(), part.max_records.unwrap_or(RECORDS).max(1));
    let size = match org.switches.pages {
        Pages::AsAsked => most,
        Pages::Smaller => smaller(start, most.min(MAX_BATCH)),
    };
    let end = job.rows.len().min(start.saturating_add(size));
    Ok((job, start..end))
}

fn csv(shared: &Shared, call: &Call, job: &QueryJob, records: Range<usize>) -> Response {
    let mut body = job.template.header().to_vec();
    if job.template.stands_alone() {
        body.reserve(ROW_BYTES * records.len());
        job.rows.each(records.clone(), |row| {
            row.login().into_iter().for_each(|login| job.template.write_login(login, &mut body));
        });
    } else {
        let org = shared.org();
        let view = view(&org, call);
        job.rows.rows(records.clone()).for_each(|row| job.template.write(&row, &view, &mut body));
    }
    if job.line_ending == "CRLF" {
        body = String::from_utf8_lossy(&body).replace("\"\n", "\"\r\n").into_bytes();
    }
    let next = if records.end < job.rows.len() { locator(records.end) } else { "null".to_owned() };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=UTF-8"));
    headers.insert("Sforce-NumberOfRecords", HeaderValue::from(records.len()));
    headers.extend(
        HeaderValue::from_str(&next).map(|next| (header::HeaderName::from_static("sforce-locator"), next)),
    );
    if shared.org().switches.bulk_results == BulkResults::Compressed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        body = compressed(&body);
    }
    (headers, body).into_response()
}

fn compressed(body: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    // Writing to memory does not fail.
    gzip.write_all(body).and_then(|()| gzip.finish()).unwrap_or_default()
}

fn locator(start: usize) -> String {
    STANDARD_NO_PAD.encode(start.to_string())
}

fn position(locator: &str) -> Option<usize> {
    let bytes = STANDARD_NO_PAD.decode(locator.trim_end_matches('=')).ok()?;
    String::from_utf8(bytes).ok()?.parse().ok()
}
