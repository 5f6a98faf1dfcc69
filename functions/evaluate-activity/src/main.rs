//! `evaluate-activity`: judges what the scans saw, and raises findings.
//!
//! Reads `WARDEN_STORE` and `WARDEN_POLICY`. Without a readable policy it goes on judging, and nothing acts.

mod handler;

use session_warden::detection::catalogue;
use session_warden::lambda::serve;
use session_warden::policy::Policy;
use session_warden::settings::Settings;
use session_warden::telemetry;

use crate::handler::Handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::of_process();
    telemetry::for_lambda(&settings)?;
    let store = settings.store()?.open().await?;
    let policy = settings.policy().unwrap_or_else(|error| {
        tracing::error!(error.type = "PolicyUnreadable", "Only observing: {error}");
        Policy::default()
    });
    let detections = catalogue(&policy);
    let handler = Handler { store, policy, detections };
    serve(async |event| handler.handle(event).await).await.map_err(anyhow::Error::from_boxed)
}
