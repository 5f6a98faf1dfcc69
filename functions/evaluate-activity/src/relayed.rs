//! What an org relays itself, within seconds: logins that the next scan will see too, and Salesforce's own alarms.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use session_warden::detection::Lane;
use session_warden::lambda::{Failure, Message, Metrics};
use session_warden::messages::{ObservationBatch, SCHEMA_VERSION};
use session_warden::observation::OrgId;
use session_warden::salesforce::{Relayed, relayed};
use session_warden::store::{Expect, Room, Store, Table, Write};

/// Whether the message is an event of Salesforce and not one of ours.
pub(crate) fn is_relayed(body: &Value) -> bool {
    body.get("detail-type").is_some()
}

/// The batch that an event amounts to; `None` where there is nothing to judge. One that cannot be read is kept for a person and
/// holds up nothing: the org's queue would wait behind it, and what it tells of a login the scan sees too.
pub(crate) async fn batch(
    store: &dyn Store,
    message: &Message,
    now: Timestamp,
) -> Result<Option<Value>, Failure> {
    let org = OrgId::new(message.group.as_deref().unwrap_or_default());
    let read = if is_from(&org, message) {
        relayed(&message.body)
    } else {
        Err("it is not from the org that its queue's group names".to_owned())
    };
    let observations = match read {
        Ok(Relayed::Nothing) => return Ok(None),
        Ok(Relayed::Seen(observation)) => vec![*observation],
        Err(reason) => {
            set_aside(store, &org, message, &reason, now).await?;
            return Ok(None);
        }
    };
    let (schema_version, lane, users) = (SCHEMA_VERSION, Lane::Live, Vec::new());
    let batch = ObservationBatch { schema_version, org_id: org, lane, observations, users };
    serde_json::to_value(batch).map(Some).map_err(|error| Failure::InvalidPayload(error.to_string()))
}

/// The rule puts the org's id beside the event, and the source says it too.
fn is_from(org: &OrgId, message: &Message) -> bool {
    let source = message.body.get("source").and_then(Value::as_str).unwrap_or_default();
    !org.as_str().is_empty() && source.starts_with(&format!("aws.partner/salesforce.com/{org}/"))
}

async fn set_aside(
    store: &dyn Store,
    org: &OrgId,
    message: &Message,
    reason: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    tracing::error!(org.id = %org, message.id = message.id, "A relayed event was set aside: {reason}");
    let room: Room<BTreeMap<String, Value>> = Room::new(Table::Evaluate, org, "quarantine");
    let kept =
        BTreeMap::from([("reason".to_owned(), json!(reason)), ("event".to_owned(), message.body.clone())]);
    store.write(vec![Write::put(room.key(&message.id), Expect::Any, &kept)?]).await?;
    Metrics::of_org(org).count("RowsRejected", 1).tell(now);
    Ok(())
}

#[cfg(test)]
mod tests {
    use session_warden::store::MemoryStore;

    use super::*;

    const ORG: &str = "00D000000000001EAA";

    fn message(group: &str, payload: &Value) -> Message {
        message_of(group, "LoginAnomalyEvent", payload)
    }

    fn message_of(group: &str, kind: &str, payload: &Value) -> Message {
        let body = json!({ "id": "6a7e8feb", "source": format!("aws.partner/salesforce.com/{ORG}/0YL000000000001EAA"),
            "detail-type": kind, "detail": { "payload": payload } });
        Message { id: "m1".to_owned(), group: Some(group.to_owned()), body }
    }

    fn now() -> Timestamp {
        "2026-11-26T12:00:00Z".parse().unwrap()
    }

    #[tokio::test]
    async fn an_event_becomes_a_batch_of_its_own_org_alone() {
        let store = MemoryStore::new();
        let payload = json!({ "EventDate": "2026-11-26T12:00:00Z", "UserId": "005000000000001AAA" });
        let made = batch(&store, &message(ORG, &payload), now()).await.unwrap().unwrap();
        assert_eq!(
            (&made["org_id"], &made["observations"][0]["kind"]),
            (&json!(ORG), &json!("login_anomaly"))
        );
        assert_eq!(batch(&store, &message("00D000000000002EAA", &payload), now()).await.unwrap(), None);
        let payload =
            json!({ "EventDate": "2026-11-26T12:00:00Z", "UserId": "005000000000001AAA", "LoginKey": "k" });
        let made =
            batch(&store, &message_of(ORG, "LogoutEventStream", &payload), now()).await.unwrap().unwrap();
        assert_eq!(made["observations"][0]["observed"], json!("logout"));
    }

    #[tokio::test]
    async fn one_that_cannot_be_read_is_kept_and_holds_up_nothing() {
        let store = MemoryStore::new();
        assert_eq!(batch(&store, &message(ORG, &json!({})), now()).await.unwrap(), None);
        let room: Room<BTreeMap<String, Value>> = Room::new(Table::Evaluate, &OrgId::new(ORG), "quarantine");
        let kept = room.get(&store, "m1").await.unwrap().unwrap().value;
        assert!(kept["reason"].as_str().unwrap().contains("EventDate"), "{kept:?}");
    }
}
