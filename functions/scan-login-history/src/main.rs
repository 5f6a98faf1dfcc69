//! `scan-login-history`: on a schedule, sends what is new in one org to the evaluation.
//!
//! Reads `WARDEN_STORE` and `WARDEN_CONNECTION`, whose document holds the scanning identity.

mod handler;
mod report;
mod request;

use session_warden::lambda::{Orgs, serve};
use session_warden::salesforce::Role;
use session_warden::settings::Settings;
use session_warden::telemetry;

use crate::handler::Handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::of_process();
    telemetry::for_lambda(&settings)?;
    let store = settings.store()?.open().await?;
    let orgs = Orgs::open(settings.connection()?, Role::Scanner).await?;
    let handler = Handler { store, orgs };
    serve(async |event| handler.handle(event).await).await.map_err(anyhow::Error::from_boxed)
}
