//! A running server.

use super::Shared;
use super::router::router;
use crate::access::LOGIN_HOST;
use crate::access::identity::{Identity, PrivateKey};
use crate::journal::Unexpected;
use crate::org::Org;
use crate::switches::OwnAudience;
use axum::serve::ListenerExt;
use serde_json::{Value as Json, json};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running org; it stops when this is dropped.
pub struct Simulator {
    shared: Shared,
    document: Json,
    server: JoinHandle<()>,
}

impl Simulator {
    /// Serves the org on 127.0.0.1, on a port that is free.
    pub async fn start(org: Org) -> io::Result<Self> {
        Self::start_on(org, 0).await
    }

    /// Serves the org on 127.0.0.1 and this port; 0 picks one that is free.
    pub async fn start_on(mut org: Org, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let document = connect(&mut org, &url)?;
        let shared = Shared { org: Arc::new(Mutex::new(org)), url: url.into() };
        let app = router(shared.clone());
        let server = tokio::spawn(async move {
            // The listener's errors are retried inside; the future ends with the task.
            drop(axum::serve(listener.tap_io(at_once), app).await);
        });
        Ok(Self { shared, document, server })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        self.shared.url.to_string()
    }

    /// The org's state; requests wait while the guard is held.
    pub fn org(&self) -> MutexGuard<'_, Org> {
        self.shared.org()
    }

    /// What a client needs to connect: `org_alias`, `login_url`, `audience`, `api_version`, and for `scanner` and
    /// `revoker` each `client_id`, `username` and `private_key` (PKCS#8 PEM, made at start).
    pub fn connection_document(&self) -> Json {
        self.document.clone()
    }

    /// Ends the simulation; an error lists the writes nobody took and the requests that led nowhere.
    pub fn finish(self) -> Result<(), Unexpected> {
        self.org().journal.left_over().map_or(Ok(()), Err)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Small answers leave without waiting for more.
fn at_once(stream: &mut TcpStream) {
    // A connection on which this fails is slower, not wrong.
    drop(stream.set_nodelay(true));
}

fn connect(org: &mut Org, url: &str) -> io::Result<Json> {
    let scanner = identity(org, "Session Warden Scanner", "session-warden-scanner@")?;
    let revoker = identity(org, "Session Warden Revoker", "session-warden-revoker@")?;
    let audience = if org.switches.own_audience == OwnAudience::Accepted { url } else { LOGIN_HOST };
    Ok(json!({
        "org_alias": "simulated",
        "login_url": url,
        "audience": audience,
        "api_version": "67.0",
        "scanner": scanner,
        "revoker": revoker,
    }))
}

fn identity(org: &mut Org, app: &'static str, user: &str) -> io::Result<Json> {
    let username =
        org.users().iter().find(|one| one.username.starts_with(user)).map(|one| one.username.clone());
    let username = username.ok_or_else(|| io::Error::other("the org has no user for the connection"))?;
    let (identity, PrivateKey(key)) = Identity::create(app, &username)?;
    let document = json!({"client_id": identity.client_id, "username": username, "private_key": key});
    org.identities.push(identity);
    Ok(document)
}
