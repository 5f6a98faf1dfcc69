//! A way to AWS on which things go wrong.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

use crate::{LocalAws, Meter, calls};

const LARGEST: usize = 16 * 1024 * 1024;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing, so that what is planned after it meets a later request.
    Nothing,
    /// It is refused, because there were too many.
    Throttled,
    /// It is carried out, and the answer is lost on the way.
    AnswerLost,
    /// The service fails, and nothing is carried out.
    Down,
    /// It is never answered, and nothing is carried out.
    Stuck,
}

/// A proxy before AWS. Without faults it changes nothing.
#[derive(Debug, Clone)]
pub struct Faults {
    shared: Arc<Shared>,
    endpoint: String,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    client: reqwest::Client,
    planned: Mutex<VecDeque<(String, Fault)>>,
    lasting: Mutex<BTreeMap<String, Fault>>,
    seen: Mutex<Vec<String>>,
    refused: Mutex<Vec<String>>,
    meter: Mutex<Meter>,
}

impl Faults {
    /// Begins to listen. The client is only for the way to moto.
    pub async fn before(aws: &LocalAws, client: reqwest::Client) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            upstream: aws.endpoint().to_owned(),
            client,
            planned: Mutex::default(),
            lasting: Mutex::default(),
            seen: Mutex::default(),
            refused: Mutex::default(),
            meter: Mutex::default(),
        });
        let app = Router::new().fallback(pass).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { shared, endpoint }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Lets the next request for an operation (`DynamoDB_20120810.UpdateItem`, `PUT /bucket/key`, or a part of that) go wrong; several are
    /// taken in turn.
    pub fn plan(&self, operation: &str, fault: Fault) {
        lock(&self.shared.planned).push_back((operation.to_owned(), fault));
    }

    /// Lets all requests for an operation go wrong, until told otherwise of the same.
    pub fn always(&self, operation: &str, fault: Option<Fault>) {
        let mut lasting = lock(&self.shared.lasting);
        match fault {
            Some(fault) => lasting.insert(operation.to_owned(), fault),
            None => lasting.remove(operation),
        };
    }

    /// Waits until every planned fault has been met.
    pub async fn met(&self) {
        while self.left() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The planned faults that nothing has met.
    pub fn left(&self) -> usize {
        lock(&self.shared.planned).len()
    }

    /// What DynamoDB would charge for what was carried out since this was asked last.
    pub fn metered(&self) -> Meter {
        let mut meter = lock(&self.shared.meter);
        let metered = meter.clone();
        meter.begin();
        metered
    }

    /// The operations that were asked for, in order.
    pub fn seen(&self) -> Vec<String> {
        lock(&self.shared.seen).clone()
    }

    /// How many requests for an operation went wrong.
    pub fn refused(&self, operation: &str) -> usize {
        lock(&self.shared.refused).iter().filter(|refused| refused.contains(operation)).count()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn fault(&self, operation: &str) -> Option<Fault> {
        if let Some((_, fault)) = lock(&self.lasting).iter().find(|(of, _)| operation.contains(*of)) {
            return Some(*fault);
        }
        let mut planned = lock(&self.planned);
        let is_next = planned.front().is_some_and(|(of, _)| operation.contains(of));
        if is_next { planned.pop_front().map(|(_, fault)| fault) } else { None }
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let target = request.headers().get("x-amz-target").and_then(|name| name.to_str().ok());
    let operation =
        target.map_or_else(|| format!("{} {}", request.method(), request.uri().path()), str::to_owned);
    lock(&shared.seen).push(operation.clone());
    let fault = shared.fault(&operation);
    if fault.is_some_and(|fault| fault != Fault::Nothing) {
        lock(&shared.refused).push(operation.clone());
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable");
    };
    calls::note(&parts, &body);
    match fault {
        Some(Fault::Throttled) => refusal(StatusCode::BAD_REQUEST, "ProvisionedThroughputExceededException"),
        Some(Fault::Down) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        Some(Fault::AnswerLost) => {
            forward(&shared, &operation, parts, body).await;
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError")
        }
        Some(Fault::Stuck) => std::future::pending().await,
        Some(Fault::Nothing) | None => forward(&shared, &operation, parts, body).await,
    }
}

fn refusal(status: StatusCode, kind: &str) -> Response {
    let headers =
        [("x-amzn-errortype", kind.to_owned()), ("content-type", "application/x-amz-json-1.0".to_owned())];
    (status, headers, serde_json::json!({ "__type": kind, "message": "unavailable" }).to_string())
        .into_response()
}

async fn forward(shared: &Shared, operation: &str, parts: Parts, body: Bytes) -> Response {
    let url = format!("{}{}", shared.upstream, parts.uri);
    let mut headers: HeaderMap = parts.headers;
    headers.remove("host");
    let answer = shared.client.request(parts.method, url).headers(headers).body(body.clone()).send().await;
    // A connection that moto closes under load is to the SDK what an outage of AWS is.
    let Ok(answer) = answer else { return refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable") };
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove("transfer-encoding");
    headers.remove("connection");
    let Ok(answer) = answer.bytes().await else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable");
    };
    if operation.starts_with("DynamoDB") && status.is_success() {
        let read = |bytes| serde_json::from_slice(bytes).unwrap_or_default();
        lock(&shared.meter).note(operation, &read(&body), &read(&answer));
    }
    (status, headers, answer).into_response()
}
