//! `revoke-sessions`: contains the users whom findings let contain, and verifies it; on a schedule's request goes on with
//! what waits for people, and looks whether what has ended has come back.
//!
//! Reads `WARDEN_STORE`, `WARDEN_POLICY`, and `WARDEN_CONNECTION`, whose document holds the revoking identity. It does
//! not start without a readable policy: nobody is contained whom the policy might protect.

mod event;
mod handler;

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
    let policy = settings.required_policy()?;
    let orgs = Orgs::open(settings.connection()?, Role::Revoker).await?;
    let handler = Handler { store, orgs, policy };
    serve(async |event| handler.handle(event).await).await.map_err(anyhow::Error::from_boxed)
}
