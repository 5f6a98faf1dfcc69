//! One hostile login, from the schedule to the evidence.

use jiff::SignedDuration;
use local_aws::Fault;
use serde_json::{Value, json};
use session_warden::clock::{Clock, SystemClock};
use session_warden::evidence::{Head, Ledger};
use session_warden::store::{Expect, Key, Store, Table, Write};

use crate::world::{World, metric};

impl World {
    /// How many sessions the scan remembers to be live.
    async fn remembered_sessions(&self) -> usize {
        let Key { table, partition, .. } = Key::new(Table::Scan, &self.org_id(), "sessions", "");
        self.store().await.list(table, &partition, "", 1_000).await.unwrap().len()
    }

    /// Lets a week pass in which nobody has reviewed.
    async fn end_week(&self) {
        let key = Key::new(Table::Contain, &self.org_id(), "reviews", "last");
        let body = json!({ "until": SystemClock.now() - SignedDuration::from_hours(8 * 24) });
        self.store().await.write(vec![Write::Put { key, expect: Expect::Any, body }]).await.unwrap();
    }

    /// What people were told by a topic, of which the queue is the mailbox.
    async fn told(&self, mailbox: &str) -> Vec<Value> {
        let received = self.aws.receive(mailbox, 10).await;
        received.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn an_attack_is_found_ended_told_and_proven_whatever_is_delivered_twice() {
    let world = World::new().await;
    let mailbox = world.aws.subscribe(&world.stack.outputs["TopicArn"]).await;
    let (scan, evaluate) = (world.start("scan-login-history"), world.start("evaluate-activity"));
    let learned = world.scan(&scan).await;
    assert_eq!((&learned["caught_up"], &learned["blind"]), (&json!(true), &json!([])), "{learned}");
    let taught = world.pump(&evaluate).await;
    let org = world.org_id();
    assert!(taught.iter().all(|message| message.group.as_deref() == Some(org.as_str())), "an org is a group");
    assert!(
        metric(&scan, "LoginsScanned").unwrap() > 0.0 && metric(&scan, "ApiCallsLeftPercent").unwrap() > 0.0
    );

    let campaign = world.attack();
    world.faults.plan("DynamoDB", Fault::Throttled);
    world.scan(&scan).await;
    assert_eq!(world.faults.left(), 0, "DynamoDB was busy for a moment");
    let seen = world.pump(&evaluate).await;
    let revoke = world.start("revoke-sessions");
    let found = world.pump(&revoke).await;
    let user = campaign.user_id.as_str();
    assert!(found.iter().any(|event| event.body.contains(user)), "{:?}", evaluate.log());
    assert!(world.is_contained(&campaign), "{:?}", revoke.log());
    assert!(metric(&revoke, "LoginToVerifiedSeconds").is_some());
    assert!(metric(&revoke, "DetectToVerifiedSeconds").is_some());

    // The evidence ends where what cannot be changed says that it ends.
    let heads = world.aws.objects(&world.stack.outputs["EvidenceBucket"]).await;
    let (name, last) = heads.iter().next_back().unwrap_or_else(|| panic!("{:?}", revoke.log()));
    let last: Head = serde_json::from_value(last.clone()).unwrap();
    assert_eq!(*name, format!("heads/{org}/{:012}.json", last.seq));
    let store = world.store().await;
    assert_eq!(Ledger::new(&store, org.clone()).verify(Some(&last)).await.unwrap().entries, last.seq);
    let told = world.told(&mailbox).await;
    assert!(told.iter().any(|notice| notice["about"] == "ended"), "{told:?}");

    // All of it again, in another order.
    let writes = world.simulator.org().take_writes().len();
    assert!(writes > 0);
    for message in taught.iter().chain(&seen).rev() {
        assert!(world.deliver_until_taken(&evaluate, std::slice::from_ref(message)).await.is_empty());
    }
    let twice: Vec<_> = found.iter().chain(&found).rev().cloned().collect();
    assert!(world.deliver_until_taken(&revoke, &twice).await.is_empty(), "{:?}", revoke.log());
    assert!(world.pump(&revoke).await.is_empty(), "nothing is found twice");
    assert!(world.simulator.org().take_writes().is_empty(), "nothing is done twice");
    assert_eq!(world.aws.objects(&world.stack.outputs["EvidenceBucket"]).await, heads);
    world.tend_until_done(&revoke).await;

    // What has ended is remembered no longer, and the week's review tells of it.
    let remembered = world.remembered_sessions().await;
    world.scan(&scan).await;
    assert!(world.remembered_sessions().await < remembered, "{:?}", scan.log());
    world.end_week().await;
    world.tend_until_done(&revoke).await;
    let told = world.told(&mailbox).await;
    assert!(told.iter().any(|notice| notice["about"] == "review"), "{told:?}");
}
