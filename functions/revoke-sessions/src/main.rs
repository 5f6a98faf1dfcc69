//! `revoke-sessions`: contains the users whom findings let contain, and what people and other systems request, and verifies
//! it; on a schedule's request goes on with what waits for people, and looks whether what has ended has come back.
//!
//! Reads `WARDEN_STORE`, `WARDEN_CONNECTION`, whose document holds the revoking identity, `WARDEN_FINDINGS_BUS` (without it
//! nobody is told of the end), and `WARDEN_POLICY` (without it what people have pushed to the store is in force). Without a
//! readable policy nobody is contained: it might protect him.

mod event;
mod finished;
mod handler;
mod requested;

use session_warden::aws;
use session_warden::lambda::{EventBus, Orgs, Policies, serve};
use session_warden::salesforce::Role;
use session_warden::settings::Settings;
use session_warden::telemetry;

use crate::handler::Handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::of_process();
    telemetry::for_lambda(&settings)?;
    let store = settings.store()?.open().await?;
    let policies = Policies::of(&settings, |policy| policy);
    let orgs = Orgs::open(settings.connection()?, Role::Revoker).await?;
    let bus = match settings.findings_bus()? {
        Some(name) => Some(EventBus::new(aws::configuration().await, name)),
        None => None,
    };
    let handler = Handler { store, orgs, policies, bus };
    serve(async |event| handler.handle(event).await).await.map_err(anyhow::Error::from_boxed)
}
