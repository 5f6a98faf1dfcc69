//! A function that does nothing: what every function takes at least.

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Value>| Ok::<_, lambda_runtime::Error>(json!({}))))
        .await
}
