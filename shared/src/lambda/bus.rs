//! What is told to everybody: events on an EventBridge bus.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::Value;

use crate::messages::FindingRaised;
use crate::observation::OrgId;
use crate::stages::findings;
use crate::store::{LocalOutbox, Queue, Store, StoreError, Waiting};

/// What rules know our events by.
pub const SOURCE: &str = "session-warden";
/// A finding is new or has escalated; the detail is the finding.
pub const FINDING: &str = "Suspicious Activity Found";
/// A containment has ended.
pub const FINISHED: &str = "Containment Finished";
/// What waits, as far as it is looked at in one go.
const AT_ONCE: usize = 10;
/// What an event may hold, with room for what is around its detail. Source: EventBridge User Guide, "Calculating Amazon EventBridge
/// PutEvents event entry size": 256 KB.
const DETAIL_BYTES: usize = 240_000;

/// A bus.
#[derive(Debug, Clone)]
pub struct EventBus {
    client: Client,
    name: String,
}

impl EventBus {
    /// The bus of a name or ARN.
    pub fn new(configuration: &SdkConfig, name: &str) -> Self {
        Self { client: Client::new(configuration), name: name.to_owned() }
    }

    /// Announces the findings that wait in an org's queue, and takes each off the queue that the bus has taken. Answers
    /// how many. They wait there since the findings were written, so that none is announced that nobody can look up.
    ///
    /// # Errors
    /// [`StoreError::Undelivered`] when the bus refuses; what it has not taken stays.
    pub async fn announce(&self, store: &dyn Store, org: &OrgId) -> Result<usize, StoreError> {
        let detail = async |message: &Waiting| detail(store, message).await.map(Some);
        self.announce_as(FINDING, store, (Queue::Findings, org), detail).await
    }

    /// Announces what waits in a queue of an org with the detail that is made of each message, or with the message itself where that is
    /// too large, and takes each off the queue that the bus has taken, or that `detail` says nothing of. Answers how many were announced;
    /// whatever interrupts it, none is lost, and one may be announced twice.
    ///
    /// # Errors
    /// [`StoreError::Undelivered`] when the bus refuses, and those of `detail`; what it has not taken stays.
    pub async fn announce_as(
        &self,
        detail_type: &str,
        store: &dyn Store,
        (queue, org): (Queue, &OrgId),
        detail: impl AsyncFn(&Waiting) -> Result<Option<Value>, StoreError>,
    ) -> Result<usize, StoreError> {
        let (outbox, mut told) = (LocalOutbox::new(store), 0);
        loop {
            let waiting = outbox.next(queue, org, AT_ONCE).await?;
            if waiting.is_empty() {
                return Ok(told);
            }
            for message in waiting {
                if let Some(detail) = detail(&message).await? {
                    let fits = detail.to_string().len() <= DETAIL_BYTES;
                    self.tell(detail_type, if fits { &detail } else { &message.body }).await?;
                    told += 1;
                }
                take_off(store, message).await?;
            }
        }
    }

    /// Tells one thing.
    pub async fn tell(&self, detail_type: &str, detail: &Value) -> Result<(), StoreError> {
        let entry = PutEventsRequestEntry::builder().event_bus_name(&self.name).source(SOURCE);
        let entry = entry.detail_type(detail_type).detail(detail.to_string()).build();
        let answer = self.client.put_events().entries(entry).send().await;
        let answer = answer
            .map_err(|error| self.undelivered(crate::aws::reason(error.code(), error.message(), &error)))?;
        let Some(entry) = answer.entries.unwrap_or_default().pop() else {
            return Err(self.undelivered("it does not say whether it took the event".to_owned()));
        };
        match (entry.error_code, entry.error_message) {
            (None, _) => Ok(()),
            (Some(code), message) => {
                Err(self.undelivered(message.map_or(code.clone(), |message| format!("{code}: {message}"))))
            }
        }
    }

    fn undelivered(&self, reason: String) -> StoreError {
        StoreError::Undelivered { to: format!("the event bus {}", self.name), reason }
    }
}

/// The finding as it stands now, which may have escalated once more since.
async fn detail(store: &dyn Store, message: &Waiting) -> Result<Value, StoreError> {
    let raised: Option<FindingRaised> = serde_json::from_value(message.body.clone()).ok();
    let Some(raised) = raised else { return Ok(message.body.clone()) };
    let kept = findings(&raised.org_id).get(store, raised.finding_id.as_str()).await?;
    let finding = kept.and_then(|kept| serde_json::to_value(kept.value).ok());
    Ok(finding.unwrap_or_else(|| message.body.clone()))
}

/// One that has escalated meanwhile stays, and is announced again.
async fn take_off(store: &dyn Store, message: Waiting) -> Result<(), StoreError> {
    match store.write(message.done.into_iter().collect()).await {
        Err(StoreError::Conflict(_)) => Ok(()),
        outcome => outcome,
    }
}
