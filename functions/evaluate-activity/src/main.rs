//! `evaluate-activity`: judges what the scans saw and what Salesforce relays, and raises findings.
//!
//! Reads `WARDEN_STORE`, `WARDEN_FINDINGS_BUS` (without it findings wait in the store), and `WARDEN_POLICY` (without it what
//! people have pushed to the store is in force). Without a readable policy it goes on judging, and nothing acts;
//! without a readable data pack what needs it is silent.

mod handler;
mod relayed;

use session_warden::aws;
use session_warden::lambda::{EventBus, Policies, serve};
use session_warden::settings::Settings;
use session_warden::stages::Memory;
use session_warden::telemetry;

use crate::handler::{Handler, Rules};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::of_process();
    telemetry::for_lambda(&settings)?;
    let store = settings.store()?.open().await?;
    let policies = Policies::of(&settings, Rules::under);
    let bus = match settings.findings_bus()? {
        Some(name) => Some(EventBus::new(aws::configuration().await?, name)),
        None => None,
    };
    let handler = Handler { store, policies, bus, memory: Memory::default() };
    serve(async |event| handler.handle(event).await).await.map_err(anyhow::Error::from_boxed)
}
