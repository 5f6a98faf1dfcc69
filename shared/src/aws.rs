//! What every client of AWS has in common.

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use tokio::sync::OnceCell;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// All attempts together; the shortest function timeout leaves room for a scan after it.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 3;

/// Region and credentials as the AWS SDK finds them, and our timeouts and retries. One for the process: every client shares
/// its credentials, its connections and its store of roots.
pub async fn configuration() -> &'static SdkConfig {
    static CONFIGURATION: OnceCell<SdkConfig> = OnceCell::const_new();
    CONFIGURATION.get_or_init(load).await
}

async fn load() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
    // Pinned: a newer version may change what is retried, and how roots and proxies are found.
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
    // As the SDK would make it, but not for each client anew.
    let http = Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    });
    loader.timeout_config(timeouts).retry_config(retries).http_client(http).load().await
}

/// What a service said, or the causes from the outermost inwards where it said nothing.
pub(crate) fn reason(code: Option<&str>, message: Option<&str>, error: &(dyn Error + 'static)) -> String {
    match (code, message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => {
            let causes = std::iter::successors(Some(error), |&cause| cause.source());
            causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
        }
    }
}
