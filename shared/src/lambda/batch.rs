//! Batches of a queue: each message by itself, so that one that fails does not take the others with it.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::FutureExt;
use serde_json::Value;

use super::Failure;

/// A message of a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The queue's id of it.
    pub id: String,
    /// Its group, in a FIFO queue.
    pub group: Option<String>,
    /// What it says.
    pub body: Value,
}

/// What a batch came to.
#[derive(Debug)]
pub struct Handled<T> {
    /// What came of the messages that were handled.
    pub outcomes: Vec<T>,
    /// The messages that the queue is to deliver again.
    pub failed: Vec<String>,
}

impl<T> Handled<T> {
    /// The answer to the queue; it needs `ReportBatchItemFailures` there.
    pub fn answer(&self) -> SqsBatchResponse {
        let mut answer = SqsBatchResponse::default();
        answer.set_failures(&self.failed);
        answer
    }
}

/// Handles the messages one after the other, and says why one fails. In a FIFO queue what comes after it in its group
/// fails unhandled with it, so that order is kept; other groups go on.
///
/// # Errors
/// [`Failure::InvalidPayload`] when the payload is no batch of a queue.
pub async fn each<T>(
    payload: Value,
    handle: impl AsyncFn(Message) -> Result<T, Failure>,
) -> Result<Handled<T>, Failure> {
    let mut handled = Handled { outcomes: Vec::new(), failed: Vec::new() };
    let mut stopped = HashSet::new();
    for record in records(payload)? {
        let (id, group) = (record.message_id.clone().unwrap_or_default(), fifo_group(&record));
        if group.as_ref().is_some_and(|group| stopped.contains(group)) {
            handled.failed.push(id);
            continue;
        }
        match safely(record, &handle).await {
            Ok(outcome) => handled.outcomes.push(outcome),
            Err(failure) => {
                let kind = failure.error_type();
                tracing::error!(message.id = id, error.type = kind, "A message failed: {failure}");
                handled.failed.push(id);
                stopped.extend(group);
            }
        }
    }
    Ok(handled)
}

fn records(payload: Value) -> Result<Vec<SqsMessage>, Failure> {
    let event: SqsEvent =
        serde_json::from_value(payload).map_err(|error| Failure::InvalidPayload(error.to_string()))?;
    // A failure that could not be named would count as a success, and the message would be lost.
    if event.records.iter().any(|record| record.message_id.is_none()) {
        return Err(Failure::InvalidPayload("a record has no messageId".to_owned()));
    }
    Ok(event.records)
}

/// A standard queue may have groups too; there they share, and keep no order.
fn fifo_group(record: &SqsMessage) -> Option<String> {
    let is_fifo = record.event_source_arn.as_deref().and_then(|arn| arn.rsplit('.').next()) == Some("fifo");
    is_fifo.then(|| record.attributes.get("MessageGroupId").cloned().unwrap_or_default())
}

async fn safely<T>(
    record: SqsMessage,
    handle: &impl AsyncFn(Message) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let group = fifo_group(&record);
    let body = record.body.as_deref().unwrap_or_default();
    let body = serde_json::from_str(body)
        .map_err(|error| Failure::InvalidPayload(format!("the body is not JSON: {error}")))?;
    let message = Message { id: record.message_id.unwrap_or_default(), group, body };
    // A stage's future is large, and would lie in each future around it.
    AssertUnwindSafe(Box::pin(handle(message))).catch_unwind().await.unwrap_or(Err(Failure::Panicked))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn batch(queue: &str, records: &[(&str, &str)]) -> Value {
        let record = |(number, (group, body)): (usize, &(&str, &str))| {
            json!({
                "messageId": format!("m{number}"),
                "body": body,
                "attributes": { "MessageGroupId": group },
                "eventSourceARN": format!("arn:aws:sqs:eu-central-1:111122223333:{queue}"),
            })
        };
        json!({ "Records": records.iter().enumerate().map(record).collect::<Vec<_>>() })
    }

    async fn echo(message: Message) -> Result<String, Failure> {
        match message.body.as_str() {
            Some("panic") => panic!("as asked for"),
            Some(said) => Ok(said.to_owned()),
            None => Err(Failure::InvalidPayload("no text".to_owned())),
        }
    }

    #[tokio::test]
    async fn a_failure_or_a_panic_takes_nothing_with_it() {
        let records = [("a", "1"), ("a", r#""one""#), ("a", "{"), ("a", r#""panic""#), ("a", r#""two""#)];
        let handled = each(batch("findings", &records), echo).await.unwrap();
        assert_eq!(handled.outcomes, ["one", "two"]);
        assert_eq!(handled.failed, ["m0", "m2", "m3"]);
        let answer = serde_json::to_value(handled.answer()).unwrap();
        assert_eq!(answer["batchItemFailures"][1], json!({ "itemIdentifier": "m2" }));
    }

    #[tokio::test]
    async fn a_fifo_group_stops_at_its_failure_and_other_groups_go_on() {
        let records = [("a", r#""one""#), ("a", "1"), ("b", r#""two""#), ("a", r#""three""#)];
        let handled = each(batch("observations.fifo", &records), echo).await.unwrap();
        assert_eq!(handled.outcomes, ["one", "two"]);
        assert_eq!(handled.failed, ["m1", "m3"]);
    }

    #[tokio::test]
    async fn what_is_no_batch_fails_as_a_whole() {
        for payload in [json!({}), json!({ "Records": [{ "body": "1" }] })] {
            let failure = each(payload, echo).await.unwrap_err();
            assert_eq!(failure.error_type(), "InvalidPayload");
        }
    }
}
