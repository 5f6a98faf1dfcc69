//! What is asked for again: by the policy because the attacker came back, and by people.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use salesforce_simulator::{CampaignKind, Frost, Lying};
use session_warden::clock::Clock;
use session_warden::containment::{Containment, Outcome, Request, Stage, StepKind};
use session_warden::detection::Action;
use session_warden::evidence::{EntryKind, Ledger};
use session_warden::messages::FindingRaised;
use session_warden::policy::{FreezeMode, Mode};
use session_warden::stages::{Apply, ContainError};
use session_warden::store::{Key, MemoryStore, Record, Store, StoreError, Table, Write};

use crate::support::Scene;

async fn scene() -> Scene {
    roomy(Scene::of(CampaignKind::BruteForce).await)
}

/// With caps that are in nobody's way.
fn roomy(mut scene: Scene) -> Scene {
    scene.policy.caps.per_hour = 100;
    scene.policy.caps.per_day = 100;
    scene.policy.caps.percent_of_active_users = 100.0;
    scene
}

/// The attacker gets in once more, and the finding says so.
async fn comes_back(scene: &Scene, version: u64) -> FindingRaised {
    scene.clock.advance(SignedDuration::from_mins(20));
    assert!(scene.simulator.org().attempt(&scene.campaign.loot).gets_in());
    seen_now(scene, version).await
}

async fn seen_now(scene: &Scene, version: u64) -> FindingRaised {
    let mut finding = scene.finding(version, Action::Contain);
    finding.last_seen = scene.clock.now();
    scene.keep(&finding).await
}

async fn kept(scene: &Scene) -> Vec<Containment> {
    let records = scene.records(Table::Contain, "containments").await;
    records.iter().map(|record| record.decode().unwrap()).collect()
}

async fn users_in_the_caps(scene: &Scene) -> u64 {
    let counters = scene.records(Table::Contain, "caps").await;
    let days = counters.iter().filter(|counter| counter.key.sort.starts_with("day/"));
    days.map(|day| day.body["users"].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn who_comes_back_is_contained_again() {
    let mut scene = scene().await;
    scene.policy.containment.freeze = FreezeMode::Never;
    let first = scene.contain().await.unwrap();
    let raised = comes_back(&scene, 2).await;
    scene.writes();
    let second = scene.contain_raised(&raised).await.unwrap();
    assert_ne!(second.containment_id, first.containment_id);
    assert_eq!(second.outcome, Some(Outcome::AccessEnded));
    assert!(!scene.writes().is_empty());
    assert!(scene.simulator.org().live_sessions_of(&scene.campaign.user_id).is_empty());
    assert_eq!((kept(&scene).await.len(), users_in_the_caps(&scene).await), (2, 2));
    assert!(kept(&scene).await.contains(&first), "the earlier record stays");

    assert_eq!(scene.contain_raised(&raised).await.unwrap(), second, "the same version, the same record");
    let mut finding = scene.finding(3, Action::Contain);
    finding.last_seen = second.finished.unwrap();
    let raised = scene.keep(&finding).await;
    assert_eq!(scene.contain_raised(&raised).await.unwrap(), second, "nothing later was seen");
    assert!(scene.writes().is_empty());

    let raised = comes_back(&scene, 4).await;
    assert_eq!(scene.contain_raised(&raised).await.unwrap().outcome, Some(Outcome::AccessEnded));
    assert_eq!((kept(&scene).await.len(), users_in_the_caps(&scene).await), (3, 3));
}

#[tokio::test]
async fn who_comes_back_counts_in_the_caps() {
    let mut scene = scene().await;
    scene.policy.containment.freeze = FreezeMode::Never;
    let first = scene.contain().await.unwrap();
    scene.policy.caps.per_day = 0;
    let raised = comes_back(&scene, 2).await;
    scene.writes();
    let refused = scene.contain_raised(&raised).await.unwrap();
    assert_eq!(Scene::rules(&refused), ["caps"]);
    assert_eq!(scene.contain_raised(&raised).await.unwrap(), refused);
    assert!(scene.writes().is_empty() && kept(&scene).await.contains(&first));
    scene.policy.caps.per_day = 100;
    let raised = seen_now(&scene, 3).await;
    let second = scene.contain_raised(&raised).await.unwrap();
    assert_eq!(second.containment_id, refused.containment_id, "a refusal is decided anew");
    assert_eq!(second.outcome, Some(Outcome::AccessEnded));
}

#[tokio::test]
async fn what_was_not_contained_is_gone_on_with_when_the_finding_comes_again() {
    let mut scene = scene().await;
    scene.simulator.org().switches_mut().lying = Lying::Deletes;
    let first = scene.contain().await.unwrap();
    assert!(matches!(first.outcome, Some(Outcome::NotContained { .. })));
    scene.simulator.org().switches_mut().lying = Lying::No;
    scene.writes();
    scene.policy.mode = Mode::Observe;
    let stopped = scene.contain().await.unwrap();
    assert!(matches!(stopped.outcome, Some(Outcome::NotContained { .. })));
    assert!(scene.writes().is_empty(), "the policy in force does not ask for it");
    scene.policy.mode = Mode::Contain;
    let second = scene.contain().await.unwrap();
    assert_eq!((&second.outcome, second.started), (&Some(Outcome::Contained), first.started));
    assert_eq!((kept(&scene).await.len(), users_in_the_caps(&scene).await), (1, 1));
}

#[tokio::test]
async fn what_is_gone_on_with_on_another_day_counts_in_its_caps() {
    let mut scene = scene().await;
    scene.simulator.org().switches_mut().lying = Lying::Deletes;
    assert!(matches!(scene.contain().await.unwrap().outcome, Some(Outcome::NotContained { .. })));
    scene.simulator.org().switches_mut().lying = Lying::No;
    scene.clock.advance(SignedDuration::from_hours(24));
    scene.policy.containment.max_age = SignedDuration::from_hours(72);
    scene.policy.caps.per_day = 0;
    scene.writes();
    let stopped = scene.contain().await.unwrap();
    let Some(Outcome::NotContained { reason }) = &stopped.outcome else { panic!("{stopped:#?}") };
    assert!(reason.contains("caps.per_day") && scene.writes().is_empty(), "{reason}");
    scene.policy.caps.per_day = 100;
    assert_eq!(scene.contain().await.unwrap().outcome, Some(Outcome::Contained));
    assert_eq!(users_in_the_caps(&scene).await, 2);
}

#[tokio::test]
async fn what_is_gone_on_with_again_and_again_on_another_day_counts_once_in_its_caps() {
    let mut scene = scene().await;
    scene.policy.containment.max_age = SignedDuration::from_hours(72);
    scene.simulator.org().switches_mut().lying = Lying::Deletes;
    scene.contain().await.unwrap();
    scene.clock.advance(SignedDuration::from_hours(24));
    for _ in 0..3 {
        assert!(matches!(scene.contain().await.unwrap().outcome, Some(Outcome::NotContained { .. })));
    }
    assert_eq!(users_in_the_caps(&scene).await, 2, "once a day");
    scene.clock.advance(SignedDuration::from_hours(24));
    scene.contain().await.unwrap();
    assert_eq!(users_in_the_caps(&scene).await, 3);
}

#[tokio::test]
async fn a_person_who_asks_again_is_answered_only_while_it_lasts() {
    let scene = scene().await;
    let ask = async || scene.person(&scene.user(), Apply::Act).await.unwrap();
    let first = ask().await;
    scene.writes();
    assert_eq!(ask().await, first);
    assert!(scene.writes().is_empty());

    scene.simulator.org().set_frozen(&scene.campaign.user_id, Frost::Thawed);
    assert!(scene.simulator.org().attempt(&scene.campaign.loot).gets_in());
    let second = ask().await;
    assert_ne!(second.containment_id, first.containment_id);
    assert_eq!(second.outcome, Some(Outcome::Contained));
    assert!(!scene.simulator.org().attempt(&scene.campaign.loot).gets_in());
    scene.writes();
    assert_eq!(ask().await, second);
    assert!(scene.writes().is_empty() && kept(&scene).await.contains(&first));

    scene.simulator.org().set_frozen(&scene.campaign.user_id, Frost::Thawed);
    assert_eq!(ask().await.outcome, Some(Outcome::Contained), "a released account is frozen again");
    assert_eq!((kept(&scene).await.len(), users_in_the_caps(&scene).await), (3, 3));
}

/// Kills the worker when it has recorded its intent.
async fn is_killed(scene: &Scene, request: Request) {
    let has_begun = async {
        while kept(scene).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let stage = scene.stage();
    tokio::select! {
        ended = stage.contain(request, Apply::Act) => panic!("{ended:?}"),
        () = has_begun => {}
    }
    assert_eq!(kept(scene).await[0].stage, Stage::Acting);
    scene.clock.advance(SignedDuration::from_mins(3));
}

async fn nothing_is_open(scene: &Scene) -> bool {
    let open = scene.records(Table::Contain, "open-plans").await;
    open[0].body == serde_json::json!({ "plans": {} })
        && kept(scene).await.iter().all(|record| record.stage == Stage::Finished)
}

#[tokio::test]
async fn what_a_person_began_yesterday_is_finished_today() {
    let scene = scene().await;
    let yesterday = scene.by_person(&scene.user());
    is_killed(&scene, yesterday.clone()).await;
    let today = Request { request_id: "person/tomorrow".to_owned(), ..yesterday.clone() };
    let record = scene.stage().contain(today, Apply::Act).await.unwrap();
    assert_eq!((&record.request, &record.outcome), (&yesterday, &Some(Outcome::Contained)));
    assert!(nothing_is_open(&scene).await);
    assert_eq!((kept(&scene).await.len(), users_in_the_caps(&scene).await), (1, 1));
}

#[tokio::test]
async fn what_a_person_began_is_finished_and_answers_the_finding_too() {
    let scene = scene().await;
    is_killed(&scene, scene.by_person(&scene.user())).await;
    let record = scene.contain().await.unwrap();
    assert_eq!(record.request.request_id, scene.by_person(&scene.user()).request_id);
    assert_eq!(record.outcome, Some(Outcome::Contained));
    assert_eq!(record.joined[0].finding_id.as_str(), "f-1");
    assert!(nothing_is_open(&scene).await);
    assert_eq!(kept(&scene).await.len(), 1);
}

/// A store in which other containments of the org are faster so often: they write what all of them share.
struct Faster {
    inner: MemoryStore,
    times: AtomicUsize,
}

#[async_trait]
impl Store for Faster {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        self.inner.get(key).await
    }

    async fn list(
        &self,
        table: Table,
        partition: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        self.inner.list(table, partition, after, limit).await
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let shared = writes.iter().map(Write::key).find(|key| key.partition.ends_with("/open-plans"));
        let is_overtaken = shared.is_some()
            && self
                .times
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok();
        match shared.filter(|_| is_overtaken) {
            Some(key) => Err(StoreError::Conflict(key.clone())),
            None => self.inner.write(writes).await,
        }
    }
}

#[tokio::test]
async fn what_is_gone_on_with_outlasts_other_containments_of_the_org() {
    let store = Arc::new(Faster { inner: MemoryStore::new(), times: AtomicUsize::new(0) });
    let scene = roomy(Scene::on(Arc::clone(&store) as Arc<dyn Store>, CampaignKind::BruteForce).await);
    is_killed(&scene, scene.by_person(&scene.user())).await;
    store.times.store(3, Ordering::SeqCst);
    let record = scene.person(&scene.user(), Apply::Act).await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::Contained));
    assert_eq!(store.times.load(Ordering::SeqCst), 0);
    let interrupted =
        |record: &Containment| record.steps.iter().filter(|step| step.kind == StepKind::Reread).count();
    assert_eq!(interrupted(&record), 1, "each attempt begins with what was left: {:#?}", record.steps);
    assert!(nothing_is_open(&scene).await);
    assert_eq!((kept(&scene).await.len(), users_in_the_caps(&scene).await), (1, 1));
}

#[tokio::test]
async fn an_id_that_another_subject_has_used_is_refused_instead_of_answered() {
    let scene = scene().await;
    let first = scene.person(&scene.user(), Apply::Act).await.unwrap();
    scene.writes();
    let other = scene.by_person(&scene.somebody_else());
    let same = Request { request_id: first.request.request_id.clone(), ..other };
    let error = scene.stage().contain(same, Apply::Act).await.unwrap_err();
    assert!(matches!(error, ContainError::OtherSubject { .. }), "{error}");
    assert!(error.to_string().contains(first.containment_id.as_str()), "{error}");
    assert!(scene.writes().is_empty());
    assert_eq!(kept(&scene).await, [first]);
}

/// A store in which, whenever the list of open plans is to be emptied, somebody else was faster.
#[derive(Default)]
struct Crowded(MemoryStore);

#[async_trait]
impl Store for Crowded {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        self.0.get(key).await
    }

    async fn list(
        &self,
        table: Table,
        partition: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        self.0.list(table, partition, after, limit).await
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let emptied = writes.iter().find_map(|write| match write {
            Write::Put { key, body, .. } if *body == serde_json::json!({ "plans": {} }) => Some(key.clone()),
            _ => None,
        });
        match emptied {
            Some(key) => Err(StoreError::Conflict(key)),
            None => self.0.write(writes).await,
        }
    }
}

#[tokio::test]
async fn without_the_ledgers_entry_nothing_is_called_finished() {
    let scene = roomy(Scene::on(Arc::new(Crowded::default()), CampaignKind::BruteForce).await);
    let error = scene.contain().await.unwrap_err();
    assert!(matches!(error, ContainError::Store(StoreError::Conflict(_))), "{error}");
    let records = kept(&scene).await;
    assert_eq!((records.len(), records[0].stage), (1, Stage::Acting));
    let ledger = Ledger::new(&*scene.store, scene.org_id());
    let entries = ledger.entries_of(records[0].containment_id.as_str()).await.unwrap();
    assert!(entries.iter().all(|recorded| recorded.entry.kind != EntryKind::Outcome));
}
