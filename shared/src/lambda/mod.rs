//! What the three functions have in common: serving, the orgs they serve, failures as Lambda tells them, and batches
//! of a queue.

mod batch;
#[cfg(feature = "eventbridge")]
mod bus;
mod failure;
#[cfg(feature = "s3")]
mod head_archive;
mod identities;
mod metrics;
mod orgs;
mod policies;
#[cfg(feature = "sqs")]
mod queue;
mod turn;

pub use batch::{Handled, Message, each, together};
#[cfg(feature = "eventbridge")]
pub use bus::{EventBus, FINDING, FINISHED, SOURCE};
pub use failure::Failure;
#[cfg(feature = "s3")]
pub use head_archive::HeadArchive;
pub use identities::{own_usernames, own_users, remember_own_user, remember_own_usernames};
pub use metrics::{Metrics, Unit};
pub use orgs::{Org, Orgs, OrgsError};
pub use policies::Policies;
#[cfg(feature = "sqs")]
pub use queue::ObservationsQueue;
pub use turn::Turn;

use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;

/// Answers invocations one after the other until the environment ends; a failure is logged once, here.
pub async fn serve<R: Serialize>(
    handle: impl AsyncFn(LambdaEvent<Value>) -> Result<R, Failure>,
) -> Result<(), lambda_runtime::Error> {
    let handle = &handle;
    let answer = async move |event| handle(event).await.inspect_err(tell);
    lambda_runtime::run(service_fn(answer)).await
}

fn tell(failure: &Failure) {
    tracing::error!(error.type = failure.error_type(), "The invocation failed: {failure}");
}
