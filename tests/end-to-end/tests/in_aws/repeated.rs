//! Messages that come twice, and the later ones first.

use local_aws::Received;

use crate::emulator::Function;
use crate::world::World;

/// The last one first, and each twice.
fn twice_and_backwards(messages: &[Received]) -> Vec<Received> {
    messages.iter().rev().flat_map(|message| [message, message]).cloned().collect()
}

fn total(evaluate: &Function, name: &str) -> u64 {
    evaluate.log().iter().filter_map(|line| line[name].as_u64()).sum()
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_twice_and_backwards_at_first_is_done_once() {
    let world = World::new().await;
    world.push("mode: contain\ncaps: { percent_of_active_users: 100.0 }\n").await;
    let (scan, evaluate) = (world.start("scan-login-history"), world.start("evaluate-activity"));
    world.scan(&scan).await;
    world.pump(&evaluate).await;
    let (before, campaigns) = (total(&evaluate, "observations.new"), [world.attack(), world.attack()]);
    world.scan(&scan).await;
    let (queue, most) = world.stack.function("evaluate-activity").source();
    let seen = world.aws.receive(queue, most).await;
    let failed = world.deliver_until_taken(&evaluate, &twice_and_backwards(&seen)).await;
    assert!(failed.is_empty(), "{:?}", evaluate.log());
    let new = total(&evaluate, "observations.new") - before;
    assert!(
        new > 0 && total(&evaluate, "observations.duplicate") >= new,
        "each came twice and was counted once"
    );

    let revoke = world.start("revoke-sessions");
    let (queue, _) = world.stack.function("revoke-sessions").source();
    let found = world.aws.receive(queue, 10).await;
    assert!(found.len() > 1, "{found:?}");
    let failed = world.deliver_until_taken(&revoke, &twice_and_backwards(&found)).await;
    assert!(failed.is_empty(), "{:?}", revoke.log());
    world.assert_contained_once(&campaigns.each_ref()).await;
}
