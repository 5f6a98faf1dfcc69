//! What the template makes, made by hand for tests that need only a part of it.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_sqs::types::QueueAttributeName;

use crate::{ACCOUNT, LocalAws, REGION};

/// The tables of a store.
const TABLES: [&str; 4] = ["scan", "evaluate", "contain", "people"];

impl LocalAws {
    /// Makes the four tables whose names begin with a prefix.
    pub async fn create_tables(&self, prefix: &str) {
        let client = aws_sdk_dynamodb::Client::new(&self.configuration().await);
        for table in TABLES {
            let mut create = client.create_table().table_name(format!("{prefix}-{table}"));
            for (name, kind) in [("partition", KeyType::Hash), ("sort", KeyType::Range)] {
                let attribute = AttributeDefinition::builder().attribute_name(name);
                let attribute = attribute.attribute_type(ScalarAttributeType::S).build();
                let key = KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
                create = create
                    .attribute_definitions(attribute.expect("a definition"))
                    .key_schema(key.expect("a key"));
            }
            create.billing_mode(BillingMode::PayPerRequest).send().await.expect("the table is made");
        }
    }

    /// Makes a queue and answers its URL; one whose name ends in `.fifo` keeps the order of its groups.
    pub async fn create_queue(&self, name: &str) -> String {
        let client = aws_sdk_sqs::Client::new(&self.configuration().await);
        let mut create = client.create_queue().queue_name(name);
        if name.rsplit('.').next() == Some("fifo") {
            create = create.attributes(QueueAttributeName::FifoQueue, "true");
        }
        create.send().await.expect("the queue is made").queue_url.expect("it has a URL")
    }

    /// Makes an event bus, all of whose events go to a queue; answers the queue's URL.
    pub async fn create_bus(&self, name: &str) -> String {
        let queue = self.create_queue(&format!("{name}-events")).await;
        let client = aws_sdk_eventbridge::Client::new(&self.configuration().await);
        client.create_event_bus().name(name).send().await.expect("the bus is made");
        let pattern = format!(r#"{{"account":["{ACCOUNT}"]}}"#);
        let rule = client.put_rule().name("everything").event_bus_name(name).event_pattern(pattern);
        rule.send().await.expect("the rule is made");
        let target = aws_sdk_eventbridge::types::Target::builder()
            .id("queue")
            .arn(format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-events"))
            .build()
            .expect("a target");
        let target = client.put_targets().rule("everything").event_bus_name(name).targets(target);
        target.send().await.expect("the target is set");
        queue
    }

    /// Makes a secret, or changes what it holds.
    pub async fn put_secret(&self, name: &str, text: &str) {
        let client = aws_sdk_secretsmanager::Client::new(&self.configuration().await);
        let made = client.create_secret().name(name).secret_string(text).send().await;
        if made.is_err() {
            let changed = client.put_secret_value().secret_id(name).secret_string(text).send().await;
            changed.expect("the secret is changed");
        }
    }

    /// Takes up to ten messages off a queue: receipt, id, group and body of each. They come again unless they are deleted.
    pub async fn receive(&self, queue: &str) -> Vec<Received> {
        let client = aws_sdk_sqs::Client::new(&self.configuration().await);
        let receive = client.receive_message().queue_url(queue).max_number_of_messages(10);
        let all = aws_sdk_sqs::types::MessageSystemAttributeName::All;
        let received = receive.message_system_attribute_names(all).send().await.expect("the queue answers");
        received.messages.unwrap_or_default().into_iter().map(Received::of).collect()
    }

    /// Deletes a message that was received.
    pub async fn delete(&self, queue: &str, received: &Received) {
        let client = aws_sdk_sqs::Client::new(&self.configuration().await);
        let delete = client.delete_message().queue_url(queue).receipt_handle(&received.receipt);
        delete.send().await.expect("the message is deleted");
    }
}

/// A message of a queue.
#[derive(Debug, Clone)]
pub struct Received {
    /// With which it is deleted.
    pub receipt: String,
    /// Its id.
    pub id: String,
    /// Its group, in a FIFO queue.
    pub group: Option<String>,
    /// By which the queue tells it from others, in a FIFO queue.
    pub deduplication: Option<String>,
    /// What it says.
    pub body: String,
}

impl Received {
    fn of(message: aws_sdk_sqs::types::Message) -> Self {
        use aws_sdk_sqs::types::MessageSystemAttributeName::{MessageDeduplicationId, MessageGroupId};
        let attributes = message.attributes.unwrap_or_default();
        Self {
            receipt: message.receipt_handle.expect("a receipt"),
            id: message.message_id.expect("an id"),
            group: attributes.get(&MessageGroupId).cloned(),
            deduplication: attributes.get(&MessageDeduplicationId).cloned(),
            body: message.body.expect("a body"),
        }
    }
}
