//! Connection documents in files.

use std::io;
use std::path::Path;

use async_trait::async_trait;
use secrecy::SecretString;

use super::{Secrets, SecretsError};

/// Larger files hold something else: a document of two 8-kbit keys takes 15 KB.
const LARGEST: u64 = 256 * 1024;

/// Reads files; a secret's name is its file's path.
#[derive(Debug, Clone, Copy, Default)]
pub struct SecretFiles;

#[async_trait]
impl Secrets for SecretFiles {
    async fn connection(&self, name: &str) -> Result<SecretString, SecretsError> {
        let refused = |reason: String| SecretsError::Refused { name: name.to_owned(), reason };
        let metadata = std::fs::metadata(name).map_err(|error| refused(said(&error)))?;
        if metadata.len() > LARGEST {
            return Err(refused(format!("it is larger than {} KiB", LARGEST / 1024)));
        }
        warn_if_others_may_read(Path::new(name), &metadata);
        std::fs::read_to_string(name).map(SecretString::from).map_err(|error| refused(said(&error)))
    }
}

fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(unix)]
fn warn_if_others_may_read(path: &Path, metadata: &std::fs::Metadata) {
    use std::os::unix::fs::PermissionsExt;
    if metadata.permissions().mode() & 0o077 != 0 {
        tracing::warn!(
            file = %path.display(),
            "The connection document holds private keys, and other users of this machine may read it: chmod 600"
        );
    }
}

#[cfg(not(unix))]
fn warn_if_others_may_read(_: &Path, _: &std::fs::Metadata) {}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[tokio::test]
    async fn a_document_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "{}").unwrap();
        let document = SecretFiles.connection(file.path().to_str().unwrap()).await.unwrap();
        assert_eq!(document.expose_secret(), "{}");
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named() {
        let refused =
            |name: String| async move { SecretFiles.connection(&name).await.unwrap_err().to_string() };
        assert_eq!(
            refused("/nowhere/c.json".to_owned()).await,
            "the connection document /nowhere/c.json cannot be read: there is no such file"
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, vec![b' '; 300_000]).unwrap();
        assert!(refused(file.path().display().to_string()).await.ends_with("it is larger than 256 KiB"));
    }
}
