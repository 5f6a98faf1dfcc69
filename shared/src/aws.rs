//! What every client of AWS has in common.

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// All attempts together; the shortest function timeout leaves room for a scan after it.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 3;

/// Region and credentials as the AWS SDK finds them, and our timeouts and retries.
pub async fn configuration() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
    // Pinned: a newer version may change what is retried, and how roots and proxies are found.
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
    loader.timeout_config(timeouts).retry_config(retries).load().await
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
