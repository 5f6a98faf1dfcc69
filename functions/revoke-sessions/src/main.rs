//! `revoke-sessions`: contains the users whom findings let contain, and what people and other systems request, and verifies
//! it; on a schedule's request goes on with what waits for people, and looks whether what has ended has come back.
//!
//! Reads `WARDEN_STORE`, `WARDEN_CONNECTION`, whose document holds the revoking identity, `WARDEN_FINDINGS_BUS` (without it
//! no other system is told of the end), `WARDEN_NOTICES_TOPIC` (without it notices to people wait), `WARDEN_EVIDENCE_BUCKET` (without
//! it the heads of the evidence lie in the store alone), `WARDEN_CONNECTION_FRESH_SECONDS` (for how long a document in Secrets
//! Manager is not asked for again; without it five minutes), and `WARDEN_POLICY` (without it what people have pushed to the store is in force). Without a
//! readable policy nobody is contained: it might protect him.

mod event;
mod finished;
mod handler;
mod requested;

use session_warden::aws;
use session_warden::lambda::{EventBus, HeadArchive, Orgs, Policies, serve};
use session_warden::notice::Topic;
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
    let orgs = Orgs::open(settings.connection()?, Role::Revoker, settings.connection_fresh_for()?).await?;
    let aws = aws::configuration().await?;
    let bus = settings.findings_bus()?.map(|name| EventBus::new(aws, name));
    let archive = settings.evidence_bucket()?.map(|bucket| HeadArchive::new(aws, bucket));
    let topic = settings.notices_topic()?.map(|arn| Topic::new(aws, arn));
    let handler = Handler { store, orgs, policies, bus, archive, topic };
    serve(async |event| handler.handle(event).await).await.map_err(anyhow::Error::from_boxed)
}
