//! The HTTP client, and one exchange with it.

use std::error::Error as _;
use std::io::Write as _;
use std::time::Duration;

use flate2::write::MultiGzDecoder;
use jiff::Timestamp;
use reqwest::{RequestBuilder, Response, redirect};

use super::error::SalesforceError;
use crate::clock::Clock;
use crate::tls::{self, TrustError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From the first byte sent to the last received; a page of 2,000 rows takes a few seconds on a busy org.
pub(super) const TOTAL_TIMEOUT: Duration = Duration::from_mins(1);
/// Between two pieces of an answer that has begun. Before it begins a query may think for longer.
const STALL: Duration = Duration::from_secs(20);
/// Below the idle time after which Salesforce's edge drops a connection without a word.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// The largest answer that is read, in bytes; 2,000 rows with every field at its longest stay below a tenth of it.
const LARGEST_BODY: usize = 64 << 20;
/// Bytes of a packed answer that are unpacked before its size is looked at.
const PACKED_AT_ONCE: usize = 16 << 10;

/// An answer; its body is empty where that is read as it comes.
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

/// A body on its way.
pub(super) struct Body {
    response: Response,
    object: &'static str,
    stall: Duration,
    /// Undoes gzip as it comes.
    packed: Option<MultiGzDecoder<Vec<u8>>>,
}

/// Sends a request and reads the head of its answer, whatever its status.
pub(super) async fn begin(
    request: RequestBuilder,
    object: &'static str,
    clock: &dyn Clock,
) -> Result<(Answer, Body), SalesforceError> {
    let response = request.send().await.map_err(|error| failure(object, error))?;
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let answer = Answer {
        status: response.status().as_u16(),
        limit_info: header("Sforce-Limit-Info").map(str::to_owned),
        date: header("Date").and_then(http_date),
        records: header("Sforce-NumberOfRecords").and_then(|number| number.parse().ok()),
        locator: header("Sforce-Locator").map(str::to_owned),
        came: clock.now(),
        body: Vec::new(),
    };
    let is_packed = header("Content-Encoding") == Some("gzip");
    let packed = is_packed.then(|| MultiGzDecoder::new(Vec::new()));
    Ok((answer, Body { response, object, stall: STALL, packed }))
}

impl Body {
    /// All of it.
    pub(super) async fn whole(mut self) -> Result<Vec<u8>, SalesforceError> {
        let mut whole = Vec::with_capacity(announced(&self.response));
        while self.read_on(&mut whole).await? {}
        Ok(whole)
    }

    /// Adds the next piece to what has come and was not taken; false at the end.
    ///
    /// # Errors
    /// Also where more lies there than an answer may have.
    pub(super) async fn read_on(&mut self, into: &mut Vec<u8>) -> Result<bool, SalesforceError> {
        let Ok(piece) = tokio::time::timeout(self.stall, self.response.chunk()).await else {
            let (object, seconds) = (self.object.to_owned(), self.stall.as_secs());
            return Err(SalesforceError::Stalled { object, seconds });
        };
        let piece = piece.map_err(|error| failure(self.object, error))?;
        match &piece {
            Some(piece) => self.unpack(piece, into)?,
            None => self.end(into)?,
        }
        Ok(piece.is_some())
    }

    fn unpack(&mut self, piece: &[u8], into: &mut Vec<u8>) -> Result<(), SalesforceError> {
        let Some(packed) = &mut self.packed else {
            into.extend_from_slice(piece);
            return self.check(into);
        };
        // A few bytes may stand for many.
        for piece in piece.chunks(PACKED_AT_ONCE) {
            packed.write_all(piece).map_err(|_| cut_off(self.object))?;
            into.append(packed.get_mut());
            if into.len() > LARGEST_BODY {
                return self.check(into);
            }
        }
        Ok(())
    }

    fn end(&mut self, into: &mut Vec<u8>) -> Result<(), SalesforceError> {
        if let Some(packed) = &mut self.packed {
            packed.try_finish().map_err(|_| cut_off(self.object))?;
            into.append(packed.get_mut());
        }
        self.check(into)
    }

    fn check(&self, come: &[u8]) -> Result<(), SalesforceError> {
        if come.len() <= LARGEST_BODY {
            return Ok(());
        }
        let reason = format!("it is larger than {} MiB", LARGEST_BODY >> 20);
        let (object, status) = (self.object.to_owned(), self.response.status().as_u16());
        Err(SalesforceError::UnexpectedAnswer { object, status, reason })
    }
}

/// What came is not all of an answer.
pub(super) fn cut_off(object: &str) -> SalesforceError {
    SalesforceError::Unreachable {
        object: object.to_owned(),
        reason: "the answer ends in the middle".to_owned(),
    }
}

/// `Thu, 26 Nov 2026 00:37:54 GMT`: the form of RFC 9110 that servers send is one of RFC 2822.
fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp())
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
        let body = Body { response, object: "LoginHistory", stall: Duration::from_millis(50), packed: None };
        let error = body.whole().await.unwrap_err();
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
