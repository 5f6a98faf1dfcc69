//! Notices on an SNS topic: text for people, and the notice itself for programs.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sns::Client;
use aws_sdk_sns::error::ProvideErrorMetadata;
use serde_json::{Map, Value, json};

use super::{Notice, Notifier, NotifyError};

/// A subject is ASCII and shorter than 100 characters. Source: Amazon SNS API Reference, "Publish".
const SUBJECT: usize = 99;
/// Subscribers that are programs and get JSON.
const PROGRAMS: [&str; 5] = ["firehose", "http", "https", "lambda", "sqs"];

/// A topic. Who subscribes to it is the support; the text says who else is to be told, and where.
#[derive(Debug, Clone)]
pub struct Topic {
    client: Client,
    arn: String,
}

impl Topic {
    /// The topic of an ARN.
    pub fn new(configuration: &SdkConfig, arn: &str) -> Self {
        Self { client: Client::new(configuration), arn: arn.to_owned() }
    }

    fn failed(&self, reason: String) -> NotifyError {
        NotifyError { channel: format!("the topic {}", self.arn), reason }
    }
}

#[async_trait]
impl Notifier for Topic {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let message = message(notice).map_err(|error| self.failed(error.to_string()))?;
        let publish = self.client.publish().topic_arn(&self.arn).subject(subject(&notice.title));
        let sent = publish.message_structure("json").message(message).send().await;
        sent.map(|_| ())
            .map_err(|error| self.failed(crate::aws::reason(error.code(), error.message(), &error)))
    }
}

/// What each kind of subscriber gets.
fn message(notice: &Notice) -> serde_json::Result<String> {
    let for_programs = serde_json::to_string(notice)?;
    let mut message: Map<String, Value> =
        PROGRAMS.iter().map(|protocol| ((*protocol).to_owned(), json!(for_programs))).collect();
    message.insert("default".to_owned(), json!(for_people(notice)));
    serde_json::to_string(&message)
}

fn for_people(notice: &Notice) -> String {
    let addresses: Vec<_> = notice.to.iter().filter_map(|recipient| recipient.address.as_deref()).collect();
    let besides = match addresses.as_slice() {
        [] => String::new(),
        addresses => format!("\n\nTo be told besides: {}", addresses.join(", ")),
    };
    format!("{}\n\n{}{besides}", notice.title, notice.text)
}

fn subject(title: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    title.chars().map(plain).take(SUBJECT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::{About, Recipient, Recipients, WhoIsTold};

    fn notice(title: &str) -> Notice {
        let to: Recipients = serde_json::from_value(json!([
            Recipient { role: WhoIsTold::Support, address: Some("soc@acme.example".to_owned()) },
            Recipient { role: WhoIsTold::Manager, address: None },
        ]))
        .unwrap();
        Notice {
            schema_version: 1,
            notice_id: "n1".to_owned(),
            org_id: "00D000000000001EAA".into(),
            about: About::Ended,
            containment_id: Some(crate::containment::ContainmentId::of(&"00D000000000001EAA".into(), "r1")),
            finding_id: None,
            at: "2026-11-02T12:00:00Z".parse().unwrap(),
            to,
            title: title.to_owned(),
            text: "What was seen.".to_owned(),
        }
    }

    #[test]
    fn people_get_text_and_programs_the_notice() {
        let sent: Value = serde_json::from_str(&message(&notice("Ended")).unwrap()).unwrap();
        assert_eq!(sent["default"], "Ended\n\nWhat was seen.\n\nTo be told besides: soc@acme.example");
        let read: Notice = serde_json::from_str(sent["sqs"].as_str().unwrap()).unwrap();
        assert_eq!(read, notice("Ended"));
    }

    #[test]
    fn a_subject_is_what_sns_takes() {
        let long = format!("José\u{202e}\n{}", "x".repeat(200));
        assert_eq!(subject(&long), format!("Jos???{}", "x".repeat(93)));
    }
}
