//! What the policy leaves to people.

use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{ApproverKey, Containment, Stage, approvals, containments};
use session_warden::store::{Expect, Store, Write};

use crate::world::{World, metric};

impl World {
    /// The only containment that there is.
    async fn containment(&self) -> Containment {
        let mut records = containments(&self.org_id()).all(&self.store().await).await.unwrap();
        assert_eq!(records.len(), 1, "{records:?}");
        records.remove(0).1.value
    }

    /// Puts a person's consent where `warden approve` puts it.
    async fn approve(&self, record: &Containment, key: &ApproverKey, name: &str) {
        let approval = key.approve(record, record.pending.as_ref().unwrap(), name, SystemClock.now());
        let place = approvals(&record.request.org_id).key(&approval.sort());
        let put = Write::put(place, Expect::Any, &approval).unwrap();
        self.store().await.write(vec![put]).await.unwrap();
    }
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_person_is_done_when_the_schedule_finds_his_consent() {
    let world = World::new().await;
    let keys = tempfile::tempdir().unwrap();
    let key = |name: &str| ApproverKey::load_or_create(&keys.path().join(name)).unwrap();
    let (ada, mallory) = (key("ada"), key("mallory"));
    let approvers = format!("approvers: [{{ name: Ada, public_key: \"{}\" }}]", ada.public_key());
    world.push(&format!("mode: ask\n{approvers}\n")).await;
    let (scan, evaluate) = (world.start("scan-login-history"), world.start("evaluate-activity"));
    let revoke = world.start("revoke-sessions");
    world.scan(&scan).await;
    world.pump(&evaluate).await;
    let campaign = world.attack();
    world.scan(&scan).await;
    world.pump(&evaluate).await;
    world.pump(&revoke).await;
    assert_eq!(metric(&revoke, "ContainmentsWaiting"), Some(1.0), "{:?}", revoke.log());
    let asked = world.containment().await;
    assert_eq!(asked.stage, Stage::Waiting, "{asked:?}");

    // Nobody has agreed, and then somebody whom the policy does not name.
    world.tend_until_done(&revoke).await;
    world.approve(&asked, &mallory, "Ada").await;
    world.tend_until_done(&revoke).await;
    assert!(world.simulator.org().take_writes().is_empty(), "nobody's access has ended");

    world.approve(&asked, &ada, "Ada").await;
    for _ in 0..2 {
        world.tend_until_done(&revoke).await;
    }
    let done = world.containment().await;
    assert_eq!(done.stage, Stage::Finished, "{done:?}");
    world.assert_contained_once(&[&campaign]).await;
    assert!(metric(&revoke, "LoginToVerifiedSeconds").is_some(), "{:?}", revoke.log());
}
