//! The HTTP client, and one exchange with it.

use std::error::Error as _;
use std::time::Duration;

use reqwest::{RequestBuilder, Response, redirect};

use super::error::SalesforceError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From the first byte sent to the last received; a page of 2,000 rows takes a few seconds on a busy org.
const TOTAL_TIMEOUT: Duration = Duration::from_mins(1);
/// Below the idle time after which Salesforce's edge drops a connection without a word.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// The largest answer that is read, in bytes; 2,000 rows with every field at its longest stay below a tenth of it.
const LARGEST_BODY: usize = 64 << 20;

/// A complete answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) limit_info: Option<String>,
    pub(super) body: Vec<u8>,
}

/// The HTTP client of this room: follows no redirect and uses no proxy, so that a credential never travels to a host
/// that was not named. Plain http is kept to the loopback by [`Origin`](super::Origin), from which every URL is built.
///
/// # Errors
/// When this machine's root certificates cannot be read.
#[expect(clippy::disallowed_methods, reason = "the one place that builds a client")]
pub fn http_client() -> Result<reqwest::Client, SalesforceError> {
    reqwest::Client::builder()
        .user_agent(concat!("session-warden/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(4)
        .build()
        .map_err(|error| failure("the HTTP client", error))
}

/// Sends a request and reads its answer, whatever its status.
pub(super) async fn exchange(request: RequestBuilder, object: &str) -> Result<Answer, SalesforceError> {
    let response = request.send().await.map_err(|error| failure(object, error))?;
    let status = response.status().as_u16();
    let limit_info = response.headers().get("Sforce-Limit-Info");
    let limit_info = limit_info.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = body(response, object).await?;
    Ok(Answer { status, limit_info, body })
}

async fn body(mut response: Response, object: &str) -> Result<Vec<u8>, SalesforceError> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(object, error))? {
        if body.len() + chunk.len() > LARGEST_BODY {
            let reason = format!("it is larger than {} MiB", LARGEST_BODY >> 20);
            return Err(SalesforceError::UnexpectedAnswer { object: object.to_owned(), status, reason });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error of the network, in words and without the URL, whose query may hold what was asked for.
fn failure(object: &str, error: reqwest::Error) -> SalesforceError {
    let object = object.to_owned();
    if error.is_timeout() && !error.is_connect() {
        return SalesforceError::TimedOut { object, seconds: TOTAL_TIMEOUT.as_secs() };
    }
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        reason = format!("{reason}: {cause}");
        source = cause.source();
    }
    SalesforceError::Unreachable { object, reason: super::refusal::printable(&reason, 300) }
}
