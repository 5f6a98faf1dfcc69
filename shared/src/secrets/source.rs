//! Where a connection document is, as an operator writes it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use jiff::SignedDuration;

use super::{SecretFiles, Secrets, SecretsError};
use crate::observation::OrgId;

const SECRETS_MANAGER: &str = "secretsmanager:";
/// Stands for the org's id in a name that serves many orgs.
const ORG: &str = "{org}";

/// A file, or `secretsmanager:NAME`. `{org}` in it stands for the org's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionSource {
    /// A file on this machine.
    File(PathBuf),
    /// The name or ARN of a secret.
    SecretsManager(String),
}

/// What was written names no connection document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no connection document; write a file's path or secretsmanager:NAME")]
pub struct SourceError(String);

impl ConnectionSource {
    /// Reads what an operator wrote.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        match text.strip_prefix(SECRETS_MANAGER) {
            Some("") => Err(SourceError(text.to_owned())),
            Some(name) => Ok(Self::SecretsManager(name.to_owned())),
            None if text.is_empty() => Err(SourceError(text.to_owned())),
            None => Ok(Self::File(text.into())),
        }
    }

    /// Opens the adapter that holds it. What Secrets Manager answers is not asked for again for `fresh_for`; a file is always read.
    ///
    /// # Errors
    /// [`SecretsError::NotBuilt`] when this build has no such adapter.
    #[cfg_attr(
        not(feature = "secrets-manager"),
        expect(
            clippy::unused_async,
            unused_variables,
            reason = "the other adapter asks AWS for credentials"
        )
    )]
    pub async fn open(&self, fresh_for: SignedDuration) -> Result<Arc<dyn Secrets>, SecretsError> {
        match self {
            Self::File(_) => Ok(Arc::new(SecretFiles)),
            #[cfg(feature = "secrets-manager")]
            Self::SecretsManager(name) => {
                let unavailable = |error: crate::TrustError| SecretsError::Unavailable {
                    name: name.clone(),
                    reason: error.to_string(),
                };
                let service = super::SecretsManager::of_process().await.map_err(unavailable)?;
                Ok(Arc::new(super::Cached::new(service, Arc::new(crate::clock::SystemClock), fresh_for)))
            }
            #[cfg(not(feature = "secrets-manager"))]
            Self::SecretsManager(name) => Err(SecretsError::NotBuilt { name: name.clone() }),
        }
    }

    /// The name under which the adapter knows an org's document.
    pub fn name_for(&self, org: &OrgId) -> String {
        self.name().replace(ORG, org.as_str())
    }

    /// The name under which the adapter knows the document.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::SecretsManager(name) => name.clone(),
        }
    }
}

impl FromStr for ConnectionSource {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for ConnectionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::SecretsManager(name) => write!(f, "{SECRETS_MANAGER}{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_back() {
        for text in ["secretsmanager:warden/acme/scanner", "/etc/warden/acme.json", "acme.json"] {
            assert_eq!(ConnectionSource::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn nothing_is_refused() {
        for text in ["", "secretsmanager:"] {
            let error = ConnectionSource::parse(text).unwrap_err().to_string();
            assert!(error.contains("secretsmanager:NAME"), "{error}");
        }
    }

    #[test]
    fn one_name_serves_many_orgs() {
        let source = ConnectionSource::parse("secretsmanager:warden/{org}/scanner").unwrap();
        let org = OrgId::new("00D000000000001EAA");
        assert_eq!(source.name_for(&org), "warden/00D000000000001EAA/scanner");
    }
}
