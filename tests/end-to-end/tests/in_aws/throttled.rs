//! DynamoDB that takes no write for longer than anybody repeats one.

use local_aws::{Fault, Received};

use crate::emulator::Function;
use crate::world::World;

/// Entries of a containment that are written before the tables take no more.
const RECORDED: usize = 4;

/// Delivers a batch while no write is taken, and again when they are.
async fn is_refused_and_then_taken(world: &World, function: &Function, messages: &[Received]) {
    world.throttle_writes(Some(Fault::Throttled));
    assert_eq!(world.deliver(function, messages).await.len(), messages.len(), "{:?}", function.log());
    world.throttle_writes(None);
    assert!(world.deliver_until_taken(function, messages).await.is_empty(), "{:?}", function.log());
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_no_table_takes_fails_and_is_done_once_when_it_is_taken() {
    let world = World::new().await;
    let (scan, evaluate) = (world.start("scan-login-history"), world.start("evaluate-activity"));
    world.scan(&scan).await;
    world.pump(&evaluate).await;
    let campaign = world.attack();

    world.throttle_writes(Some(Fault::Throttled));
    let failed = world.scan(&scan).await;
    assert_eq!(failed["errorType"], "StoreUnavailable", "{failed}");
    assert!(world.faults.refused("UpdateItem") > 1, "the SDK has repeated it, in vain");
    world.throttle_writes(None);
    let seen = world.scan(&scan).await;
    assert!(seen["logins"].as_u64().unwrap() > 0, "{seen}");

    let (queue, most) = world.stack.function("evaluate-activity").source();
    is_refused_and_then_taken(&world, &evaluate, &world.aws.receive(queue, most).await).await;

    let revoke = world.start("revoke-sessions");
    let (queue, _) = world.stack.function("revoke-sessions").source();
    let found = world.aws.receive(queue, 10).await;
    world.throttle_writes(Some(Fault::Throttled));
    assert_eq!(world.deliver(&revoke, &found).await.len(), found.len(), "{:?}", revoke.log());
    assert!(world.simulator.org().take_writes().is_empty(), "what cannot be recorded is not done");
    world.throttle_writes(None);

    // And in the middle of the act, which has begun then.
    for _ in 0..RECORDED {
        world.faults.plan("TransactWriteItems", Fault::Nothing);
    }
    let busy = async {
        world.faults.met().await;
        world.throttle_writes(Some(Fault::Throttled));
    };
    let (failed, ()) = futures::join!(world.deliver(&revoke, &found), busy);
    assert!(!failed.is_empty(), "{:?}", revoke.log());
    world.throttle_writes(None);
    world.end_leases().await;
    assert!(world.deliver_until_taken(&revoke, &found).await.is_empty(), "{:?}", revoke.log());
    world.assert_contained_once(&[&campaign]).await;
    assert!(world.pump(&revoke).await.is_empty(), "it was found once");
}
