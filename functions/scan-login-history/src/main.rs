//! `scan-login-history`: on a schedule, sends what is new in one org to the evaluation.
//!
//! Reads `WARDEN_STORE`, `WARDEN_CONNECTION`, whose document holds the scanning identity, and `WARDEN_OBSERVATIONS_QUEUE`,
//! without which what is seen waits in the store. `WARDEN_CONNECTION_FRESH_SECONDS` says for how long a document in Secrets Manager
//! is not asked for again; five minutes where it is not set.

mod handler;
mod report;
mod request;

use session_warden::aws;
use session_warden::lambda::{ObservationsQueue, Orgs, serve};
use session_warden::salesforce::Role;
use session_warden::settings::Settings;
use session_warden::telemetry;

use crate::handler::Handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::of_process();
    telemetry::for_lambda(&settings)?;
    let store = settings.store()?.open().await?;
    let orgs = Orgs::open(settings.connection()?, Role::Scanner, settings.connection_fresh_for()?).await?;
    let queue = match settings.observations_queue()? {
        Some(url) => Some(ObservationsQueue::new(aws::configuration().await?, url, store.clone())),
        None => None,
    };
    let handler = Handler { store, queue, orgs };
    serve(async |event| handler.handle(event).await).await.map_err(anyhow::Error::from_boxed)
}
