//! What Event Relay delivers.

use crate::support::{now, small};
use jiff::ToSpan;
use salesforce_simulator::{CampaignKind, RealTimeRelay, RelayedKeys, RelayedTimes, at_least_once};
use serde_json::Value;
use std::collections::BTreeMap;

fn kinds(events: &[Value]) -> BTreeMap<&str, usize> {
    let mut kinds = BTreeMap::new();
    for event in events {
        *kinds.entry(event["detail-type"].as_str().unwrap()).or_default() += 1;
    }
    kinds
}

#[test]
fn people_and_alarms_are_told_and_programs_are_not() {
    let mut org = small();
    let before = org.relayed(now());
    let guessed = org.launch(CampaignKind::BruteForce, now() + 1.hours());
    org.launch(CampaignKind::SessionTheft, now() + 1.hours());
    org.launch(CampaignKind::StolenRefreshToken, now() + 1.hours());
    let events = org.relayed(now());
    let told = kinds(&events);
    assert_eq!(
        told["LoginEventStream"],
        kinds(&before).get("LoginEventStream").unwrap_or(&0) + guessed.login_ids.len()
    );
    assert_eq!((told["LoginAnomalyEvent"], told["SessionHijackingEvent"], told.len()), (1, 1, 3));
    let alarm = events.iter().find(|event| event["detail-type"] == "LoginAnomalyEvent").unwrap();
    let of_login = |id: &str| {
        let login = events.iter().find(|event| event["detail"]["payload"]["LoginHistoryId"] == id).unwrap();
        &login["detail"]["payload"]["LoginKey"]
    };
    assert_eq!(&alarm["detail"]["payload"]["LoginKey"], of_login(guessed.login_ids.last().unwrap()));
    assert!(
        alarm["source"]
            .as_str()
            .unwrap()
            .starts_with(&format!("aws.partner/salesforce.com/{}/0YL", org.id()))
    );
}

#[test]
fn who_logs_out_is_told_by_the_key_of_his_login_and_his_session_is_gone() {
    let mut org = small();
    let campaign = org.launch(CampaignKind::BruteForce, now() + 1.hours());
    let session = campaign.session_ids[0];
    assert!(org.log_out(&session) > 0);
    assert!(org.live_sessions_of(&campaign.user_id).iter().all(|row| row.id != session));
    assert_eq!(org.log_out(&session), 0, "it is gone");
    let events = org.relayed(now());
    assert_eq!(kinds(&events)["LogoutEventStream"], 1);
    let key_of = |kind: &str| {
        let told = events.iter().rfind(|event| event["detail-type"] == kind).unwrap();
        told["detail"]["payload"]["LoginKey"].clone()
    };
    assert!(key_of("LogoutEventStream").is_string());
    assert_eq!(key_of("LogoutEventStream"), key_of("LoginEventStream"));
}

#[test]
fn each_switch_shows_in_the_events() {
    let mut org = small();
    org.launch(CampaignKind::BruteForce, now() + 1.hours());
    let event = |org: &salesforce_simulator::Org| org.relayed(now()).pop().unwrap()["detail"].clone();
    let detail = event(&org);
    assert!(detail["payload"]["EventDate"].is_i64() && detail["event"]["replayId"].is_u64());
    org.switches_mut().relayed_times = RelayedTimes::Written;
    org.switches_mut().relayed_keys = RelayedKeys::Untold;
    let detail = event(&org);
    assert!(detail["payload"]["EventDate"].is_string() && detail.as_object().unwrap().len() == 1);
    org.switches_mut().real_time_relay = RealTimeRelay::NotCarried;
    assert!(org.relayed(now()).is_empty());
}

#[test]
fn all_arrive_some_twice_and_in_any_order() {
    let mut org = small();
    org.launch(CampaignKind::BruteForce, now() + 1.hours());
    let events = org.relayed(now());
    let identifier =
        |event: &Value| event["detail"]["payload"]["EventIdentifier"].as_str().unwrap().to_owned();
    let delivered = at_least_once(events.clone(), 3);
    assert_eq!(delivered, at_least_once(events.clone(), 3));
    assert_ne!(delivered, at_least_once(events.clone(), 4));
    let mut times = BTreeMap::new();
    for event in &delivered {
        *times.entry(identifier(event)).or_insert(0) += 1;
    }
    assert!(events.iter().all(|event| times.contains_key(&identifier(event))) && times.len() == events.len());
    assert!(times.values().any(|times| *times == 2));
    assert!(!delivered.iter().map(|event| event["time"].as_str()).is_sorted());
}
