//! What goes wrong on the way to Salesforce and back.

use std::sync::Arc;

use jiff::Timestamp;
use salesforce_simulator::Effect;
use serde_json::json;
use session_warden::clock::SystemClock;
use session_warden::observation::UserId;
use session_warden::salesforce::{
    Frozen, Role, Salesforce, SalesforceError, TokenHashKey, Whose, http_client,
};

use crate::support::{connection, order, refusal, scanner, small};

#[tokio::test]
async fn what_passes_is_asked_again_and_what_does_not_is_told() {
    let simulator = small().await;
    let client = scanner(&simulator);
    let html = || Effect::Html(503, "<html>Down for maintenance</html>".to_owned());
    for effect in
        [html(), Effect::Close, refusal(400, "UNABLE_TO_LOCK_ROW"), refusal(500, "UNKNOWN_EXCEPTION")]
    {
        order(&simulator, "GET", "/query", 2, effect);
        assert!(client.active_user_count().await.is_ok());
    }
    order(&simulator, "POST", "/services/oauth2/token", 1, html());
    assert!(scanner(&simulator).org_id().await.is_ok());

    order(&simulator, "GET", "/query", 4, html());
    let error = client.active_user_count().await.unwrap_err();
    assert!(matches!(error, SalesforceError::UnexpectedAnswer { status: 503, .. }) && error.retryable());
    let before = client.usage().calls;
    order(&simulator, "GET", "/query", 1, refusal(403, "REQUEST_LIMIT_EXCEEDED"));
    let error = client.active_user_count().await.unwrap_err();
    assert!(matches!(error, SalesforceError::RequestLimit { .. }) && error.retryable());
    assert_eq!(client.usage().calls, before + 1);
}

/// Answers one connection with `answer` after reading some of its request.
fn serve_once(answer: Vec<u8>) -> (String, std::thread::JoinHandle<()>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut some = [0; 8_192];
        let _ = std::io::Read::read(&mut stream, &mut some);
        // The client may hang up before the end of an answer that is too long.
        let _ = std::io::Write::write_all(&mut stream, &answer);
    });
    (url, server)
}

async fn refused_by(url: &str) -> SalesforceError {
    let document = json!({ "org_alias": "raw", "login_url": url,
        "scanner": { "client_id": "3MVG9", "client_secret": "VERY-SECRET" } });
    let connection = connection(&document);
    let client =
        Salesforce::new(&connection, Role::Scanner, http_client().unwrap(), Arc::new(SystemClock)).unwrap();
    let error = client.org_id().await.unwrap_err();
    assert!(!error.to_string().contains("VERY-SECRET") && !format!("{client:?}").contains("VERY-SECRET"));
    error
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let elsewhere = trap.local_addr().unwrap();
    let answer = format!("HTTP/1.1 307 Moved\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\n\r\n");
    let (url, server) = serve_once(answer.into_bytes());
    let error = refused_by(&url).await;
    tokio::task::spawn_blocking(|| server.join()).await.unwrap().unwrap();
    assert!(matches!(error, SalesforceError::UnexpectedAnswer { status: 307, .. }), "{error}");
    assert!(trap.accept().is_err());
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n".to_vec();
    answer.resize(70 << 20, b' ');
    let (url, server) = serve_once(answer);
    let error = refused_by(&url).await;
    tokio::task::spawn_blocking(|| server.join()).await.unwrap().unwrap();
    assert!(error.to_string().contains("64 MiB"), "{error}");
}

#[tokio::test]
async fn futures_and_streams_may_move_between_threads() {
    fn moves<T: Send>(_: T) {}
    let simulator = small().await;
    let client = scanner(&simulator);
    let (now, key, user) = (Timestamp::UNIX_EPOCH, TokenHashKey::new([1; 32]), UserId::new("005"));
    moves(client.logins(now, now));
    moves(client.sessions(Whose::User(&user)));
    moves(client.tokens(Whose::Everyone, &key));
    moves(client.delete_sessions(&[]));
    moves(client.set_frozen(&user, Frozen::Yes));
    moves(client.users(&[]));
}
