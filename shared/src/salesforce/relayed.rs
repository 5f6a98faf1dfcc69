//! Real-Time Events as Event Relay sends them to EventBridge. Source: Platform Events Developer Guide, "Real-Time Event Monitoring
//! Objects"; Event Relay guide. What surrounds `detail.payload` is not documented throughout, so only what is needed is read.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::datetime::Instant;
use super::login_record;
use super::query::record_from;
use super::wire::{Address, Field, Text};
use crate::observation::{Observation, Threat, ThreatKind, UserId};

/// What an event of a Salesforce org says.
#[derive(Debug, Clone, PartialEq)]
pub enum Relayed {
    /// Something to judge.
    Seen(Box<Observation>),
    /// Nothing that a scan does not tell better: a logout, or a login without its record.
    Nothing,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "detail-type")]
    kind: String,
    detail: Detail,
}

#[derive(Deserialize)]
struct Detail {
    payload: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Alarm {
    event_date: When,
    user_id: Option<UserId>,
    #[serde(default)]
    source_ip: Address,
    #[serde(default)]
    current_ip: Address,
    #[serde(default)]
    event_identifier: Text,
    #[serde(default)]
    login_key: Text,
    score: Option<f64>,
    #[serde(default)]
    summary: Text,
}

/// Both ways are seen.
#[derive(Deserialize)]
#[serde(untagged)]
enum When {
    Milliseconds(i64),
    Written(Instant),
}

impl When {
    fn read(&self) -> Result<Timestamp, String> {
        match self {
            Self::Milliseconds(number) => {
                Timestamp::from_millisecond(*number).map_err(|_| "its EventDate is no instant".to_owned())
            }
            Self::Written(instant) => Ok(instant.0),
        }
    }
}

/// Reads an event.
///
/// # Errors
/// Says what keeps it from being read, without repeating its content.
pub fn relayed(event: &Value) -> Result<Relayed, String> {
    let Event { id, kind, detail } =
        Event::deserialize(event).map_err(|_| "it has not the shape of a relayed event".to_owned())?;
    match kind.as_str() {
        "LoginEventStream" => login(detail.payload),
        "SessionHijackingEvent" => threat(ThreatKind::SessionHijacking, id, detail.payload),
        "LoginAnomalyEvent" => threat(ThreatKind::LoginAnomaly, id, detail.payload),
        "CredentialStuffingEvent" => threat(ThreatKind::CredentialStuffing, id, detail.payload),
        // Nothing takes it off the bus any more but the rule of a stack that is not yet brought up to date.
        "LogoutEventStream" => Ok(Relayed::Nothing),
        _ => Err("events of its kind are not read".to_owned()),
    }
}

/// The event is read as the record that it names, whose fields have other names in places: judged once, whichever comes first.
fn login(mut payload: Map<String, Value>) -> Result<Relayed, String> {
    if !payload.get("LoginHistoryId").is_some_and(Value::is_string) {
        return Ok(Relayed::Nothing);
    }
    let date = payload.remove("EventDate").ok_or("it has no EventDate")?;
    let time = When::deserialize(date).map_err(|_| "its EventDate is no instant".to_owned())?.read()?;
    // The record's LoginTime is in whole seconds.
    let second = Timestamp::from_second(time.as_second()).unwrap_or(time);
    let geo = json!({ "Latitude": payload.remove("LoginLatitude"), "Longitude": payload.remove("LoginLongitude"),
        "City": payload.remove("City") });
    for (field, of_event) in [("Id", "LoginHistoryId"), ("AuthenticationServiceId", "AuthServiceId")] {
        let value = payload.remove(of_event).unwrap_or_default();
        payload.insert(field.to_owned(), value);
    }
    let key = payload.remove("LoginKey").and_then(|key| Some(Field::of(key.as_str()?).0));
    payload.insert("LoginTime".to_owned(), json!(second.to_string()));
    payload.insert("LoginGeo".to_owned(), geo);
    let mut login = login_record::login(record_from(&Value::Object(payload).to_string())?)?;
    login.detail.relayed = true;
    login.detail.login_key = key.unwrap_or_default();
    Ok(Relayed::Seen(Box::new(Observation::Login(Box::new(login)))))
}

fn threat(kind: ThreatKind, id: String, payload: Map<String, Value>) -> Result<Relayed, String> {
    let alarm = Alarm::deserialize(Value::Object(payload))
        .map_err(|_| "its EventDate, UserId or Score is not as documented".to_owned())?;
    // Nothing can be done about nobody.
    let Some(user_id) = alarm.user_id else { return Ok(Relayed::Nothing) };
    let [source, current] = [alarm.source_ip.0, alarm.current_ip.0];
    let own = alarm.event_identifier.0;
    let threat = Threat {
        id: if own.is_empty() { id } else { own },
        kind,
        time: alarm.event_date.read()?,
        user_id,
        source: if current.address().is_some() { current } else { source },
        // What is outside the range that is documented makes nobody sure.
        score: alarm.score.map(|score| if (0.0..=1.0).contains(&score) { score } else { 0.0 }),
        login_key: alarm.login_key.0.into(),
        summary: alarm.summary.0,
    };
    Ok(Relayed::Seen(Box::new(Observation::Threat(Box::new(threat)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Outcome;

    fn event(kind: &str, payload: &Value) -> Value {
        json!({ "version": "0", "id": "6a7e8feb", "detail-type": kind, "detail": { "payload": payload } })
    }

    fn seen(event: &Value) -> Observation {
        match relayed(event).unwrap() {
            Relayed::Seen(observation) => *observation,
            Relayed::Nothing => panic!("it says something"),
        }
    }

    #[test]
    fn a_login_is_the_record_that_it_names() {
        for date in [json!(1_795_700_000_965_i64), json!("2026-11-26T13:33:20.965Z")] {
            let payload = json!({ "LoginHistoryId": "0Ya5g00000AbCdEAAV", "EventDate": date, "UserId": "0055g00000AbCdEAAV",
                "Status": "Success", "SourceIp": "198.51.100.7", "LoginLatitude": 52.5, "LoginLongitude": 13.4,
                "City": "Berlin", "CountryIso": "DE", "Browser": "Chrome 130", "SessionKey": "x" });
            let Observation::Login(login) = seen(&event("LoginEventStream", &payload)) else {
                panic!("a login")
            };
            assert_eq!(login.id.as_str(), "0Ya5g00000AbCdEAAV");
            assert_eq!(login.time.to_string(), "2026-11-26T13:33:20Z");
            assert_eq!((login.outcome, login.detail.relayed), (Outcome::Success, true));
            assert_eq!(login.place.unwrap().city.as_deref(), Some("Berlin"));
        }
    }

    #[test]
    fn an_alarm_is_of_its_user_whatever_else_is_missing() {
        let payload = json!({ "EventDate": 1_795_700_000_965_i64, "UserId": "0055g00000AbCdEAAV", "Score": 0.94,
            "CurrentIp": "203.0.113.9", "PreviousIp": "198.51.100.7", "EventIdentifier": "e1" });
        let Observation::Threat(threat) = seen(&event("SessionHijackingEvent", &payload)) else {
            panic!("a threat")
        };
        assert_eq!((threat.id.as_str(), threat.score), ("e1", Some(0.94)));
        assert_eq!(threat.source.to_string(), "203.0.113.9");
        let bare = json!({ "EventDate": "2026-11-26T13:33:20Z", "UserId": "0055g00000AbCdEAAV", "Score": 7 });
        let Observation::Threat(threat) = seen(&event("LoginAnomalyEvent", &bare)) else {
            panic!("a threat")
        };
        assert_eq!((threat.id.as_str(), threat.score), ("6a7e8feb", Some(0.0)));
    }

    #[test]
    fn what_says_nothing_is_passed_over_and_what_is_not_known_is_refused() {
        let nothing = [
            event("LogoutEventStream", &json!({})),
            event("LoginEventStream", &json!({ "EventDate": 1, "LoginHistoryId": null })),
            event("CredentialStuffingEvent", &json!({ "EventDate": 1 })),
        ];
        for event in nothing {
            assert_eq!(relayed(&event).unwrap(), Relayed::Nothing);
        }
        let unknown =
            [json!("?"), json!({}), event("ReportEvent", &json!({})), event("LoginAnomalyEvent", &json!({}))];
        for event in unknown {
            assert!(relayed(&event).is_err());
        }
    }
}
