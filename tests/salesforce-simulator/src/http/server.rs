//! A running server.

use super::Shared;
use super::router::router;
use crate::access::LOGIN_HOST;
use crate::access::identity::{Identity, PrivateKey};
use crate::journal::Unexpected;
use crate::org::Org;
use crate::recording;
use crate::switches::OwnAudience;
use axum::serve::ListenerExt;
use serde_json::{Value as Json, json};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running org; it stops when this is dropped, which panics if a secret of the org stood in a request's address and
/// the test neither [finished](Self::finish) nor [forgave](Org::forgive_exposed) it.
pub struct Simulator {
    shared: Shared,
    document: Json,
    secret_document: Json,
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
        recording::begin(&org, &document)?;
        let secret_document = with_secrets(&document, &org);
        let shared = Shared { org: Arc::new(Mutex::new(org)), url: url.into() };
        let app = router(shared.clone());
        let server = tokio::spawn(async move {
            // The listener's errors are retried inside; the future ends with the task.
            drop(axum::serve(listener.tap_io(at_once), app).await);
        });
        Ok(Self { shared, document, secret_document, server })
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

    /// The same, with each app's `client_secret` in place of its `private_key`.
    pub fn client_credentials_document(&self) -> Json {
        self.secret_document.clone()
    }

    /// Ends the simulation; an error lists the writes nobody took, the requests that led nowhere, and those with a
    /// secret of the org in their address.
    pub fn finish(self) -> Result<(), Unexpected> {
        let mut org = self.org();
        let left_over = org.journal.left_over();
        org.journal.forgive_exposed();
        drop(org);
        left_over.map_or(Ok(()), Err)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
        let exposed = self.org().journal.forgive_exposed();
        assert!(
            exposed == 0 || std::thread::panicking(),
            "{exposed} requests had a secret of the org in their address"
        );
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

fn with_secrets(document: &Json, org: &Org) -> Json {
    let mut document = document.clone();
    for (role, identity) in ["scanner", "revoker"].into_iter().zip(&org.identities) {
        if let Some(entry) = document[role].as_object_mut() {
            entry.remove("private_key");
            entry.insert("client_secret".to_owned(), identity.client_secret.clone().into());
        }
    }
    document
}

fn identity(org: &mut Org, app: &'static str, user: &str) -> io::Result<Json> {
    let username =
        org.users().iter().find(|one| one.username.starts_with(user)).map(|one| one.username.clone());
    let username = username.ok_or_else(|| io::Error::other("the org has no user for the connection"))?;
    let (identity, PrivateKey(key)) = Identity::create(app, &username, org.secrets.client_secret())?;
    let document = json!({"client_id": identity.client_id, "username": username, "private_key": key});
    org.identities.push(identity);
    Ok(document)
}
