//! What the template makes, made by hand for tests that need only a part of it.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use serde_json::Value;

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

    /// Makes a queue to which a topic publishes; answers its URL.
    pub async fn subscribe(&self, topic: &str) -> String {
        let queues = aws_sdk_sqs::Client::new(&self.configuration().await);
        let queue = queues.create_queue().queue_name("subscriber").send().await.expect("the queue is made");
        let topics = aws_sdk_sns::Client::new(&self.configuration().await);
        let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:subscriber");
        let subscription = topics.subscribe().topic_arn(topic).protocol("sqs").endpoint(arn);
        subscription.attributes("RawMessageDelivery", "true").send().await.expect("the queue is subscribed");
        queue.queue_url.expect("it has a URL")
    }

    /// Puts an event on a bus.
    pub async fn put_event(&self, bus: &str, source: &str, kind: &str, detail: &Value) {
        let client = aws_sdk_eventbridge::Client::new(&self.configuration().await);
        let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder().event_bus_name(bus);
        let entry = entry.source(source).detail_type(kind).detail(detail.to_string()).build();
        let put = client.put_events().entries(entry).send().await.expect("the bus answers");
        assert_eq!(put.failed_entry_count, 0, "{put:?}");
    }

    /// The objects of a bucket by their keys.
    pub async fn objects(&self, bucket: &str) -> BTreeMap<String, Value> {
        let client = aws_sdk_s3::Client::from_conf(
            aws_sdk_s3::config::Builder::from(&self.configuration().await).force_path_style(true).build(),
        );
        let listed = client.list_objects_v2().bucket(bucket).send().await.expect("the bucket is there");
        let mut objects = BTreeMap::new();
        for key in listed.contents().iter().filter_map(|object| object.key()) {
            let object =
                client.get_object().bucket(bucket).key(key).send().await.expect("the object is there");
            let body = object.body.collect().await.expect("the object is read").into_bytes();
            objects.insert(key.to_owned(), serde_json::from_slice(&body).expect("JSON"));
        }
        objects
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

    /// Puts a message into a group of a FIFO queue.
    pub async fn send(&self, queue: &str, group: &str, body: &str) {
        let client = aws_sdk_sqs::Client::new(&self.configuration().await);
        let send = client.send_message().queue_url(queue).message_group_id(group).message_body(body);
        send.send().await.expect("the queue takes it");
    }

    /// Takes messages off a queue. They come again unless they are deleted.
    pub async fn receive(&self, queue: &str, most: i32) -> Vec<Received> {
        let client = aws_sdk_sqs::Client::new(&self.configuration().await);
        let receive = client.receive_message().queue_url(queue).max_number_of_messages(most);
        let all = aws_sdk_sqs::types::MessageSystemAttributeName::All;
        let received = receive.message_system_attribute_names(all).send().await.expect("the queue answers");
        received.messages.unwrap_or_default().into_iter().map(Received::of).collect()
    }

    /// Lets the time pass after which a message that was received and not deleted comes again.
    pub async fn show_again(&self, queue: &str, received: &Received) {
        let client = aws_sdk_sqs::Client::new(&self.configuration().await);
        let shown = client.change_message_visibility().queue_url(queue).receipt_handle(&received.receipt);
        shown.visibility_timeout(0).send().await.expect("the message is shown");
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
    /// What it says.
    pub body: String,
}

impl Received {
    fn of(message: aws_sdk_sqs::types::Message) -> Self {
        use aws_sdk_sqs::types::MessageSystemAttributeName::MessageGroupId;
        let attributes = message.attributes.unwrap_or_default();
        Self {
            receipt: message.receipt_handle.expect("a receipt"),
            id: message.message_id.expect("an id"),
            group: attributes.get(&MessageGroupId).cloned(),
            body: message.body.expect("a body"),
        }
    }
}
