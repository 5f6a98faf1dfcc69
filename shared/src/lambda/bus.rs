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
/// What one call takes. Source: EventBridge API Reference, PutEvents.
const ENTRIES: usize = 10;

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
        let (outbox, mut told) = (LocalOutbox::new(store), 0);
        loop {
            let waiting = outbox.next(Queue::Findings, org, ENTRIES).await?;
            if waiting.is_empty() {
                return Ok(told);
            }
            let mut details = Vec::new();
            for message in &waiting {
                details.push(detail(store, message).await?);
            }
            let refused = self.put(FINDING, &details).await?;
            for (message, _) in waiting.into_iter().zip(&refused).filter(|(_, refused)| refused.is_none()) {
                take_off(store, message).await?;
                told += 1;
            }
            if let Some(reason) = refused.into_iter().flatten().next() {
                return Err(self.undelivered(reason));
            }
        }
    }

    /// Tells one thing.
    pub async fn tell(&self, detail_type: &str, detail: &Value) -> Result<(), StoreError> {
        let refused = self.put(detail_type, std::slice::from_ref(detail)).await?;
        refused.into_iter().flatten().next().map_or(Ok(()), |reason| Err(self.undelivered(reason)))
    }

    /// Why each was refused, where it was.
    async fn put(&self, detail_type: &str, details: &[Value]) -> Result<Vec<Option<String>>, StoreError> {
        let entry = |detail: &Value| {
            let entry = PutEventsRequestEntry::builder().event_bus_name(&self.name).source(SOURCE);
            entry.detail_type(detail_type).detail(detail.to_string()).build()
        };
        let put = self.client.put_events().set_entries(Some(details.iter().map(entry).collect()));
        let answer = put
            .send()
            .await
            .map_err(|error| self.undelivered(crate::aws::reason(error.code(), error.message(), &error)))?;
        let refused = |entry: aws_sdk_eventbridge::types::PutEventsResultEntry| {
            let code = entry.error_code?;
            Some(entry.error_message.map_or(code.clone(), |message| format!("{code}: {message}")))
        };
        let told: Vec<_> = answer.entries.unwrap_or_default().into_iter().map(refused).collect();
        if told.len() == details.len() {
            Ok(told)
        } else {
            Err(self.undelivered("it does not say what it took".to_owned()))
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
