//! Containing what waits, finding by finding: one that fails, or that nobody can read, does not keep the next one waiting.

use std::collections::BTreeSet;

use serde_json::json;
use session_warden::messages::{FindingRaised, SCHEMA_VERSION};
use session_warden::observation::OrgId;
use session_warden::stages::{Contain, ContainError};
use session_warden::store::{Expect, Key, LocalOutbox, Queue, Store, StoreError, Table, Waiting, Write};

use crate::round::Round;

/// Messages read in one go.
const MESSAGES: usize = 100;
/// Where messages lie that cannot be acted on.
const ROOM: &str = "set-aside";

/// What became of a message.
enum Handled {
    /// It is off the queue.
    Off,
    /// It stays, for the next round.
    Left,
}

/// Contains what waits for an org. A containment that fails stays in the queue, and its error in the round.
///
/// # Errors
/// When the queue itself cannot be read.
pub(crate) async fn contain_waiting(
    contain: &Contain<'_>,
    org: &OrgId,
    alias: &str,
    round: &mut Round,
) -> Result<(), StoreError> {
    let outbox = LocalOutbox::new(contain.store);
    let mut left = BTreeSet::new();
    loop {
        let mut waiting = outbox.next(Queue::Findings, org, MESSAGES + left.len()).await?;
        waiting.retain(|message| !left.contains(&message.order));
        if waiting.is_empty() {
            return Ok(());
        }
        for message in waiting {
            let order = message.order.clone();
            if let Handled::Left = one(contain, org, alias, message, round).await {
                left.insert(order);
            }
        }
    }
}

async fn one(
    contain: &Contain<'_>,
    org: &OrgId,
    alias: &str,
    message: Waiting,
    round: &mut Round,
) -> Handled {
    let outcome = match read(&message, org) {
        Ok(raised) => contain.contain_finding(&raised, message.done.clone()).await,
        Err(reason) => return set_aside(contain.store, org, alias, message, &reason, round).await,
    };
    match outcome {
        Ok(ended) => {
            round.containments.extend(ended);
            Handled::Off
        }
        Err(error @ ContainError::NoFinding { .. }) => {
            set_aside(contain.store, org, alias, message, &error.to_string(), round).await
        }
        Err(error) => {
            round.fail(anyhow::Error::new(error).context(format!("Org {alias}")));
            Handled::Left
        }
    }
}

fn read(message: &Waiting, org: &OrgId) -> Result<FindingRaised, String> {
    let raised: FindingRaised =
        serde_json::from_value(message.body.clone()).map_err(|error| error.to_string())?;
    if raised.schema_version != SCHEMA_VERSION {
        return Err(format!("its schema_version is {}", raised.schema_version));
    }
    if raised.org_id != *org {
        return Err(format!("it is about org {}", raised.org_id));
    }
    Ok(raised)
}

/// Keeps a message that nobody can act on for a person to look at, and takes it off the queue in the same write.
async fn set_aside(
    store: &dyn Store,
    org: &OrgId,
    alias: &str,
    message: Waiting,
    reason: &str,
    round: &mut Round,
) -> Handled {
    let key = Key::new(Table::Contain, org, ROOM, message.order.clone());
    let body = json!({ "queue": Queue::Findings.name(), "reason": reason, "body": message.body });
    let put = Write::Put { key, expect: Expect::Any, body };
    match store.write(message.done.into_iter().chain([put]).collect()).await {
        Ok(()) => {
            let order = &message.order;
            round.warnings.push(format!("Org {alias}: the message {order} was set aside: {reason}"));
            Handled::Off
        }
        Err(error) => {
            round.fail(anyhow::Error::new(error).context(format!("Org {alias}")));
            Handled::Left
        }
    }
}
