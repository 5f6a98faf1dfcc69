//! Batches of a queue: each message by itself, so that one that fails does not take the others with it.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

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
    /// How many of them another worker has in hand, which is no mistake.
    pub busy: usize,
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
/// fails unhandled with it, so that order is kept; other groups go on, and so does a group behind a message that is at fault by itself:
/// nobody can read it, it makes the program panic, or the store can never hold what comes of it.
///
/// # Errors
/// [`Failure::InvalidPayload`] when the payload is no batch of a queue.
pub async fn each<T>(
    payload: Value,
    handle: impl AsyncFn(Message) -> Result<T, Failure>,
) -> Result<Handled<T>, Failure> {
    Ok(one_by_one(records(payload)?, &handle).await)
}

/// Hands the messages of a group to `handle` all at once, in their order; where that fails one by one, so that only the one
/// that is at fault fails, and what comes after it in its group where that would meet the same failure.
///
/// # Errors
/// [`Failure::InvalidPayload`] when the payload is no batch of a queue.
pub async fn together<T>(
    payload: Value,
    handle: impl AsyncFn(Vec<Message>) -> Result<T, Failure>,
) -> Result<Handled<T>, Failure> {
    let mut handled = Handled { outcomes: Vec::new(), failed: Vec::new(), busy: 0 };
    for group in groups(records(payload)?) {
        if let Some(outcome) = at_once(&group, &handle).await {
            handled.outcomes.push(outcome);
            continue;
        }
        let alone = async |message| handle(vec![message]).await;
        let Handled { outcomes, failed, busy } = one_by_one(group, &alone).await;
        handled.outcomes.extend(outcomes);
        handled.failed.extend(failed);
        handled.busy += busy;
    }
    Ok(handled)
}

/// `None` where there is one only, and where something is wrong.
async fn at_once<T>(
    records: &[SqsMessage],
    handle: &impl AsyncFn(Vec<Message>) -> Result<T, Failure>,
) -> Option<T> {
    if records.len() == 1 {
        return None;
    }
    let messages = records.iter().map(message).collect::<Result<_, _>>().ok()?;
    let told = |failure: &Failure| {
        tracing::warn!(error.type = failure.error_type(), "Messages are handled one by one: {failure}");
    };
    unwinding(Box::pin(handle(messages))).await.inspect_err(told).ok()
}

/// In the order of each one's first message.
fn groups(records: Vec<SqsMessage>) -> Vec<Vec<SqsMessage>> {
    let mut groups: Vec<(Option<String>, Vec<SqsMessage>)> = Vec::new();
    for record in records {
        let group = fifo_group(&record);
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, records)) => records.push(record),
            None => groups.push((group, vec![record])),
        }
    }
    groups.into_iter().map(|(_, records)| records).collect()
}

async fn one_by_one<T>(
    records: Vec<SqsMessage>,
    handle: &impl AsyncFn(Message) -> Result<T, Failure>,
) -> Handled<T> {
    let mut handled = Handled { outcomes: Vec::new(), failed: Vec::new(), busy: 0 };
    let mut stopped = HashSet::new();
    for record in records {
        let (id, group) = (record.message_id.clone().unwrap_or_default(), fifo_group(&record));
        if group.as_ref().is_some_and(|group| stopped.contains(group)) {
            handled.failed.push(id);
            continue;
        }
        match safely(&record, handle).await {
            Ok(outcome) => handled.outcomes.push(outcome),
            Err(failure) => {
                let kind = failure.error_type();
                tracing::error!(message.id = id, error.type = kind, "A message failed: {failure}");
                handled.failed.push(id);
                handled.busy += usize::from(matches!(failure, Failure::Busy { .. }));
                // What comes with it each time would go to the dead letters with it in the end. To judge that first is safe: what
                // is behind its time when it is sent again is judged as late, and folded once.
                if !failure.is_of_the_message() {
                    stopped.extend(group);
                }
            }
        }
    }
    handled
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
    record: &SqsMessage,
    handle: &impl AsyncFn(Message) -> Result<T, Failure>,
) -> Result<T, Failure> {
    unwinding(Box::pin(handle(message(record)?))).await
}

fn message(record: &SqsMessage) -> Result<Message, Failure> {
    let body = serde_json::from_str(record.body.as_deref().unwrap_or_default())
        .map_err(|error| Failure::InvalidPayload(format!("the body is not JSON: {error}")))?;
    Ok(Message { id: record.message_id.clone().unwrap_or_default(), group: fifo_group(record), body })
}

/// A stage's future is large, and would lie in each future around it.
async fn unwinding<T>(handling: Pin<Box<impl Future<Output = Result<T, Failure>>>>) -> Result<T, Failure> {
    AssertUnwindSafe(handling).catch_unwind().await.unwrap_or(Err(Failure::Panicked))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::observation::OrgId;
    use crate::store::{Key, StoreError, Table};

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

    fn key() -> Key {
        Key::new(Table::Evaluate, &OrgId::new("00D000000000001EAA"), "users", "005")
    }

    async fn echo(message: Message) -> Result<String, Failure> {
        let (key, reason) = (key(), "as asked for".to_owned());
        match message.body.as_str() {
            Some("panic") => panic!("{reason}"),
            Some("too large") => Err(StoreError::Unwritable { key, reason }.into()),
            Some("not ours") => Err(StoreError::Unreadable { key, reason }.into()),
            Some("down") => Err(StoreError::Unavailable { store: "here".to_owned(), reason }.into()),
            Some("busy") => Err(Failure::Busy { what: "a user".to_owned() }),
            Some("overtaken") => Err(StoreError::Conflict(key).into()),
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
    async fn what_another_worker_has_in_hand_comes_again_and_is_told_apart() {
        let records = [("a", r#""busy""#), ("a", r#""down""#), ("a", r#""one""#)];
        for handled in [
            each(batch("findings", &records), echo).await.unwrap(),
            together(batch("findings.fifo", &records), async |messages| echo_all(messages).await)
                .await
                .unwrap(),
        ] {
            assert_eq!((handled.failed.len() > 1, handled.busy), (true, 1));
        }
    }

    #[tokio::test]
    async fn a_fifo_group_stops_at_its_failure_and_other_groups_go_on() {
        for fault in [r#""down""#, r#""overtaken""#] {
            let records = [("a", r#""one""#), ("a", fault), ("b", r#""two""#), ("a", r#""three""#)];
            let handled = each(batch("observations.fifo", &records), echo).await.unwrap();
            assert_eq!(handled.outcomes, ["one", "two"]);
            assert_eq!(handled.failed, ["m1", "m3"]);
        }
    }

    #[tokio::test]
    async fn a_fifo_group_goes_on_behind_what_is_at_fault_by_itself() {
        for fault in ["1", "{", r#""panic""#, r#""too large""#, r#""not ours""#] {
            let records = [("a", r#""one""#), ("a", fault), ("a", r#""two""#)];
            let handled = each(batch("observations.fifo", &records), echo).await.unwrap();
            assert_eq!(
                (handled.outcomes, handled.failed),
                (vec!["one".into(), "two".into()], vec!["m1".into()])
            );
            let handled = together(batch("observations.fifo", &records), echo_all).await.unwrap();
            assert_eq!(
                (handled.outcomes, handled.failed),
                (vec!["one".into(), "two".into()], vec!["m1".into()])
            );
        }
    }

    #[tokio::test]
    async fn a_group_is_handled_at_once() {
        let records = [("a", r#""one""#), ("b", r#""two""#), ("a", r#""three""#)];
        let handled = together(batch("observations.fifo", &records), echo_all).await.unwrap();
        assert_eq!(
            (handled.outcomes, handled.failed),
            (vec!["one three".to_owned(), "two".to_owned()], vec![])
        );
    }

    #[tokio::test]
    async fn of_a_group_what_meets_a_failure_and_what_is_behind_it_fail() {
        let fault = r#""down""#;
        let records =
            [("a", r#""one""#), ("a", r#""two""#), ("a", fault), ("b", r#""three""#), ("a", r#""four""#)];
        let handled = together(batch("observations.fifo", &records), echo_all).await.unwrap();
        assert_eq!(handled.outcomes, ["one", "two", "three"]);
        assert_eq!(handled.failed, ["m2", "m4"]);
    }

    async fn echo_all(messages: Vec<Message>) -> Result<String, Failure> {
        let mut said = Vec::new();
        for message in messages {
            said.push(echo(message).await?);
        }
        Ok(said.join(" "))
    }

    #[tokio::test]
    async fn what_is_no_batch_fails_as_a_whole() {
        for payload in [json!({}), json!({ "Records": [{ "body": "1" }] })] {
            let failure = each(payload, echo).await.unwrap_err();
            assert_eq!(failure.error_type(), "InvalidPayload");
        }
    }
}
