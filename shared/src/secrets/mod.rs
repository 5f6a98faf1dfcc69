//! Where connection documents come from: a file, or AWS Secrets Manager.

mod cache;
mod file;
#[cfg(feature = "secrets-manager")]
mod secrets_manager;
mod source;

pub use cache::{Cached, FRESH};
pub use file::SecretFiles;
#[cfg(feature = "secrets-manager")]
pub use secrets_manager::SecretsManager;
pub use source::{ConnectionSource, SourceError};

use async_trait::async_trait;
use secrecy::SecretString;

/// The port: one secret, one document.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The connection document of that name, as text.
    async fn connection(&self, name: &str) -> Result<SecretString, SecretsError>;

    /// Asks anew next time: what was answered for that name does not open the org, and may have been replaced.
    async fn doubt(&self, _name: &str) {}
}

/// Why a secret could not be had. Holds nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    /// It is not there, or this identity may not read it. Asking again is no help.
    #[error("the connection document {name} cannot be read: {reason}")]
    Refused {
        /// Which secret or file.
        name: String,
        /// Why.
        reason: String,
    },
    /// The service cannot be reached or is busy; asking again may help.
    #[error("the connection document {name} cannot be had at present: {reason}")]
    Unavailable {
        /// Which secret.
        name: String,
        /// Why.
        reason: String,
    },
    /// This build has no such adapter.
    #[error("the connection document {name} lies in Secrets Manager, and this build has no Secrets Manager")]
    NotBuilt {
        /// Which secret.
        name: String,
    },
}
