//! The way from the scan to the evaluation: an SQS FIFO queue.

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use sha2::{Digest, Sha256};

use crate::store::{Outbox, Outgoing, Store, StoreError, Write};

/// Sends to a FIFO queue, an org a group, and writes to a store what follows.
pub struct ObservationsQueue {
    client: Client,
    url: String,
    store: Arc<dyn Store>,
}

impl ObservationsQueue {
    /// The queue at a URL.
    pub fn new(configuration: &SdkConfig, url: &str, store: Arc<dyn Store>) -> Self {
        Self { client: Client::new(configuration), url: url.to_owned(), store }
    }

    async fn deliver(&self, message: Outgoing) -> Result<(), StoreError> {
        let body = message.body.to_string();
        let sent = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(message.org.as_str())
            .message_deduplication_id(deduplication(&message.order, &body))
            .message_body(body)
            .send();
        sent.await.map(|_| ()).map_err(|error| StoreError::Undelivered {
            to: format!("the queue {}", self.url),
            reason: crate::aws::reason(error.code(), error.message(), &error),
        })
    }
}

/// By its content too: a scan that begins again where one before it died may send more under the same place in the
/// order, and the queue must not take that for what it has had.
fn deduplication(order: &str, body: &str) -> String {
    let mut hash = Sha256::new();
    hash.update((order.len() as u64).to_be_bytes());
    hash.update(order);
    hash.update(body);
    hex::encode(hash.finalize())
}

#[async_trait]
impl Outbox for ObservationsQueue {
    /// A crash in between sends again; the evaluation counts nothing twice.
    async fn send(&self, messages: Vec<Outgoing>, then: Vec<Write>) -> Result<(), StoreError> {
        for message in messages {
            self.deliver(message).await?;
        }
        self.store.write(then).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_with_more_in_it_is_another_message() {
        assert_eq!(deduplication("7", "[1]"), deduplication("7", "[1]"));
        assert_ne!(deduplication("7", "[1]"), deduplication("7", "[1,2]"));
        assert_ne!(deduplication("7", "[1]"), deduplication("8", "[1]"));
    }
}
