//! The two connected apps of the org under test, with a key pair each.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io;

/// A connected app that one user may enter with a signed assertion.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) client_id: String,
    pub(crate) app: &'static str,
    pub(crate) username: String,
    /// PKCS#1, DER.
    pub(crate) public_key: Vec<u8>,
}

/// What the identity's owner keeps to himself.
#[derive(Clone)]
pub(crate) struct PrivateKey(pub(crate) String);

impl Identity {
    /// An identity with a fresh 2048-bit key.
    pub(crate) fn create(app: &'static str, username: &str) -> io::Result<(Self, PrivateKey)> {
        let pair =
            KeyPair::generate(KeySize::Rsa2048).map_err(|_| io::Error::other("no RSA key could be made"))?;
        let der: Pkcs8V1Der<'_> =
            pair.as_der().map_err(|_| io::Error::other("no RSA key could be written"))?;
        let client_id = format!("3MVG9simulated.{}", app.to_lowercase().replace(' ', "-"));
        let public_key = pair.public_key().as_ref().to_vec();
        let identity = Self { client_id, app, username: username.to_owned(), public_key };
        Ok((identity, PrivateKey(pem(der.as_ref()))))
    }
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}
