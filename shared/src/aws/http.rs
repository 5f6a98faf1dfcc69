//! The AWS SDK over the HTTP client that also speaks to Salesforce: a second stack would be a third of a function.

use std::error::Error;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use reqwest::{Body, Client, Request, redirect};

use super::{ATTEMPT_TIMEOUT, CONNECT_TIMEOUT};
use crate::tls::{self, TrustError};

/// What the SDK sends its requests with.
pub(super) fn sdk_client() -> Result<SharedHttpClient, TrustError> {
    let connector = SharedHttpConnector::new(Connector(client()?));
    Ok(http_client_fn(move |_, _| connector.clone()))
}

/// Uses the proxy of the environment, as the SDK's own client does; follows no redirect and leaves retries to whoever asks.
#[expect(clippy::disallowed_methods, reason = "AWS is spoken to by another client than Salesforce")]
fn client() -> Result<Client, TrustError> {
    let client = Client::builder()
        .tls_backend_preconfigured(tls::configuration()?)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ATTEMPT_TIMEOUT);
    Ok(client.build()?)
}

#[derive(Debug)]
struct Connector(Client);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = outgoing(request).map_err(ConnectorError::user)?;
            let response = client.execute(request).await.map_err(failure)?;
            incoming(response).map_err(|error| ConnectorError::other(error, None))
        })
    }
}

fn outgoing(request: HttpRequest) -> Result<Request, Box<dyn Error + Send + Sync>> {
    Ok(request.try_into_http1x()?.map(Body::wrap).try_into()?)
}

fn incoming(response: reqwest::Response) -> Result<HttpResponse, Box<dyn Error + Send + Sync>> {
    let response: ::http::Response<Body> = response.into();
    Ok(response.map(SdkBody::from_body_1_x).try_into()?)
}

/// All but what the request itself is at fault for passes, and is tried again.
fn failure(error: reqwest::Error) -> ConnectorError {
    let kind = match &error {
        error if error.is_timeout() => ConnectorError::timeout,
        error if error.is_builder() => ConnectorError::user,
        _ => ConnectorError::io,
    };
    kind(error.without_url().into())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use aws_smithy_types::byte_stream::ByteStream;

    use super::*;

    /// What a server on this machine makes of a request, and what it was sent.
    fn serve(answer: &'static [u8]) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/bucket/a%2Fb", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut sent = vec![0; 4096];
            let mut length = 0;
            while !sent[..length].ends_with(b"body") {
                length += stream.read(&mut sent[length..]).unwrap();
            }
            stream.write_all(answer).unwrap();
            String::from_utf8(sent[..length].to_vec()).unwrap()
        });
        (url, server)
    }

    async fn put(url: &str) -> Result<HttpResponse, ConnectorError> {
        let mut request = HttpRequest::new(SdkBody::from("body"));
        request.set_method("PUT").unwrap();
        request.set_uri(url).unwrap();
        request.headers_mut().insert("x-amz-signed", "yes");
        Connector(client().unwrap()).call(request).await
    }

    #[tokio::test]
    async fn a_request_goes_out_as_it_was_signed_and_the_answer_comes_back_whole() {
        let (url, server) = serve(
            b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nx-amz-id: 7\r\nContent-Length: 2\r\n\r\nno",
        );
        let answer = put(&url).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers().get("x-amz-id")), (307, Some("7")));
        let body = ByteStream::new(answer.into_body()).collect().await.unwrap().into_bytes();
        assert_eq!(&body[..], b"no");
        let sent = server.join().unwrap();
        assert!(sent.starts_with("PUT /bucket/a%2Fb HTTP/1.1\r\n"), "{sent}");
        assert!(sent.contains("x-amz-signed: yes\r\n") && sent.contains("content-length: 4\r\n"), "{sent}");
    }

    #[tokio::test]
    async fn what_cannot_be_reached_may_be_tried_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let error = put(&url).await.unwrap_err();
        assert!(error.is_io(), "{error:?}");
    }

    #[tokio::test]
    async fn an_answer_that_never_comes_whole_may_be_asked_for_again() {
        let (url, server) = serve(b"HTTP/1.1 200 ");
        let error = put(&url).await.unwrap_err();
        server.join().unwrap();
        assert!(error.is_io(), "{error:?}");
    }
}
