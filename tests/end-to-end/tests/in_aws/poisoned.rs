//! A message of an org that nobody can read, among those that are to be judged.

use serde_json::json;

use crate::world::World;

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_read_ends_in_the_dead_letters_and_takes_nothing_along() {
    let world = World::new().await;
    let (scan, evaluate) = (world.start("scan-login-history"), world.start("evaluate-activity"));
    let revoke = world.start("revoke-sessions");
    world.scan(&scan).await;
    world.pump(&evaluate).await;
    let (queue, _) = world.stack.function("evaluate-activity").source();
    let org = world.org_id();
    world.aws.send(queue, org.as_str(), &json!({ "rubbish": true }).to_string()).await;
    let campaign = world.attack();
    world.scan(&scan).await;
    let delivered = world.pump(&evaluate).await;
    world.pump(&revoke).await;
    world.assert_contained_once(&[&campaign]).await;
    // What comes with it in a batch, and behind it, goes on without it.
    let (rubbish, good): (Vec<_>, Vec<_>) =
        delivered.into_iter().partition(|message| message.body.contains("rubbish"));
    let failed = world.deliver(&evaluate, &[&rubbish[..1], &good[..1]].concat()).await;
    assert_eq!(failed, [rubbish[0].id.clone()], "{:?}", evaluate.log());
    let dead = world.bodies(&world.beside("evaluate-activity", "observations-dead-letters.fifo")).await;
    assert_eq!(dead, [json!({ "rubbish": true })], "{:?}", evaluate.log());
}
