//! The two connected apps of the org under test, with a key pair each.

use super::error::OauthError;
use crate::org::Org;
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
    pub(crate) client_secret: String,
    pub(crate) approval: Approval,
    /// Whom the app enters as when it comes with its secret.
    pub(crate) run_as: Option<String>,
}

/// Whether an app may be entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Approval {
    /// The user is pre-authorised for it.
    #[default]
    Given,
    /// `user hasn't approved this consumer`.
    Missing,
    /// Only users an administrator approved may, and this one is not: `invalid_app_access`.
    Administrators,
}

/// What the identity's owner keeps to himself.
#[derive(Clone)]
pub(crate) struct PrivateKey(pub(crate) String);

impl Identity {
    /// An identity with a fresh 2048-bit key.
    pub(crate) fn create(
        app: &'static str,
        username: &str,
        client_secret: String,
    ) -> io::Result<(Self, PrivateKey)> {
        let pair =
            KeyPair::generate(KeySize::Rsa2048).map_err(|_| io::Error::other("no RSA key could be made"))?;
        let der: Pkcs8V1Der<'_> =
            pair.as_der().map_err(|_| io::Error::other("no RSA key could be written"))?;
        let client_id = format!("3MVG9simulated.{}", app.to_lowercase().replace(' ', "-"));
        let public_key = pair.public_key().as_ref().to_vec();
        let identity = Self {
            client_id,
            app,
            username: username.to_owned(),
            public_key,
            client_secret,
            approval: Approval::Given,
            run_as: Some(username.to_owned()),
        };
        Ok((identity, PrivateKey(pem(der.as_ref()))))
    }

    pub(crate) fn approved(&self) -> Result<(), OauthError> {
        match self.approval {
            Approval::Given => Ok(()),
            Approval::Missing => Err(OauthError::grant("user hasn't approved this consumer")),
            Approval::Administrators => {
                Err(OauthError::new("invalid_app_access", "user is not admin approved to access this app"))
            }
        }
    }
}

impl Org {
    /// Changes who may enter a connected app.
    pub fn set_approval(&mut self, app: &str, approval: Approval) {
        for identity in self.identities.iter_mut().filter(|identity| identity.app == app) {
            identity.approval = approval;
        }
    }

    /// Changes whom a connected app enters as with client credentials; nobody, where its policy names no user.
    pub fn set_run_as(&mut self, app: &str, username: Option<&str>) {
        for identity in self.identities.iter_mut().filter(|identity| identity.app == app) {
            identity.run_as = username.map(str::to_owned);
        }
    }

    /// The app that proves itself with this secret.
    pub(crate) fn identity_of(&self, client_id: &str, secret: &str) -> Result<&Identity, OauthError> {
        let identity = self.identities.iter().find(|identity| identity.client_id == client_id);
        let identity = identity.ok_or(OauthError::new("invalid_client_id", "client identifier invalid"))?;
        let wrong = OauthError::new("invalid_client", "invalid client credentials");
        if identity.client_secret == secret { Ok(identity) } else { Err(wrong) }
    }
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}
