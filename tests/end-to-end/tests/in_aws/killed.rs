//! Functions that are killed in the middle: another takes up where they stopped, and does nothing twice.

use local_aws::Fault;

use crate::world::World;

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_killed_in_the_middle_is_done_once() {
    let world = World::new().await;
    let (scan, evaluate) = (world.start("scan-login-history"), world.start("evaluate-activity"));
    world.scan(&scan).await;
    world.pump(&evaluate).await;
    let campaign = world.attack();

    // The scan when it has sent what it saw, and not yet kept that it did.
    for (operation, fault) in [("SendMessage", Fault::Nothing), ("DynamoDB", Fault::Stuck)] {
        world.faults.plan(operation, fault);
    }
    let scan = world.kill_where_it_is_stuck(scan, &world.scheduled_scan()).await;
    let meanwhile = world.scan(&scan).await;
    assert_eq!(meanwhile["busy"], true, "the dead one is not known to be dead: {meanwhile}");
    world.end_turns().await;
    let again = world.scan(&scan).await;
    assert!(again["logins"].as_u64().unwrap() > 0, "{again}");

    // The evaluation at its first write, and when what it found is kept and what it learned is not.
    let (queue, most) = world.stack.function("evaluate-activity").source();
    let seen = world.aws.receive(queue, most).await;
    let batch = world.batch(&evaluate, &seen);
    world.faults.plan("UpdateItem", Fault::Stuck);
    let evaluate = world.kill_where_it_is_stuck(evaluate, &batch).await;
    for fault in [Fault::Nothing, Fault::Stuck] {
        world.faults.plan("UpdateItem", fault);
    }
    let evaluate = world.kill_where_it_is_stuck(evaluate, &batch).await;
    assert!(world.deliver_until_taken(&evaluate, &seen).await.is_empty(), "{:?}", evaluate.log());

    // The containment in the middle of the act: another goes on, once the first is known to be dead.
    let (queue, _) = world.stack.function("revoke-sessions").source();
    let found = world.aws.receive(queue, 10).await;
    let revoke = world.start("revoke-sessions");
    for fault in [Fault::Nothing, Fault::Nothing, Fault::Nothing, Fault::Nothing, Fault::Stuck] {
        world.faults.plan("TransactWriteItems", fault);
    }
    let batch = world.batch(&revoke, &found);
    let revoke = world.kill_where_it_is_stuck(revoke, &batch).await;
    world.end_leases().await;
    assert!(world.deliver_until_taken(&revoke, &found).await.is_empty(), "{:?}", revoke.log());
    world.assert_contained_once(&[&campaign]).await;
}
