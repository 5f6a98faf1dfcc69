//! What others ask for through the commands bus.

use serde_json::{Value, json};

use crate::world::{COMMANDS, World, metric};

const REQUESTED: &str = "Containment Requested";

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_siem_requests_passes_every_guard() {
    let world = World::new().await;
    let (scan, revoke) = (world.start("scan-login-history"), world.start("revoke-sessions"));
    let campaign = world.attack();
    let request = async |kind: &str, id: &str, subject: Value| {
        let detail = json!({ "schema_version": 1, "request_id": id, "org_id": world.org_id(), "subject": subject,
            "reason": "seen at the proxy", "requested_by": "siem" });
        world.aws.put_event(COMMANDS, "acme.siem", kind, &detail).await;
    };
    let user = json!({ "kind": "user", "id": campaign.user_id.as_str() });
    request(REQUESTED, "user", user).await;
    request(REQUESTED, "everybody", json!({ "kind": "org" })).await;
    request(REQUESTED, "poisoned", json!({ "kind": "user", "id": "' OR Id != '" })).await;
    request("Containment requested", "mistyped", json!({ "kind": "org" })).await;
    let (queue, _) = world.stack.function("revoke-sessions").source();
    let first = world.aws.receive(queue, 1).await;
    assert_eq!(world.deliver(&revoke, &first).await.len(), 1, "who scans the org is not known yet");
    world.aws.show_again(queue, &first[0]).await;
    world.scan(&scan).await;
    world.pump(&revoke).await;
    assert!(world.is_contained(&campaign), "{:?}", revoke.log());
    assert!(metric(&revoke, "ContainmentsRefused").is_some(), "nobody agreed to log off everybody");
    let poisoned = world.bodies(&world.beside("revoke-sessions", "containment-dead-letters")).await;
    assert_eq!(poisoned.len(), 1);
    assert_eq!(poisoned[0]["detail"]["request_id"], "poisoned", "the rest went on");
    let mistyped = world.bodies(&world.beside("revoke-sessions", "delivery-dead-letters")).await;
    assert_eq!(mistyped[0]["detail"]["request_id"], "mistyped");
}
