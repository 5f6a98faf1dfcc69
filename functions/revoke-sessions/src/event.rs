//! What the queue delivers: the events of the findings bus and of the commands bus, which are hints, for what stands in the
//! store and in Salesforce counts; and a schedule's request to look at what waits for people and at what has ended within
//! a day.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use session_warden::containment::Request;
use session_warden::lambda::{FINDING, Failure};
use session_warden::messages::{FindingRaised, SCHEMA_VERSION};
use session_warden::observation::OrgId;

use crate::requested;

const REQUESTED: &str = "Containment Requested";

/// An EventBridge event, as far as it matters here.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Value,
}

/// What a message asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asked {
    /// To contain whom a finding lets contain.
    Contain(FindingRaised),
    /// To end somebody's access.
    Request(Box<Request>),
    /// To go through the agenda of an org.
    Tend(OrgId),
}

/// What a schedule sends: `{"schema_version":1,"org_id":"00D…","task":"tend"}`.
#[derive(Deserialize)]
struct Scheduled {
    schema_version: u32,
    org_id: OrgId,
    #[serde(rename = "task")]
    _task: Task,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Task {
    Tend,
}

impl Asked {
    pub(crate) fn org(&self) -> &OrgId {
        match self {
            Self::Contain(raised) => &raised.org_id,
            Self::Request(request) => &request.org_id,
            Self::Tend(org) => org,
        }
    }
}

/// What a message asks for: in an EventBridge event, or by itself.
pub(crate) fn asked(body: Value) -> Result<Asked, Failure> {
    let detail = if body.get("detail-type").is_some() {
        let event: Event = read(body)?;
        match event.detail_type.as_str() {
            FINDING => event.detail,
            REQUESTED => return requested::asked(event.detail),
            other => {
                return Err(unreadable(format!("`{other}` is neither `{FINDING}` nor `{REQUESTED}`")));
            }
        }
    } else {
        body
    };
    let (version, asked) = if detail.get("task").is_some() {
        let scheduled: Scheduled = read(detail)?;
        (scheduled.schema_version, Asked::Tend(scheduled.org_id))
    } else {
        let raised: FindingRaised = read(detail)?;
        (raised.schema_version, Asked::Contain(raised))
    };
    if version != SCHEMA_VERSION {
        return Err(unreadable(format!("its schema_version is {version}")));
    }
    Ok(asked)
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, Failure> {
    serde_json::from_value(body).map_err(|error| unreadable(error.to_string()))
}

pub(crate) fn unreadable(reason: String) -> Failure {
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
        let event =
            json!({ "version": "0", "source": "session-warden", "detail-type": FINDING, "detail": raised() });
        assert_eq!(asked(event).unwrap(), asked(raised()).unwrap());
    }

    #[test]
    fn a_schedule_asks_to_tend() {
        let body = |task: &str| json!({ "schema_version": 1, "org_id": "00D000000000001EAA", "task": task });
        assert_eq!(asked(body("tend")).unwrap(), Asked::Tend(OrgId::new("00D000000000001EAA")));
        assert_eq!(asked(body("contain")).unwrap_err().error_type(), "InvalidPayload");
    }

    #[test]
    fn anything_else_is_refused() {
        let mut newer = raised();
        newer["schema_version"] = json!(2);
        let other = json!({ "detail-type": "Scheduled Event", "detail": {} });
        for body in [json!("f1"), json!({}), newer, other, json!({ "detail-type": FINDING })] {
            assert_eq!(asked(body).unwrap_err().error_type(), "InvalidPayload");
        }
    }
}
