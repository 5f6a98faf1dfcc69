//! What every client of AWS has in common.

#[cfg(any(test, not(feature = "aws-profiles")))]
mod environment;
mod http;

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use tokio::sync::OnceCell;

use crate::tls::TrustError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// All attempts together; the shortest function timeout leaves room for a scan after it.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 3;

/// Region and credentials, and our timeouts and retries. One for the process: every client shares its credentials and its
/// connections. A function finds both in its environment, where Lambda writes them; with `aws-profiles` they are found as the AWS SDK does.
///
/// # Errors
/// When this machine's root certificates cannot be read.
pub async fn configuration() -> Result<&'static SdkConfig, TrustError> {
    static CONFIGURATION: OnceCell<SdkConfig> = OnceCell::const_new();
    CONFIGURATION.get_or_try_init(load).await
}

/// Pinned: a newer version may change what is retried.
fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS)
}

#[cfg(feature = "aws-profiles")]
async fn load() -> Result<SdkConfig, TrustError> {
    let loader = aws_config::defaults(behavior()).http_client(http::sdk_client()?);
    Ok(loader.timeout_config(timeouts()).retry_config(retries()).load().await)
}

/// The SDK's own chain would link profiles, STS and the metadata services, none of which Lambda has.
#[cfg(not(feature = "aws-profiles"))]
async fn load() -> Result<SdkConfig, TrustError> {
    let builder = environment::builder().await.http_client(http::sdk_client()?);
    Ok(builder.behavior_version(behavior()).timeout_config(timeouts()).retry_config(retries()).build())
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
