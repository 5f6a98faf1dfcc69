//! How a connected app proves itself: in the form, or by a Basic header.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Client {
    #[serde(default)]
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) client_secret: String,
}

impl Client {
    /// What the form says, or else the header.
    pub(crate) fn or_basic(self, headers: &HeaderMap) -> Self {
        if self.client_id.is_empty() { basic(headers).unwrap_or(self) } else { self }
    }
}

fn basic(headers: &HeaderMap) -> Option<Client> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (client_id, client_secret) = credentials.split_once(':')?;
    let (client_id, client_secret) = (client_id.to_owned(), client_secret.to_owned());
    scheme.eq_ignore_ascii_case("Basic").then_some(Client { client_id, client_secret })
}
