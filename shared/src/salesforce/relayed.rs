//! Real-Time Events as Event Relay sends them to EventBridge. Source: Platform Events Developer Guide, "Real-Time Event Monitoring
//! Objects"; Event Relay guide. What surrounds `detail.payload` is not documented throughout, so only what is needed is read.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::datetime::Instant;
use super::login_record;
use super::query::record_from;
use super::wire::{Address, Field, Text};
use crate::observation::{Logout, Observation, Threat, ThreatKind, UserId};

/// What an event of a Salesforce org says.
#[derive(Debug, Clone, PartialEq)]
pub enum Relayed {
    /// Something to judge.
    Seen(Box<Observation>),
    /// Nothing that a scan does not tell better: what is about nobody, a login without its record, or a logout without its login.
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

/// An alarm, or a logout, which tells less.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Told {
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

impl Told {
    /// # Errors
    /// Where what it cannot do without is not as documented.
    fn read(payload: Map<String, Value>) -> Result<Self, String> {
        let wrong = |_| "its EventDate, UserId or Score is not as documented".to_owned();
        Self::deserialize(Value::Object(payload)).map_err(wrong)
    }

    /// What makes the event unique, however often it is delivered; that of its envelope where it says nothing of its own.
    fn id(&self, of_envelope: String) -> String {
        let own = &self.event_identifier.0;
        if own.is_empty() { of_envelope } else { own.clone() }
    }
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
        "LogoutEventStream" => logout(id, detail.payload),
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

fn logout(id: String, payload: Map<String, Value>) -> Result<Relayed, String> {
    let told = Told::read(payload)?;
    let (id, time) = (told.id(id), told.event_date.read()?);
    let (Some(user_id), false) = (told.user_id, told.login_key.0.is_empty()) else {
        return Ok(Relayed::Nothing);
    };
    let logout = Logout { id, time, user_id, login_key: told.login_key.0.into() };
    Ok(Relayed::Seen(Box::new(Observation::Logout(Box::new(logout)))))
}

fn threat(kind: ThreatKind, id: String, payload: Map<String, Value>) -> Result<Relayed, String> {
    let alarm = Told::read(payload)?;
    let id = alarm.id(id);
    // Nothing can be done about nobody.
    let Some(user_id) = alarm.user_id else { return Ok(Relayed::Nothing) };
    let [source, current] = [alarm.source_ip.0, alarm.current_ip.0];
    let threat = Threat {
        id,
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
    fn a_logout_is_of_the_login_that_its_key_names() {
        for date in [json!(1_795_700_000_965_i64), json!("2026-11-26T13:33:20.965Z")] {
            let payload = json!({ "EventDate": date, "UserId": "0055g00000AbCdEAAV", "LoginKey": "k1", "SessionKey": "s1",
                "EventIdentifier": "e1", "SessionLevel": "STANDARD", "SourceIp": "Salesforce.com IP" });
            let Observation::Logout(logout) = seen(&event("LogoutEventStream", &payload)) else {
                panic!("a logout")
            };
            assert_eq!((logout.id.as_str(), logout.login_key.as_str()), ("e1", "k1"));
            assert_eq!(logout.time.to_string(), "2026-11-26T13:33:20.965Z");
        }
    }

    #[test]
    fn what_says_nothing_is_passed_over_and_what_is_not_known_is_refused() {
        let nothing = [
            event("LogoutEventStream", &json!({ "EventDate": 1, "LoginKey": "k" })),
            event(
                "LogoutEventStream",
                &json!({ "EventDate": 1, "UserId": "0055g00000AbCdEAAV", "LoginKey": null }),
            ),
            event("LoginEventStream", &json!({ "EventDate": 1, "LoginHistoryId": null })),
            event("CredentialStuffingEvent", &json!({ "EventDate": 1 })),
        ];
        for event in nothing {
            assert_eq!(relayed(&event).unwrap(), Relayed::Nothing);
        }
        let unknown = [
            json!("?"),
            json!({}),
            event("ReportEvent", &json!({})),
            event("LoginAnomalyEvent", &json!({})),
            event("LogoutEventStream", &json!({})),
        ];
        for event in unknown {
            assert!(relayed(&event).is_err());
        }
    }
}
