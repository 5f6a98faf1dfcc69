//! What the org relays itself.

use serde_json::json;

use crate::world::{World, metric};

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_salesforce_relays_is_judged_once_and_its_own_alarm_ends_the_access() {
    let world = World::new().await;
    let (scan, evaluate) = (world.start("scan-login-history"), world.start("evaluate-activity"));
    world.scan(&scan).await;
    world.pump(&evaluate).await;
    let campaign = world.attack();
    let user = campaign.user_id.as_str();
    let logins = world.simulator.org().logins().len();
    let relay = &world.stack.relay;
    let relayed = async |kind: &str, payload: &serde_json::Value| {
        world.aws.put_event(&relay.bus, &relay.source, kind, &json!({ "payload": payload })).await;
        world.pump(&evaluate).await;
        metric(&evaluate, "ObservationsNew").unwrap()
    };
    // The org tells of the login before a scan does, and then the scan does.
    let success = world.simulator.org().logins()[logins - 1].clone();
    let login = json!({ "LoginHistoryId": success.id.as_str(), "UserId": user, "Status": "Success",
        "EventDate": success.login_time.as_millisecond(), "SourceIp": "203.0.113.9" });
    assert!(relayed("LoginEventStream", &login).await > 0.0);
    relayed("LoginAnomalyEvent", &json!({ "UserId": user })).await;
    assert_eq!(metric(&evaluate, "RowsRejected"), Some(1.0), "it was kept, and held up nothing");
    let before = world.scan(&scan).await["logins"].as_f64().unwrap();
    world.pump(&evaluate).await;
    assert!(metric(&evaluate, "ObservationsNew").unwrap() < before, "the relayed one is known");

    let now = world.simulator.org().now();
    let alarm = json!({ "EventIdentifier": "e1", "EventDate": now.to_string(), "UserId": user, "Score": 0.97,
        "CurrentIp": "203.0.113.9", "Summary": "two browsers" });
    assert!(relayed("SessionHijackingEvent", &alarm).await > 0.0);
    let revoke = world.start("revoke-sessions");
    world.pump(&revoke).await;
    assert!(world.is_contained(&campaign), "{:?}", revoke.log());
    let dead = world.bodies(&world.beside("evaluate-activity", "observations-dead-letters.fifo")).await;
    assert_eq!(dead, Vec::<serde_json::Value>::new());
}
