//! What happens between an act and its record: the switch is thrown, or the worker dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{CampaignKind, Write as Written};
use session_warden::containment::{
    FrozenBy, KillSwitch, Outcome, StepKind, StepResult, Switch, Target, kill_switch,
};
use session_warden::detection::Level;
use session_warden::evidence::{EntryKind, Ledger};
use session_warden::observation::OrgId;
use session_warden::policy::FreezeMode;
use session_warden::stages::{Apply, Password};
use session_warden::store::{Expect, Key, MemoryStore, Record, Store, StoreError, Table, Write};
use tokio::sync::Notify;

use crate::giving_back::released;
use crate::support::Scene;
use crate::wide::{agreed, derived, stolen_app};

/// What comes with an entry of the ledger.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// The kill switch is thrown right after the record.
    Switch,
    /// The worker is killed right before it.
    Death,
}

/// A store in which something comes with the first entry of a kind.
struct Interrupting {
    inner: MemoryStore,
    kind: &'static str,
    comes: Comes,
    has_come: AtomicBool,
    killed: Notify,
}

impl Interrupting {
    /// With the first act.
    fn by(comes: Comes) -> Arc<Self> {
        Self::at("act", comes)
    }

    fn at(kind: &'static str, comes: Comes) -> Arc<Self> {
        let (inner, has_come, killed) = (MemoryStore::new(), AtomicBool::new(false), Notify::new());
        Arc::new(Self { inner, kind, comes, has_come, killed })
    }
}

/// The org of an entry of this kind that is written.
fn org_of(kind: &str, writes: &[Write]) -> Option<OrgId> {
    let bodies = || {
        writes.iter().filter_map(|write| match write {
            Write::Put { body, .. } => Some(body),
            Write::Delete { .. } => None,
        })
    };
    bodies().find(|body| body["kind"] == kind)?;
    bodies().find_map(|body| body["request"]["org_id"].as_str()).map(OrgId::new)
}

#[async_trait]
impl Store for Interrupting {
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
        let Some(org) = org_of(self.kind, &writes).filter(|_| !self.has_come.swap(true, Ordering::SeqCst))
        else {
            return self.inner.write(writes).await;
        };
        if self.comes == Comes::Death {
            self.killed.notify_one();
            return std::future::pending().await;
        }
        self.inner.write(writes).await?;
        let (by, reason, at) = ("ada".to_owned(), "enough".to_owned(), Timestamp::UNIX_EPOCH);
        let thrown = KillSwitch { switch: Switch::Thrown, by, reason, at };
        self.inner.write(vec![Write::put(kill_switch(&org).key("org"), Expect::Any, &thrown)?]).await
    }
}

#[tokio::test]
async fn what_was_stopped_half_way_is_not_told_as_nothing() {
    let mut scene = Scene::on(Interrupting::by(Comes::Switch), CampaignKind::BruteForce).await;
    {
        let mut org = scene.simulator.org();
        let people: Vec<_> = org.users().iter().filter(|user| user.is_active()).map(|user| user.id).collect();
        for number in 0..900 {
            org.log_in(&people[number % people.len()], "192.0.2.10");
        }
    }
    scene.writes();
    let record = agreed(&mut scene, Target::Org).await;
    let Some(Outcome::NotContained { reason }) = &record.outcome else { panic!("{record:#?}") };
    assert!(reason.contains("ada stopped all containments"), "{reason}");
    let ended: usize = scene
        .writes()
        .iter()
        .map(|write| match write {
            Written::DeletedSessions { ids } => ids.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(ended, 800, "one wave");
    let [step] = &record.steps[..] else { panic!("{:#?}", record.steps) };
    let reason = format!("stopped after 800 of {}", record.impact.sessions);
    assert_eq!((step.kind, &step.result), (StepKind::DeleteSessions, &StepResult::Failed { reason }));
}

#[tokio::test]
async fn who_goes_on_for_a_dead_worker_has_the_consent_that_was_given() {
    let store = Interrupting::by(Comes::Death);
    let mut scene = Scene::on(Arc::clone(&store) as Arc<dyn Store>, CampaignKind::BruteForce).await;
    let people = scene.approvers(&["Ada", "Grace"]);
    scene.policy.protected.break_glass.push(scene.user().as_str().to_owned());
    let waiting = scene.person(&scene.user(), Apply::Act).await.unwrap();
    for (name, key) in &people {
        scene.approve(&waiting, key, name).await;
    }
    let (stage, org) = (scene.stage(), scene.org_id());
    tokio::select! {
        ended = stage.tend(&org) => panic!("{ended:?}"),
        () = store.killed.notified() => scene.clock.advance(SignedDuration::from_mins(3)),
    }
    let record = scene.person(&scene.user(), Apply::Act).await.unwrap();
    assert_eq!((&record.outcome, record.approved.len()), (&Some(Outcome::Contained), 2), "{record:#?}");
}

#[tokio::test]
async fn what_was_there_before_stands_in_the_evidence_though_the_first_worker_died_before_it() {
    let store = Interrupting::at("snapshot", Comes::Death);
    let scene = Scene::on(Arc::clone(&store) as Arc<dyn Store>, CampaignKind::BruteForce).await;
    tokio::select! {
        ended = scene.contain() => panic!("{ended:?}"),
        () = store.killed.notified() => scene.clock.advance(SignedDuration::from_mins(3)),
    }
    let record = scene.contain().await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::Contained));
    let entries =
        Ledger::new(&*scene.store, scene.org_id()).entries_of(record.containment_id.as_str()).await.unwrap();
    let kinds: Vec<_> = entries.iter().map(|recorded| recorded.entry.kind).collect();
    let place = |kind| kinds.iter().position(|found| *found == kind).unwrap();
    assert!(place(EntryKind::Snapshot) < place(EntryKind::Act), "{kinds:?}");
}

#[tokio::test]
async fn who_was_let_in_again_by_a_worker_that_died_is_so_in_the_end() {
    let store = Interrupting::at("outcome", Comes::Death);
    let mut scene = Scene::on(Arc::clone(&store) as Arc<dyn Store>, CampaignKind::BruteForce).await;
    scene.policy.containment.freeze = FreezeMode::UntilVerified;
    tokio::select! {
        ended = scene.contain() => panic!("{ended:?}"),
        () = store.killed.notified() => scene.clock.advance(SignedDuration::from_mins(3)),
    }
    assert_eq!(scene.contain().await.unwrap().outcome, Some(Outcome::AccessEnded));
    assert!(!scene.simulator.org().is_frozen(&scene.campaign.user_id));
}

#[tokio::test]
async fn a_freeze_whose_answer_was_lost_with_its_worker_is_ours_to_take_back() {
    let store = Interrupting::by(Comes::Death);
    let scene = Scene::on(Arc::clone(&store) as Arc<dyn Store>, CampaignKind::BruteForce).await;
    tokio::select! {
        ended = scene.contain() => panic!("{ended:?}"),
        () = store.killed.notified() => scene.clock.advance(SignedDuration::from_mins(3)),
    }
    assert!(scene.simulator.org().is_frozen(&scene.campaign.user_id), "it was frozen, and no record says so");
    assert_eq!(scene.contain().await.unwrap().outcome, Some(Outcome::Contained));
    let given = released(&scene, Password::Kept, Apply::Act).await.unwrap();
    assert_eq!((given.frozen_by, given.open), (FrozenBy::Us, true));
    assert!(!scene.simulator.org().is_frozen(&scene.campaign.user_id));
}

/// Whoever can write a record could else write names into it.
#[tokio::test]
async fn consent_that_was_written_into_a_record_is_none() {
    type Forge = fn(&mut serde_json::Value);
    let forgeries: [(&str, Forge); 4] = [
        ("a signature", |body| body["approved"][1]["signature"] = body["approved"][0]["signature"].clone()),
        ("one for two", |body| body["approved"][1] = body["approved"][0].clone()),
        ("another target", |body| body["request"]["level"] = "org".into()),
        ("another question", |body| body["agreed_to"]["scope"]["most_users"] = 100_000.into()),
    ];
    for (what, forge) in forgeries {
        let (store, scene) = begun(Level::App).await;
        scene.clock.advance(SignedDuration::from_mins(3));
        let kept = scene.records(Table::Contain, "containments").await.remove(0);
        let mut body = kept.body;
        let before = body.clone();
        forge(&mut body);
        assert_ne!(body, before, "{what}");
        let put = Write::Put { key: kept.key, expect: Expect::Version(kept.version), body };
        store.inner.write(vec![put]).await.unwrap();
        scene.writes();
        let changed = scene.stage().tend(&scene.org_id()).await.unwrap();
        let Some(Outcome::NotContained { reason }) = &changed[0].outcome else {
            panic!("{what}: {changed:#?}")
        };
        assert!(reason.contains("two people must approve"), "{what}: {reason}");
        assert!(scene.writes().is_empty(), "{what}");
    }
}

/// What a person began and whose worker died after its first act.
async fn begun(level: Level) -> (Arc<Interrupting>, Scene) {
    let store = Interrupting::by(Comes::Death);
    let scene = Scene::on(Arc::clone(&store) as Arc<dyn Store>, CampaignKind::StolenRefreshToken).await;
    begun_on(store, scene, level).await
}

async fn begun_on(store: Arc<Interrupting>, mut scene: Scene, level: Level) -> (Arc<Interrupting>, Scene) {
    let app_name = stolen_app(&scene);
    let works = async {
        match level {
            Level::App => drop(agreed(&mut scene, Target::App { app_name }).await),
            _ => drop(scene.person(&scene.user(), Apply::Act).await),
        }
    };
    tokio::select! {
        () = works => panic!("it was to die"),
        () = store.killed.notified() => {}
    }
    (store, scene)
}

#[tokio::test]
async fn what_a_person_began_and_whose_worker_died_is_gone_on_with_by_itself() {
    let (_, scene) = begun(Level::User).await;
    assert!(scene.stage().tend(&scene.org_id()).await.unwrap().is_empty(), "it may still be at it");
    scene.clock.advance(SignedDuration::from_mins(3));
    let changed = scene.stage().tend(&scene.org_id()).await.unwrap();
    assert_eq!((changed.len(), &changed[0].outcome), (1, &Some(Outcome::Contained)), "{changed:#?}");
    assert!(!scene.simulator.org().attempt(&scene.campaign.loot).gets_in());
    assert_eq!(scene.records(Table::Contain, "containments").await.len(), 1);
    scene.clock.advance(SignedDuration::from_mins(1));
    assert!(scene.stage().tend(&scene.org_id()).await.unwrap().is_empty(), "once");
}

#[tokio::test]
async fn what_is_gone_on_with_meets_the_guard_again() {
    let (_, mut scene) = begun(Level::User).await;
    scene.clock.advance(SignedDuration::from_mins(3));
    scene.policy.protected.users.push(scene.user().as_str().to_owned());
    scene.writes();
    let changed = scene.stage().tend(&scene.org_id()).await.unwrap();
    let Some(Outcome::NotContained { reason }) = &changed[0].outcome else { panic!("{changed:#?}") };
    assert!(reason.contains("may not be gone on with"), "{reason}");
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn whose_sessions_a_record_does_not_tell_are_not_called_ended() {
    let (store, scene) = begun(Level::App).await;
    scene.clock.advance(SignedDuration::from_mins(3));
    let kept = scene.records(Table::Contain, "containments").await.remove(0);
    let mut body = kept.body;
    assert_eq!(body["reach"]["holders_cut"], 0);
    body["reach"]["holders_cut"] = 3.into();
    let put = Write::Put { key: kept.key, expect: Expect::Version(kept.version), body };
    store.inner.write(vec![put]).await.unwrap();
    let changed = scene.stage().tend(&scene.org_id()).await.unwrap();
    let Some(Outcome::NotContained { reason }) = &changed[0].outcome else { panic!("{changed:#?}") };
    assert!(reason.contains("3 are in no record"), "{reason}");
}

#[tokio::test]
async fn what_was_derived_from_sessions_that_went_with_their_tokens_is_found_by_who_goes_on() {
    let store = Interrupting::by(Comes::Death);
    let scene = Scene::on(Arc::clone(&store) as Arc<dyn Store>, CampaignKind::StolenRefreshToken).await;
    let derived = derived(&scene);
    let (_, scene) = begun_on(store, scene, Level::App).await;
    let left = || {
        let org = scene.simulator.org();
        derived.iter().filter(|id| org.sessions().iter().any(|session| *session.id == **id)).count()
    };
    assert_eq!(left(), 1, "the tokens took their sessions and the next below with them");
    scene.clock.advance(SignedDuration::from_mins(3));
    let changed = scene.stage().tend(&scene.org_id()).await.unwrap();
    assert_eq!((&changed[0].outcome, left()), (&Some(Outcome::AccessEnded), 0), "{changed:#?}");
}

#[tokio::test]
async fn the_calls_of_a_worker_that_died_are_counted_with_those_of_the_next() {
    let store = Interrupting::at("outcome", Comes::Death);
    let scene = Scene::on(Arc::clone(&store) as Arc<dyn Store>, CampaignKind::BruteForce).await;
    scene.salesforce.org_id().await.unwrap();
    let before = scene.simulator.org().requests().len();
    let user = scene.user();
    tokio::select! {
        ended = scene.person(&user, Apply::Act) => panic!("{ended:?}"),
        () = store.killed.notified() => {}
    }
    let of_the_first = scene.simulator.org().requests().len() - before;
    scene.clock.advance(SignedDuration::from_mins(3));
    let record = scene.person(&user, Apply::Act).await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::Contained), "{record:#?}");
    let of_both = scene.simulator.org().requests().len() - before;
    assert!(of_both > of_the_first && of_the_first > 0);
    assert_eq!(record.api_calls, of_both as u64);
}
