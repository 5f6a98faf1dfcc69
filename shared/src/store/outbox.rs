//! Handing work to the next stage without losing or inventing any.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;

use super::{Expect, Key, Store, StoreError, Table, Write};
use crate::observation::OrgId;

/// Who receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// From the scan to the evaluation.
    Observations,
    /// From the evaluation to the containment.
    Findings,
    /// From the containment to whoever listens to how it ended.
    Ended,
}

impl Queue {
    /// The queue's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Observations => "observations",
            Self::Findings => "findings",
            Self::Ended => "ended",
        }
    }

    /// The sender's table.
    fn table(self) -> Table {
        match self {
            Self::Observations => Table::Scan,
            Self::Findings => Table::Evaluate,
            Self::Ended => Table::Contain,
        }
    }

    fn key(self, org: &OrgId, order: String) -> Key {
        Key::new(self.table(), org, &format!("queue-{}", self.name()), order)
    }
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// To whom.
    pub queue: Queue,
    /// About whom.
    pub org: OrgId,
    /// Consumers read in this order, byte by byte; the same order again is the same message.
    pub order: String,
    /// What it says.
    pub body: Value,
}

/// The way to the next stage: SQS and EventBridge, or [`LocalOutbox`].
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Hands the messages to the next stage and then makes `then` true: never the other way round.
    async fn send(&self, messages: Vec<Outgoing>, then: Vec<Write>) -> Result<(), StoreError>;
}

/// A queue inside the store: the messages and `then` are one write, so there is no instant between them.
pub struct LocalOutbox<'a> {
    store: &'a dyn Store,
}

/// A message that has arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Its place in the queue.
    pub order: String,
    /// What it says.
    pub body: Value,
    /// Takes it off the queue; commit this together with what was made of it. It conflicts when another consumer
    /// was first, and when the message was sent again meanwhile. `None` for a queue that takes messages off by
    /// itself once they are answered.
    pub done: Option<Write>,
}

impl<'a> LocalOutbox<'a> {
    /// The queues inside a store.
    pub fn new(store: &'a dyn Store) -> Self {
        Self { store }
    }

    /// The writes that put messages into their queues.
    pub fn puts(messages: Vec<Outgoing>) -> impl Iterator<Item = Write> {
        let placed: BTreeMap<_, _> =
            messages.into_iter().map(|m| (m.queue.key(&m.org, m.order), m.body)).collect();
        placed.into_iter().map(|(key, body)| Write::Put { key, expect: Expect::Any, body })
    }

    /// The first messages of an org's queue, at most `limit` of them; they stay until their `done` is written.
    pub async fn next(&self, queue: Queue, org: &OrgId, limit: usize) -> Result<Vec<Waiting>, StoreError> {
        let start = queue.key(org, String::new());
        let records = self.store.list(start.table, &start.partition, "", limit).await?;
        let waiting = records.into_iter().map(|record| Waiting {
            order: record.key.sort.clone(),
            body: record.body,
            done: Some(Write::Delete { key: record.key, expect: Expect::Version(record.version) }),
        });
        Ok(waiting.collect())
    }
}

#[async_trait]
impl Outbox for LocalOutbox<'_> {
    async fn send(&self, messages: Vec<Outgoing>, then: Vec<Write>) -> Result<(), StoreError> {
        self.store.write(Self::puts(messages).chain(then).collect()).await
    }
}
