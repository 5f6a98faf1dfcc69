//! A store that fails at any call, and a retry: one record, one state, one reservation.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::SignedDuration;
use salesforce_simulator::CampaignKind;
use serde_json::json;
use session_warden::containment::{Containment, Outcome, Stage};
use session_warden::detection::Action;
use session_warden::evidence::Ledger;
use session_warden::stages::ContainError;
use session_warden::store::{
    Expect, Key, LocalOutbox, MemoryStore, Queue, Record, Store, StoreError, Table, Write,
};

use crate::support::{Fails, Faulty, Scene};

/// Contains with a store whose call number `call` fails, and again until it succeeds; whether the call was reached.
async fn contained_despite(call: usize, fails: Fails) -> bool {
    let faulty = Arc::new(Faulty::at(usize::MAX, fails));
    let scene = Scene::on(Arc::clone(&faulty) as Arc<dyn Store>, CampaignKind::BruteForce).await;
    let raised = scene.keep(&scene.finding(1, Action::Contain)).await;
    faulty.fail_at(faulty.calls() + call);
    let mut tries = 0;
    let record = loop {
        tries += 1;
        assert!(tries < 4, "{call} {fails:?}");
        let attempt = tokio::select! {
            attempt = scene.contain_raised(&raised) => attempt.ok(),
            () = faulty.killed.notified() => None,
        };
        if let Some(record) = attempt {
            break record;
        }
        scene.clock.advance(SignedDuration::from_mins(3));
    };
    let was_reached = faulty.reached();
    faulty.fail_at(usize::MAX);
    check(&scene, &record).await;
    was_reached
}

async fn check(scene: &Scene, record: &Containment) {
    assert_eq!((record.stage, &record.outcome), (Stage::Finished, &Some(Outcome::Contained)), "{record:#?}");
    let stored = scene.records(Table::Contain, "containments").await;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].decode::<Containment>().unwrap().outcome, record.outcome);
    let counters = scene.records(Table::Contain, "caps").await;
    let reserved: Vec<_> = counters.iter().map(|counter| &counter.body).collect();
    assert_eq!(reserved, [&json!({ "users": 1 }); 2], "one user, in his hour and his day");
    let open = scene.records(Table::Contain, "open-plans").await;
    assert_eq!(open[0].body, json!({ "plans": {} }));
    Ledger::new(&*scene.store, scene.org_id()).verify(None).await.unwrap();
    let told = LocalOutbox::new(&*scene.store).next(Queue::Ended, &scene.org_id(), 10).await.unwrap();
    let [told] = &told[..] else {
        panic!("it waits to be told since the write that ended it, once: {told:?}")
    };
    assert_eq!(told.body["containment_id"], json!(record.containment_id));
    let mut org = scene.simulator.org();
    assert!(org.is_frozen(&scene.campaign.user_id));
    assert!(!org.attempt(&scene.campaign.loot).gets_in());
}

async fn contained_despite_any(fails: Fails) {
    let mut call = 0;
    while contained_despite(call, fails).await {
        call += 1;
    }
    assert!(call > 20, "only {call} calls were tried");
}

#[tokio::test]
async fn a_call_that_fails_changes_nothing_in_the_end() {
    contained_despite_any(Fails::Before).await;
}

#[tokio::test]
async fn a_write_that_happens_and_fails_changes_nothing_in_the_end() {
    contained_despite_any(Fails::After).await;
}

#[tokio::test]
async fn a_worker_killed_before_any_write_is_replaced() {
    contained_despite_any(Fails::KilledBefore).await;
}

#[tokio::test]
async fn a_worker_killed_after_any_write_is_replaced() {
    contained_despite_any(Fails::KilledAfter).await;
}

/// A store at which another worker takes a lease over as soon as it is looked at again.
struct TakenOver(MemoryStore);

#[async_trait]
impl Store for TakenOver {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        let kept = self.0.get(key).await?;
        if let Some(kept) = kept.filter(|_| key.partition.ends_with("/leases")) {
            let body = kept.body.clone();
            self.0.write(vec![Write::put(key.clone(), Expect::Version(kept.version), &body)?]).await?;
        }
        self.0.get(key).await
    }

    async fn list(
        &self,
        table: Table,
        of: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        self.0.list(table, of, after, limit).await
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.0.write(writes).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_taken_for_dead_does_nothing_more() {
    let scene = Scene::on(Arc::new(TakenOver(MemoryStore::new())), CampaignKind::BruteForce).await;
    let raised = scene.keep(&scene.finding(1, Action::Contain)).await;
    let stopped = scene.contain_raised(&raised).await.unwrap_err();
    assert!(matches!(stopped, ContainError::Store(StoreError::Conflict(_))), "{stopped}");
    assert!(scene.writes().is_empty(), "an account may be open again by now");
}
