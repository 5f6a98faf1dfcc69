//! What the findings bus delivers. An event is a hint: it names the finding, and what stands in the store counts.

use serde::Deserialize;
use serde_json::Value;
use session_warden::lambda::Failure;
use session_warden::messages::{FindingRaised, SCHEMA_VERSION};

const DETAIL_TYPE: &str = "Suspicious Activity Found";

/// An EventBridge event, as far as it matters here.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Value,
}

/// The finding that a message names: in an EventBridge event, or by itself.
pub(crate) fn finding(body: Value) -> Result<FindingRaised, Failure> {
    let detail = if body.get("detail-type").is_some() { detail(body)? } else { body };
    let raised: FindingRaised =
        serde_json::from_value(detail).map_err(|error| unreadable(error.to_string()))?;
    if raised.schema_version != SCHEMA_VERSION {
        return Err(unreadable(format!("its schema_version is {}", raised.schema_version)));
    }
    Ok(raised)
}

fn detail(body: Value) -> Result<Value, Failure> {
    let event: Event = serde_json::from_value(body).map_err(|error| unreadable(error.to_string()))?;
    if event.detail_type != DETAIL_TYPE {
        return Err(unreadable(format!("`{}` is not `{DETAIL_TYPE}`", event.detail_type)));
    }
    Ok(event.detail)
}

fn unreadable(reason: String) -> Failure {
    Failure::InvalidPayload(reason)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn raised() -> Value {
        json!({ "schema_version": 1, "org_id": "00D000000000001EAA", "finding_id": "f1", "version": 2 })
    }

    #[test]
    fn a_finding_is_read_by_itself_and_out_of_an_event() {
        let event = json!({ "version": "0", "source": "session-warden", "detail-type": DETAIL_TYPE, "detail": raised() });
        assert_eq!(finding(event).unwrap(), finding(raised()).unwrap());
    }

    #[test]
    fn anything_else_is_refused() {
        let mut newer = raised();
        newer["schema_version"] = json!(2);
        let other = json!({ "detail-type": "Scheduled Event", "detail": {} });
        for body in [json!("f1"), json!({}), newer, other, json!({ "detail-type": DETAIL_TYPE })] {
            assert_eq!(finding(body).unwrap_err().error_type(), "InvalidPayload");
        }
    }
}
