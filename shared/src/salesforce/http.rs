//! The HTTP client, and one exchange with it.

use std::error::Error as _;
use std::io::Read as _;
use std::time::Duration;

use flate2::read::GzDecoder;
use jiff::Timestamp;
use reqwest::{RequestBuilder, Response, redirect};

use super::error::SalesforceError;
use crate::clock::Clock;
use crate::tls::{self, TrustError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From the first byte sent to the last received; a page of 2,000 rows takes a few seconds on a busy org.
const TOTAL_TIMEOUT: Duration = Duration::from_mins(1);
/// Between two pieces of an answer that has begun. Before it begins a query may think for longer.
const STALL: Duration = Duration::from_secs(20);
/// Below the idle time after which Salesforce's edge drops a connection without a word.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// The largest answer that is read, in bytes; 2,000 rows with every field at its longest stay below a tenth of it.
const LARGEST_BODY: usize = 64 << 20;

/// A complete answer.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) limit_info: Option<String>,
    /// When the server says it is, to the second.
    pub(super) date: Option<Timestamp>,
    /// `Sforce-NumberOfRecords`: how many records a part of a query job's results holds.
    pub(super) records: Option<u64>,
    /// `Sforce-Locator`: where the next part begins, the text `null` after the last.
    pub(super) locator: Option<String>,
    /// When its head came, by this machine's clock.
    pub(super) came: Timestamp,
    pub(super) body: Vec<u8>,
}

/// The HTTP client of this room: follows no redirect and uses no proxy, so that a credential never travels to a host
/// that was not named. Plain http is kept to the loopback by [`Origin`](super::Origin), from which every URL is built.
///
/// # Errors
/// When this machine's root certificates cannot be read.
#[expect(clippy::disallowed_methods, reason = "the one place that builds a client for Salesforce")]
pub fn http_client() -> Result<reqwest::Client, SalesforceError> {
    let object = "the HTTP client";
    let unreachable = |error: TrustError| SalesforceError::Unreachable {
        object: object.to_owned(),
        reason: error.to_string(),
    };
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls::configuration().map_err(unreachable)?)
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
        .map_err(|error| failure(object, error))
}

/// Sends a request and reads its answer, whatever its status.
pub(super) async fn exchange(
    request: RequestBuilder,
    object: &str,
    clock: &dyn Clock,
) -> Result<Answer, SalesforceError> {
    let response = request.send().await.map_err(|error| failure(object, error))?;
    let came = clock.now();
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let limit_info = header("Sforce-Limit-Info").map(str::to_owned);
    let date = header("Date").and_then(http_date);
    let records = header("Sforce-NumberOfRecords").and_then(|number| number.parse().ok());
    let locator = header("Sforce-Locator").map(str::to_owned);
    let is_compressed = header("Content-Encoding") == Some("gzip");
    let body = body(response, object, STALL).await?;
    let body = if is_compressed { unpacked(&body, object, status)? } else { body };
    Ok(Answer { status, limit_info, date, records, locator, came, body })
}

/// Undoes gzip, up to the largest answer that is read.
fn unpacked(body: &[u8], object: &str, status: u16) -> Result<Vec<u8>, SalesforceError> {
    let mut plain = Vec::new();
    let room = LARGEST_BODY as u64 + 1;
    GzDecoder::new(body).take(room).read_to_end(&mut plain).map_err(|_| cut_off(object))?;
    if plain.len() > LARGEST_BODY { Err(too_large(object, status)) } else { Ok(plain) }
}

/// What came is not all of an answer.
pub(super) fn cut_off(object: &str) -> SalesforceError {
    SalesforceError::Unreachable {
        object: object.to_owned(),
        reason: "the answer ends in the middle".to_owned(),
    }
}

fn too_large(object: &str, status: u16) -> SalesforceError {
    let reason = format!("it is larger than {} MiB", LARGEST_BODY >> 20);
    SalesforceError::UnexpectedAnswer { object: object.to_owned(), status, reason }
}

/// `Thu, 26 Nov 2026 00:37:54 GMT`: the form of RFC 9110 that servers send is one of RFC 2822.
fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp())
}

async fn body(mut response: Response, object: &str, stall: Duration) -> Result<Vec<u8>, SalesforceError> {
    let status = response.status().as_u16();
    let mut body = Vec::with_capacity(announced(&response));
    while let Some(chunk) = next_chunk(&mut response, object, stall).await? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(too_large(object, status));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn next_chunk(
    response: &mut Response,
    object: &str,
    stall: Duration,
) -> Result<Option<impl std::ops::Deref<Target = [u8]> + use<>>, SalesforceError> {
    match tokio::time::timeout(stall, response.chunk()).await {
        Ok(chunk) => chunk.map_err(|error| failure(object, error)),
        Err(_) => Err(SalesforceError::Stalled { object: object.to_owned(), seconds: stall.as_secs() }),
    }
}

/// The length the server announces, believed up to 4 MiB.
fn announced(response: &Response) -> usize {
    response.content_length().map_or(0, |length| length.min(4 << 20) as usize)
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    /// Answers one request with `answer` and keeps its connection open until the client hangs up.
    fn serve(answer: &'static [u8]) -> (String, std::thread::JoinHandle<()>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            stream.write_all(answer).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        });
        (url, server)
    }

    #[tokio::test]
    async fn an_answer_that_stops_in_the_middle_is_given_up() {
        let (url, server) = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
        let http = http_client().unwrap();
        let response = http.get(url).send().await.unwrap();
        let error = body(response, "LoginHistory", Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(error, SalesforceError::Stalled { object: "LoginHistory".to_owned(), seconds: 0 });
        drop(http);
        // The connection is closed by this runtime, which must not be blocked meanwhile.
        tokio::task::spawn_blocking(|| server.join()).await.unwrap().unwrap();
    }

    #[test]
    fn the_date_of_an_answer_is_read() {
        let date = http_date("Thu, 26 Nov 2026 00:37:54 GMT").unwrap();
        assert_eq!(date.to_string(), "2026-11-26T00:37:54Z");
        assert_eq!(http_date("yesterday"), None);
    }
}
