//! What the schedule sends: the `Input` of its target, with the scheduler's context attributes.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use session_warden::lambda::Failure;
use session_warden::messages::SCHEMA_VERSION;
use session_warden::observation::OrgId;

/// A request to scan one org.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScanRequest {
    schema_version: u32,
    /// The org's id.
    pub(crate) org: OrgId,
    /// When the scan was due.
    pub(crate) scheduled_time: Timestamp,
    /// The scheduler's id of this delivery.
    pub(crate) execution_id: Option<String>,
    /// Which attempt of it this is.
    pub(crate) attempt: Option<String>,
}

impl ScanRequest {
    pub(crate) fn read(payload: Value) -> Result<Self, Failure> {
        let request: Self =
            serde_json::from_value(payload).map_err(|error| unreadable(&error.to_string()))?;
        if request.schema_version != SCHEMA_VERSION {
            return Err(unreadable(&format!("its schema_version is {}", request.schema_version)));
        }
        Ok(request)
    }
}

fn unreadable(reason: &str) -> Failure {
    Failure::InvalidPayload(format!(
        r#"{reason}; the schedule's Input is {{"schema_version":{SCHEMA_VERSION},"org":"00D…","scheduled_time":"<aws.scheduler.scheduled-time>"}}"#
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_schedules_input_is_read() {
        let request = ScanRequest::read(json!({
            "schema_version": 1,
            "org": "00D000000000001",
            "scheduled_time": "2026-11-02T12:00:00Z",
            "execution_id": "d32c5kddcf5bb8c3",
            "attempt": "1",
        }));
        assert_eq!(request.unwrap().org.as_str(), "00D000000000001EAA");
    }

    #[test]
    fn anything_else_is_refused_with_what_to_write() {
        let schedulers_own = json!({ "version": "0", "source": "aws.scheduler", "detail": "{}" });
        let newer = json!({ "schema_version": 2, "org": "00D000000000001", "scheduled_time": "2026-11-02T12:00:00Z" });
        for payload in [json!({}), schedulers_own, newer] {
            let failure = ScanRequest::read(payload).unwrap_err();
            assert_eq!(failure.error_type(), "InvalidPayload");
            assert!(failure.to_string().contains("<aws.scheduler.scheduled-time>"), "{failure}");
        }
    }
}
