//! What the three functions have in common: serving, the orgs they serve, failures as Lambda tells them, and batches
//! of a queue.

mod batch;
mod failure;
mod identities;
mod orgs;

pub use batch::{Handled, Message, each};
pub use failure::Failure;
pub use identities::{own_usernames, own_users, remember_own_user, remember_own_usernames};
pub use orgs::{Org, Orgs, OrgsError};

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
