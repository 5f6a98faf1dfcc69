//! `Containment Requested`: what a person, a runbook or a SIEM asks for through the commands bus. The bus lets in who may
//! ask; who `requested_by` names is a claim for the record. The request is a hint: Salesforce is read, and every rule
//! about whom, how many and with whose consent holds as for a request on the command line.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use session_warden::containment::{Marks, Request, RequestedBy, Target};
use session_warden::detection::FindingId;
use session_warden::lambda::Failure;
use session_warden::messages::{FindingRaised, SCHEMA_VERSION};
use session_warden::observation::{OrgId, SessionId, UserId};

use crate::event::{Asked, unreadable};

/// Longer texts are cut.
const REASON: usize = 500;
const NAME: usize = 100;

/// The event's detail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    schema_version: u32,
    /// The same id and subject are the same request, however often they come.
    request_id: String,
    org_id: OrgId,
    /// Whose access ends; or else the finding that says whose.
    subject: Option<Subject>,
    finding_id: Option<FindingId>,
    /// To widen it: a session to its user, anything to the org.
    level: Option<Level>,
    reason: String,
    requested_by: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
enum Subject {
    Session { id: String, user_id: String },
    User { id: String },
    Application { id: String },
    Org,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Session,
    User,
    App,
    Org,
}

/// What the detail asks for.
pub(crate) fn asked(detail: Value) -> Result<Asked, Failure> {
    let command: Command = serde_json::from_value(detail).map_err(|error| unreadable(error.to_string()))?;
    if command.schema_version != SCHEMA_VERSION {
        return Err(unreadable(format!("its schema_version is {}", command.schema_version)));
    }
    let Command { request_id, org_id, subject, finding_id, level, reason, requested_by, .. } = command;
    if request_id.is_empty() || request_id.len() > NAME {
        return Err(unreadable(format!("request_id has 1 to {NAME} bytes")));
    }
    match (subject, finding_id) {
        (Some(subject), None) => {
            let target = target(subject, level)?;
            Ok(Asked::Request(Box::new(Request {
                // Whoever names another subject by an id that he has used before asks for something else.
                request_id: format!("event/{request_id}/{}", target.request_name()),
                org_id,
                target,
                also: BTreeSet::new(),
                reason: cut(&reason, REASON),
                requested_by: RequestedBy::Event { name: cut(&requested_by, NAME) },
                trigger: None,
            })))
        }
        // What the policy lets contain, decided anew.
        (None, Some(finding_id)) => Ok(Asked::Contain(FindingRaised {
            schema_version: SCHEMA_VERSION,
            org_id,
            finding_id,
            version: 0,
        })),
        _ => Err(unreadable("it names neither a subject nor a finding_id, or both".to_owned())),
    }
}

fn target(subject: Subject, level: Option<Level>) -> Result<Target, Failure> {
    let (named, own) = match subject {
        Subject::Session { id, user_id } => {
            let session_ids = BTreeSet::from([SessionId::new(salesforce_id(&id, "0Ak")?)]);
            let user_id = UserId::new(salesforce_id(&user_id, "005")?);
            (Target::Session { user_id, hostile: Marks { session_ids, ..Marks::default() } }, Level::Session)
        }
        Subject::User { id } => {
            (Target::User { user_id: UserId::new(salesforce_id(&id, "005")?) }, Level::User)
        }
        Subject::Application { id } if id.is_empty() || id.len() > NAME => {
            return Err(unreadable(format!(
                "an application is named by its name, to the letter, of {NAME} bytes at most"
            )));
        }
        Subject::Application { id } => (Target::App { app_name: id }, Level::App),
        Subject::Org => (Target::Org, Level::Org),
    };
    match (named, level) {
        (named, None) => Ok(named),
        (named, Some(asked)) if asked == own => Ok(named),
        (Target::Session { user_id, .. }, Some(Level::User)) => Ok(Target::User { user_id }),
        (_, Some(Level::Org)) => Ok(Target::Org),
        _ => Err(unreadable(
            "its level does not follow from its subject: a level may only be widened".to_owned(),
        )),
    }
}

/// An id becomes part of queries and paths.
fn salesforce_id(id: &str, prefix: &str) -> Result<String, Failure> {
    let fits = matches!(id.len(), 15 | 18)
        && id.bytes().all(|b| b.is_ascii_alphanumeric())
        && id.starts_with(prefix);
    if fits {
        Ok(id.to_owned())
    } else {
        Err(unreadable(format!("an id of its subject is no {prefix}… id")))
    }
}

/// Without control characters, and no longer than this.
fn cut(text: &str, characters: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(characters).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn detail(subject: Value) -> Value {
        let mut detail = json!({ "schema_version": 1, "request_id": "case-7", "org_id": "00D000000000001EAA",
            "reason": "seen\u{7} at the proxy", "requested_by": "siem" });
        detail["subject"] = subject;
        detail
    }

    fn target_of(detail: Value) -> Result<Target, Failure> {
        match asked(detail)? {
            Asked::Request(request) => Ok(request.target),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_is_one_of_a_person_by_event() {
        let Asked::Request(request) =
            asked(detail(json!({ "kind": "user", "id": "005000000000001AAA" }))).unwrap()
        else {
            panic!("a request")
        };
        assert_eq!(
            (request.request_id.as_str(), request.reason.as_str()),
            ("event/case-7/005000000000001AAA/user", "seen at the proxy")
        );
        assert_eq!(request.requested_by, RequestedBy::Event { name: "siem".to_owned() });
        assert_eq!(request.target, Target::User { user_id: UserId::new("005000000000001AAA") });
    }

    #[test]
    fn one_request_id_for_two_subjects_is_two_requests() {
        let (one, other) = ("005000000000001AAA", "005000000000002AAA");
        let subjects = [
            json!({ "kind": "user", "id": one }),
            json!({ "kind": "user", "id": other }),
            json!({ "kind": "session", "id": "0Ak000000000001AAA", "user_id": one }),
            json!({ "kind": "session", "id": "0Ak000000000002AAA", "user_id": one }),
            json!({ "kind": "application", "id": "Data Loader" }),
            json!({ "kind": "org" }),
        ];
        let ids: BTreeSet<_> = subjects
            .iter()
            .map(|subject| match asked(detail(subject.clone())).unwrap() {
                Asked::Request(request) => request.request_id,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(ids.len(), subjects.len(), "{ids:?}");
    }

    #[test]
    fn a_finding_is_decided_anew_by_the_policy() {
        let mut detail = detail(Value::Null);
        detail["finding_id"] = json!("f1");
        let Asked::Contain(raised) = asked(detail).unwrap() else { panic!("a finding") };
        assert_eq!(raised.finding_id, FindingId::new("f1"));
    }

    #[test]
    fn a_level_may_only_be_widened() {
        let with = |subject: Value, level: &str| {
            let mut detail = detail(subject);
            detail["level"] = json!(level);
            target_of(detail)
        };
        let session =
            json!({ "kind": "session", "id": "0Ak000000000001AAA", "user_id": "005000000000001AAA" });
        let user = json!({ "kind": "user", "id": "005000000000001AAA" });
        assert!(matches!(with(session.clone(), "user"), Ok(Target::User { .. })));
        assert!(matches!(with(session, "session"), Ok(Target::Session { .. })));
        assert!(matches!(with(user.clone(), "org"), Ok(Target::Org)));
        assert!(with(user, "session").is_err());
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        let both = {
            let mut detail = detail(json!({ "kind": "org" }));
            detail["finding_id"] = json!("f1");
            detail
        };
        let unknown = {
            let mut detail = detail(json!({ "kind": "org" }));
            detail["apply"] = json!(true);
            detail
        };
        let hostile = detail(json!({ "kind": "user", "id": "005' OR Id != '" }));
        let nobody = detail(json!({ "kind": "user", "id": "" }));
        let network = detail(json!({ "kind": "network", "id": "198.51.100.7" }));
        for detail in [both, unknown, hostile, nobody, network, detail(Value::Null), json!({}), json!("f1")] {
            assert_eq!(asked(detail).unwrap_err().error_type(), "InvalidPayload");
        }
    }
}
