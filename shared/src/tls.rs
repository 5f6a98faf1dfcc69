//! Whom this process trusts, read once for all its HTTP clients.

use std::sync::{Arc, LazyLock};

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls_platform_verifier::BuilderVerifierExt;

/// Why there can be no HTTP client.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The root certificates of this machine cannot be read.
    #[error("this machine's root certificates cannot be read: {0}")]
    Roots(#[from] rustls::Error),
    /// The client refuses what it is told.
    #[error("the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// TLS that believes this machine's root certificates, or those that `SSL_CERT_FILE` names.
pub(crate) fn configuration() -> Result<ClientConfig, TrustError> {
    static READ: LazyLock<Result<ClientConfig, rustls::Error>> = LazyLock::new(read);
    Ok(READ.clone()?)
}

fn read() -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let verified = builder.with_safe_default_protocol_versions()?.with_platform_verifier()?;
    let mut configuration = verified.with_no_client_auth();
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}
