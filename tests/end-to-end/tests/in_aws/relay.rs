//! What the org relays itself.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::emulator::Function;
use crate::world::{World, metric};

/// What the evaluation has counted over all its invocations.
fn total(evaluate: &Function, name: &str) -> u64 {
    evaluate.log().iter().filter_map(|line| line[name].as_u64()).sum()
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_salesforce_relays_is_judged_once_and_its_own_alarm_asks() {
    let world = World::new().await;
    let (scan, evaluate) = (world.start("scan-login-history"), world.start("evaluate-activity"));
    let revoke = world.start("revoke-sessions");
    world.scan(&scan).await;
    world.pump(&evaluate).await;
    let campaign = world.attack();
    let user = campaign.user_id.as_str();
    let relay = &world.stack.relay;
    let relayed = async |kind: &str, payload: &Value| {
        world.aws.put_event(&relay.bus, &relay.source, kind, &json!({ "payload": payload })).await;
        world.pump(&evaluate).await;
    };

    // No scan has seen the attack: what follows is the alarm's, which asks, and nobody is there to answer.
    let now = world.simulator.org().now();
    let alarm = json!({ "EventIdentifier": "e1", "EventDate": now.to_string(), "UserId": user, "Score": 0.97,
        "CurrentIp": "203.0.113.9", "Summary": "two browsers" });
    relayed("SessionHijackingEvent", &alarm).await;
    assert_eq!(metric(&evaluate, "FindingsHigh"), Some(1.0), "{:?}", evaluate.log());
    world.pump(&revoke).await;
    assert_eq!(metric(&revoke, "ContainmentsRefused"), Some(1.0), "{:?}", revoke.log());
    assert!(!world.is_contained(&campaign), "one kind of evidence alone ends nobody's access");

    relayed("LoginAnomalyEvent", &json!({ "UserId": user })).await;
    assert_eq!(metric(&evaluate, "RowsRejected"), Some(1.0), "it was kept, and held up nothing");
    let dead = world.bodies(&world.beside("evaluate-activity", "observations-dead-letters.fifo")).await;
    assert_eq!(dead, Vec::<Value>::new());

    // The org tells of a login before a scan does, by a clock of its own.
    let of_user = |org: &salesforce_simulator::Org| {
        org.logins().iter().rfind(|login| login.user_id == campaign.user_id).unwrap().clone()
    };
    let login = of_user(&world.simulator.org());
    let event = json!({ "LoginHistoryId": login.id.as_str(), "UserId": user, "Status": &*login.status,
        "EventDate": (login.login_time + SignedDuration::from_secs(1)).as_millisecond(), "SourceIp": "203.0.113.9" });
    let before = total(&evaluate, "observations.new");
    relayed("LoginEventStream", &event).await;
    assert_eq!(total(&evaluate, "observations.new"), before + 1);
    let known = total(&evaluate, "observations.duplicate");
    assert!(world.scan(&scan).await["logins"].as_u64().unwrap() > 0);
    world.pump(&evaluate).await;
    assert_eq!(total(&evaluate, "observations.duplicate"), known + 1, "the relayed one is known");
    world.pump(&revoke).await;
    assert!(world.is_contained(&campaign), "{:?}", revoke.log());
}
