//! Several readings in one call: queries and descriptions, one after the other. Other subrequests lead nowhere.

use super::answer::Note;
use super::gate::decoded;
use super::interference::meets;
use super::query::QueryRequest;
use super::{Call, Shared, describe, query};
use crate::access::RestError;
use crate::journal::Matched;
use crate::switches::Composite;
use axum::body::to_bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// The most subrequests in a call, and the most of them that may be queries.
const SUBREQUESTS: usize = 25;
const QUERIES: usize = 5;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    composite_request: Vec<Subrequest>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subrequest {
    method: String,
    url: String,
    reference_id: String,
}

/// Left on an answer for the journal: what the call asked for, which does not stand in its address.
#[derive(Clone, Debug)]
pub(super) struct Within(pub(super) String);

pub(crate) async fn composite(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    asked: Result<axum::Json<Asked>, JsonRejection>,
) -> Response {
    if shared.org().switches.composite == Composite::Absent {
        return RestError::not_found().into_response();
    }
    let Ok(axum::Json(asked)) = asked else {
        return RestError::new(400, "JSON_PARSER_ERROR", "The body is no composite request").into_response();
    };
    if let Err(error) = well_formed(&asked.composite_request) {
        return error.into_response();
    }
    let (mut answers, mut matched) = (Vec::new(), Matched::Yes);
    for subrequest in &asked.composite_request {
        let (answer, led) = answered(&shared, &call, subrequest).await;
        if led == Matched::No {
            matched = Matched::No;
        }
        answers.push(answer);
    }
    let urls: Vec<_> = asked.composite_request.iter().map(|sub| decoded(&sub.url)).collect();
    let mut response = axum::Json(json!({ "compositeResponse": answers })).into_response();
    response.extensions_mut().insert(Within(urls.join("; ")));
    if matched == Matched::No {
        response.extensions_mut().insert(Note { matched, ..Note::default() });
    }
    response
}

fn well_formed(subrequests: &[Subrequest]) -> Result<(), RestError> {
    let queries = subrequests.iter().filter(|sub| sub.url.contains("/query")).count();
    if subrequests.is_empty() || subrequests.len() > SUBREQUESTS || queries > QUERIES {
        let text = "Limit of 25 subrequests, or of 5 queries among them, exceeded";
        return Err(RestError::new(400, "PROCESSING_HALTED", text));
    }
    Ok(())
}

async fn answered(shared: &Shared, call: &Call, subrequest: &Subrequest) -> (Json, Matched) {
    let response = match meets(shared, call, &subrequest.method, &subrequest.url).await {
        Some(response) => response,
        None => routed(shared, call, subrequest).await,
    };
    let status = response.status().as_u16();
    let note = response.extensions().get::<Note>().cloned().unwrap_or_default();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
    let body: Json = serde_json::from_slice(&body).unwrap_or_default();
    let answer = json!({ "body": body, "httpHeaders": {}, "httpStatusCode": status,
        "referenceId": subrequest.reference_id });
    (answer, note.matched)
}

async fn routed(shared: &Shared, call: &Call, subrequest: &Subrequest) -> Response {
    let nowhere = || RestError::not_found().unmatched().into_response();
    let Ok(uri) = subrequest.url.parse::<Uri>() else { return nowhere() };
    let (shared, call) = (State(shared.clone()), Extension(call.clone()));
    let steps: Vec<_> = uri.path().split('/').skip(3).collect();
    match (subrequest.method.as_str(), &steps[..]) {
        ("GET", [_, "query"]) => {
            let asked = Query::<QueryRequest>::try_from_uri(&uri);
            query::query(shared, call, HeaderMap::new(), asked).await
        }
        ("GET", [version, "sobjects", object, "describe"]) => {
            describe::one(shared, call, Path(((*version).to_owned(), (*object).to_owned()))).await
        }
        _ => nowhere(),
    }
}
