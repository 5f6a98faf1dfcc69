//! The one call of S3 that is made, without its SDK: that would be a fifth of a function, most of it tables for checksums
//! that nobody asks for.

use std::error::Error;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::ATTEMPTS;
use crate::clock::{Clock, SystemClock};
use crate::tls::TrustError;

/// Before the second attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(100);

type Problem = Box<dyn Error + Send + Sync>;

/// A bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    http: reqwest::Client,
    configuration: SdkConfig,
    url: String,
}

/// What came of putting an object that must not be there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// It is there now.
    Done,
    /// One of that name was there before, and still is.
    ThereAlready,
}

impl Bucket {
    /// The bucket of a name.
    pub(crate) fn new(configuration: &SdkConfig, name: &str) -> Result<Self, TrustError> {
        let url = url(configuration, name);
        Ok(Self { http: super::http::client()?, configuration: configuration.clone(), url })
    }

    /// Puts a JSON document where none of that name is. Its checksum goes with it, without which a bucket with Object Lock
    /// takes nothing.
    ///
    /// # Errors
    /// What S3 said last.
    pub(crate) async fn put_object(&self, key: &str, body: &[u8]) -> Result<Put, String> {
        let mut pause = PAUSE;
        for _ in 1..ATTEMPTS {
            match self.attempt(key, body).await {
                Err(Failed { passes: true, .. }) => tokio::time::sleep(pause).await,
                outcome => return outcome.map_err(|failed| failed.reason),
            }
            pause *= 2;
        }
        self.attempt(key, body).await.map_err(|failed| failed.reason)
    }

    async fn attempt(&self, key: &str, body: &[u8]) -> Result<Put, Failed> {
        let request = self.request(key, body).await.map_err(|error| Failed::for_good(error.to_string()))?;
        let request = request.try_into().map_err(Failed::on_the_way)?;
        let response = self.http.execute(request).await.map_err(Failed::on_the_way)?;
        let status = response.status();
        if status.is_success() {
            return Ok(Put::Done);
        }
        let said = response.text().await.map_err(Failed::on_the_way)?;
        match status.as_u16() {
            412 => Ok(Put::ThereAlready),
            number => Err(Failed {
                reason: refusal(number, &said),
                passes: status.is_server_error() || matches!(number, 409 | 429),
            }),
        }
    }

    async fn request(&self, key: &str, body: &[u8]) -> Result<Request<Vec<u8>>, Problem> {
        let provider = self.configuration.credentials_provider().ok_or("there are no AWS credentials")?;
        let credentials = provider.provide_credentials().await?;
        let region = self.configuration.region().ok_or("no AWS region is set")?;
        let request = Request::put(format!("{}/{key}", self.url))
            .header("content-type", "application/json")
            .header("if-none-match", "*")
            .header("x-amz-checksum-sha256", STANDARD.encode(Sha256::digest(body)))
            .body(body.to_owned())?;
        signed(request, region.as_ref(), credentials, SystemClock.now())
    }
}

/// Why an attempt failed, and whether another may not.
struct Failed {
    reason: String,
    passes: bool,
}

impl Failed {
    fn for_good(reason: String) -> Self {
        Self { reason, passes: false }
    }

    fn on_the_way(error: reqwest::Error) -> Self {
        let passes = !error.is_builder();
        Self { reason: super::reason(None, None, &error.without_url()), passes }
    }
}

/// Where the bucket is. Source: S3 User Guide, "Virtual hosting of buckets", and "Dual-stack endpoints". An endpoint of one's own has
/// no name for each bucket.
fn url(configuration: &SdkConfig, bucket: &str) -> String {
    if let Some(endpoint) = configuration.endpoint_url() {
        return format!("{}/{bucket}", endpoint.trim_end_matches('/'));
    }
    let fips = if configuration.use_fips() == Some(true) { "-fips" } else { "" };
    let stack = if configuration.use_dual_stack() == Some(true) { ".dualstack" } else { "" };
    let region = configuration.region().map(AsRef::as_ref).unwrap_or_default();
    format!("https://{bucket}.s3{fips}{stack}.{region}.amazonaws.com")
}

/// Signed as S3 asks for it: its path is encoded once and taken as it is, and the body's hash is a header.
fn signed(
    mut request: Request<Vec<u8>>,
    region: &str,
    credentials: Credentials,
    at: Timestamp,
) -> Result<Request<Vec<u8>>, Problem> {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let identity = credentials.into();
    let scope = SigningParams::builder().identity(&identity).region(region).name("s3");
    let parameters = scope.time(at.try_into()?).settings(settings).build()?.into();
    let headers = request.headers().iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let (method, uri) = (request.method().as_str(), request.uri().to_string());
    let signable = SignableRequest::new(method, uri, headers, SignableBody::Bytes(request.body()))?;
    let (signature, _) = sign(signable, &parameters)?.into_parts();
    signature.apply_to_request_http1x(&mut request);
    Ok(request)
}

/// `<Code>` and `<Message>` of what S3 says, or the status where it says nothing.
fn refusal(status: u16, said: &str) -> String {
    let text = |name: &str| {
        let (_, rest) = said.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
    };
    match (text("Code"), text("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ => format!("status {status}"),
    }
}

#[cfg(test)]
mod tests {
    use aws_config::Region;
    use aws_types::sdk_config::{Builder, SharedCredentialsProvider};

    use super::*;

    fn credentials() -> Credentials {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        Credentials::new("AKIAIOSFODNN7EXAMPLE", secret, None, None, "test")
    }

    fn configured() -> Builder {
        SdkConfig::builder().region(Region::new("eu-central-1"))
    }

    /// Source: S3 API Reference, "Signature calculations for the Authorization header", the example "PUT Object".
    #[test]
    fn the_documented_example_has_the_documented_signature() {
        let request = Request::put("https://examplebucket.s3.amazonaws.com/test%24file.text")
            .header("date", "Fri, 24 May 2013 00:00:00 GMT")
            .header("x-amz-storage-class", "REDUCED_REDUNDANCY")
            .body(b"Welcome to Amazon S3.".to_vec())
            .unwrap();
        let at = "2013-05-24T00:00:00Z".parse().unwrap();
        let request = signed(request, "us-east-1", credentials(), at).unwrap();
        assert_eq!(
            request.headers()["authorization"],
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, \
             Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        );
    }

    #[test]
    fn a_bucket_has_a_host_of_its_own_but_at_an_endpoint_of_ones_own() {
        assert_eq!(url(&configured().build(), "heads"), "https://heads.s3.eu-central-1.amazonaws.com");
        let careful = configured().use_fips(true).use_dual_stack(true).build();
        assert_eq!(url(&careful, "heads"), "https://heads.s3-fips.dualstack.eu-central-1.amazonaws.com");
        let local = configured().endpoint_url("http://127.0.0.1:5000/").build();
        assert_eq!(url(&local, "heads"), "http://127.0.0.1:5000/heads");
    }

    /// What is answered, one after the other, and all that was sent.
    fn serve(answers: &'static [&'static str]) -> (Bucket, std::thread::JoinHandle<Vec<String>>) {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let configuration = configured()
            .endpoint_url(format!("http://{}", listener.local_addr().unwrap()))
            .credentials_provider(SharedCredentialsProvider::new(credentials()));
        let server = std::thread::spawn(move || {
            let answer = |answer: &&str| {
                let (mut stream, _) = listener.accept().unwrap();
                let (mut sent, mut length) = (vec![0; 8192], 0);
                while !sent[..length].ends_with(b"{}") {
                    length += stream.read(&mut sent[length..]).unwrap();
                }
                let head = "Connection: close\r\nContent-Length";
                let (status, body) = answer.split_once('|').unwrap();
                write!(stream, "HTTP/1.1 {status}\r\n{head}: {}\r\n\r\n{body}", body.len()).unwrap();
                String::from_utf8(sent[..length].to_vec()).unwrap()
            };
            answers.iter().map(answer).collect()
        });
        (Bucket::new(&configuration.build(), "heads").unwrap(), server)
    }

    #[tokio::test]
    async fn a_server_that_fails_is_asked_again_and_a_checksum_goes_along() {
        let (bucket, server) = serve(&["503 Slow Down|", "200 OK|"]);
        assert_eq!(bucket.put_object("heads/1.json", b"{}").await, Ok(Put::Done));
        let sent = server.join().unwrap();
        assert_eq!(sent.len(), 2);
        assert!(sent[1].starts_with("PUT /heads/heads/1.json HTTP/1.1\r\n"), "{}", sent[1]);
        // sha256 of `{}`, in base64.
        let checksum = "x-amz-checksum-sha256: RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=\r\n";
        assert!(sent[1].contains(checksum) && sent[1].contains("if-none-match: *\r\n"), "{}", sent[1]);
    }

    #[tokio::test]
    async fn what_is_there_stays_and_a_refusal_is_told_in_s3s_words() {
        let (bucket, server) = serve(&[
            "412 Precondition Failed|",
            "403 Forbidden|<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
        ]);
        assert_eq!(bucket.put_object("1", b"{}").await, Ok(Put::ThereAlready));
        assert_eq!(bucket.put_object("1", b"{}").await, Err("AccessDenied: no".to_owned()));
        assert_eq!(server.join().unwrap().len(), 2, "a refusal is not asked for again");
    }
}
