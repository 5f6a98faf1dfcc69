//! What goes wrong: nothing is lost, and nothing is done twice.

use std::time::Duration;

use local_aws::Fault;
use salesforce_simulator::Clock;
use serde_json::json;

use crate::world::{World, received};

/// Looks for what is not yet past, one a second.
const LOOKS: usize = 30;
const SECRETS: &str = "secretsmanager.GetSecretValue";

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_done_later_and_nothing_is_lost() {
    let world = World::new().await;
    let asking = [("WARDEN_CONNECTION_FRESH_SECONDS", "0")];
    let (scan, evaluate) =
        (world.start_with("scan-login-history", &asking), world.start("evaluate-activity"));
    world.scan(&scan).await;
    world.pump(&evaluate).await;
    let campaign = world.attack();

    // Secrets Manager is down: what was read before serves, although it is too old to be taken without asking.
    world.faults.always(SECRETS, Some(Fault::Down));
    let seen = world.scan(&scan).await;
    assert!(seen["logins"].as_u64().unwrap() > 0, "{seen}");
    assert!(world.faults.refused(SECRETS) > 0, "it was asked");
    world.faults.always(SECRETS, None);

    // The bus is down: the finding waits, and its message comes again.
    let (queue, most) = world.stack.function("evaluate-activity").source();
    let mut seen = world.aws.receive(queue, most).await;
    world.faults.always("AWSEvents", Some(Fault::Down));
    assert!(!world.deliver(&evaluate, &seen).await.is_empty());
    world.faults.always("AWSEvents", None);
    // Somebody else's rubbish holds up nobody.
    seen.insert(0, received("rubbish", &json!("?")));
    assert_eq!(world.deliver_until_taken(&evaluate, &seen).await, ["rubbish"], "{:?}", evaluate.log());

    // Without a policy nobody is contained, and it is told.
    let (queue, _) = world.stack.function("revoke-sessions").source();
    let found = world.aws.receive(queue, 10).await;
    assert!(found.iter().any(|event| event.body.contains(campaign.user_id.as_str())), "{found:?}");
    world.push("mode: loud\n").await;
    let revoke = world.start("revoke-sessions");
    assert_eq!(world.deliver(&revoke, &found).await.len(), found.len());
    assert!(!world.is_contained(&campaign));
    world.push("mode: contain\n").await;
    assert!(world.deliver_until_taken(&revoke, &found).await.is_empty(), "{:?}", revoke.log());
    world.assert_contained_once(&[&campaign]).await;
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_scanners_one_works() {
    let world = World::new().await;
    let (one, two) = (world.start("scan-login-history"), world.start("scan-login-history"));
    let (first, second) = futures::join!(world.scan(&one), world.scan(&two));
    let busy = [&first, &second].into_iter().filter(|answer| answer["busy"] == json!(true)).count();
    assert_eq!(busy, 1, "{first} {second}");

    is_contained_in_spite_of(&world, Clock::Ahead(-100)).await;
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_future_by_our_clock_is_read_when_it_is_past() {
    let world = World::new().await;
    let scan = world.start("scan-login-history");
    world.scan(&scan).await;
    is_contained_in_spite_of(&world, Clock::Ahead(8)).await;
}

/// An attack that Salesforce's clock dates otherwise than ours.
async fn is_contained_in_spite_of(world: &World, clock: Clock) {
    let (scan, evaluate) = (world.start("scan-login-history"), world.start("evaluate-activity"));
    let revoke = world.start("revoke-sessions");
    world.pump(&evaluate).await;
    world.simulator.org().set_clock(clock);
    let campaign = world.attack();
    for _ in 0..LOOKS {
        world.scan(&scan).await;
        world.pump(&evaluate).await;
        world.pump(&revoke).await;
        if world.is_contained(&campaign) {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("{:?}", revoke.log());
}
