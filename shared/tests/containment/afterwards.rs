//! What is looked at after the end: the last access token's window, and access that comes back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::SignedDuration;
use salesforce_simulator::{CampaignKind, Clock, Frost, Permission};
use serde_json::{Value, json};
use session_warden::containment::{
    ApproverKey, Containment, ContainmentId, Marks, Outcome, Request, Stage, Target, containments,
};
use session_warden::detection::{Action, FindingId};
use session_warden::policy::{FreezeMode, Mode};
use session_warden::stages::Apply;
use session_warden::store::{Expect, Key, MemoryStore, Record, Store, StoreError, Table, Write};

use crate::session_level;
use crate::support::{Fails, Faulty, Scene};

async fn after(scene: &Scene, minutes: i64) -> Vec<Containment> {
    scene.clock.advance(SignedDuration::from_mins(minutes));
    scene.stage().tend(&scene.org_id()).await.unwrap()
}

/// Whether the org is looked at in that time; nothing may have changed.
async fn only_looks_after(scene: &Scene, minutes: i64) -> bool {
    let before = scene.salesforce.usage().calls;
    let changed = after(scene, minutes).await;
    assert!(changed.is_empty(), "{changed:#?}");
    scene.salesforce.usage().calls > before
}

#[tokio::test]
async fn the_window_of_the_last_token_is_looked_at_when_it_ends() {
    let scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    let record = scene.contain().await.unwrap();
    assert!(record.residual_until.is_some());
    assert!(!only_looks_after(&scene, 4).await, "too early for a look");
    assert!(only_looks_after(&scene, 2).await);
    let changed = after(&scene, 30).await;
    assert_eq!((changed.len(), &changed[0].outcome), (1, &Some(Outcome::Contained)), "{changed:#?}");
    assert_eq!(changed[0].residual_until, None);
}

#[tokio::test]
async fn a_session_that_is_there_again_opens_the_case_again() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    scene.contain().await.unwrap();
    {
        let mut org = scene.simulator.org();
        org.set_frozen(&scene.campaign.user_id, Frost::Thawed);
        assert!(org.attempt(&scene.campaign.loot).gets_in());
        org.set_frozen(&scene.campaign.user_id, Frost::Frozen);
    }
    let changed = after(&scene, 6).await;
    assert!(
        matches!(&changed[0].outcome, Some(Outcome::NotContained { reason }) if reason.contains("came back"))
    );
    assert!(changed[0].survivors_total > 0);
    assert!(Scene::rules(&changed[1]).contains(&"ask"), "nobody could agree, for there are no approvers");
    assert_eq!(changed.len(), 2);
    assert!(!only_looks_after(&scene, 6).await, "it is open, and nobody looks by himself");
    let again = scene.contain().await.unwrap();
    assert_eq!(again.outcome, Some(Outcome::Contained), "whoever asks again goes on with it");
}

#[tokio::test]
async fn people_are_asked_about_a_user_whose_access_came_back_until_it_is_ended() {
    for agrees in [true, false] {
        let mut scene = Scene::of(CampaignKind::BruteForce).await;
        let people = scene.approvers(&["Ada"]);
        (scene.policy.caps.per_hour, scene.policy.caps.percent_of_active_users) = (10, 100.0);
        let first = scene.contain().await.unwrap();
        {
            let mut org = scene.simulator.org();
            org.set_frozen(&scene.campaign.user_id, Frost::Thawed);
            assert!(org.attempt(&scene.campaign.loot).gets_in());
            org.set_frozen(&scene.campaign.user_id, Frost::Frozen);
        }
        let changed = after(&scene, 6).await;
        let [reopened, asked] = &changed[..] else { panic!("{changed:#?}") };
        assert_eq!(reopened.containment_id, first.containment_id);
        assert_eq!((asked.stage, &asked.request.target), (Stage::Waiting, &first.request.target));
        let live = || scene.simulator.org().live_sessions_of(&scene.campaign.user_id).len();
        assert!(asked.impact.sessions > 0 && live() > 0);
        if agrees {
            scene.approve(asked, &people[0].1, "Ada").await;
        } else {
            scene.clock.advance(SignedDuration::from_secs(1));
            assert_eq!(scene.contain().await.unwrap().outcome, Some(Outcome::Contained));
        }
        let changed = after(&scene, 1).await;
        assert_eq!(changed.len(), 1, "{changed:#?}");
        if agrees {
            assert_eq!(changed[0].outcome, Some(Outcome::Contained));
        } else {
            assert_eq!(Scene::rules(&changed[0]), ["joined"], "there is nothing left to ask about");
        }
        assert_eq!(live(), 0);
    }
}

#[tokio::test]
async fn each_time_that_access_comes_back_people_are_asked() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    scene.approvers(&["Ada"]);
    (scene.policy.caps.per_hour, scene.policy.caps.percent_of_active_users) = (10, 100.0);
    let mut asked = BTreeSet::new();
    for _ in 0..2 {
        assert_eq!(scene.contain().await.unwrap().outcome, Some(Outcome::Contained));
        {
            let mut org = scene.simulator.org();
            org.set_frozen(&scene.campaign.user_id, Frost::Thawed);
            assert!(org.attempt(&scene.campaign.loot).gets_in());
            org.set_frozen(&scene.campaign.user_id, Frost::Frozen);
        }
        let changed = after(&scene, 6).await;
        let again = changed.iter().find(|record| record.stage == Stage::Waiting).unwrap();
        assert!(asked.insert(again.containment_id.clone()), "another question");
    }
}

/// What Salesforce has ended itself leaves no row; a token that came with it works on.
#[tokio::test]
async fn a_login_by_oauth_not_long_ago_is_a_window_though_nothing_is_left_of_it() {
    for (kind, is_oauth) in [(CampaignKind::StolenRefreshToken, true), (CampaignKind::BruteForce, false)] {
        let scene = Scene::of(kind).await;
        {
            let mut org = scene.simulator.org();
            if is_oauth {
                assert!(org.attempt(&scene.campaign.loot).gets_in());
            }
            org.end_access(&scene.campaign.user_id);
        }
        let record = scene.person(&scene.user(), Apply::Act).await.unwrap();
        assert_eq!((&record.outcome, record.impact.sessions), (&Some(Outcome::Contained), 0));
        assert_eq!(record.residual_until.is_some(), is_oauth, "{kind:?}");
    }
}

/// What waits to be told, or to be looked at, by what it says under this name.
async fn waits(scene: &Scene, room: &str, name: &str) -> Vec<String> {
    let all = scene.records(Table::Contain, room).await.into_iter();
    let mut said: Vec<_> = all.map(|record| record.body[name].to_string()).collect();
    said.sort();
    said
}

#[tokio::test]
async fn a_thaw_by_others_is_told_and_watched_like_a_release() {
    let scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    let mut finding = scene.finding(1, Action::Contain);
    finding.detections[0].evidence.insert("source".to_owned(), scene.campaign.loot.source_ip.clone().into());
    let record = scene.contain_raised(&scene.keep(&finding).await).await.unwrap();
    assert!(record.residual_until.is_some());
    {
        let mut org = scene.simulator.org();
        org.set_frozen(&scene.campaign.user_id, Frost::Thawed);
        org.log_in(&scene.campaign.user_id, "192.0.2.10").unwrap();
    }
    let changed = after(&scene, 6).await;
    let released = changed[0].released.as_ref().unwrap();
    assert!(released.by.contains("Salesforce") && released.reason.contains("without `warden release`"));
    assert!(waits(&scene, "notices", "about").await.contains(&"\"thawed\"".to_owned()));
    let changed = after(&scene, 30).await;
    assert_eq!((changed.len(), changed[0].residual_until), (1, None), "the last token's end is looked at");
    scene.simulator.org().log_in(&scene.campaign.user_id, &scene.campaign.loot.source_ip).unwrap();
    let changed = after(&scene, 6).await;
    assert!(matches!(&changed[0].outcome, Some(Outcome::NotContained { .. })), "{changed:#?}");
}

fn blind(scene: &Scene) -> String {
    let revoker = scene.simulator.connection_document()["revoker"]["username"].as_str().unwrap().to_owned();
    scene.simulator.org().remove_permission(&revoker, Permission::ManageUsers);
    revoker
}

#[tokio::test]
async fn a_window_whose_end_cannot_be_looked_at_is_told_and_looked_at_later() {
    let scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    scene.contain().await.unwrap();
    let revoker = blind(&scene);
    assert!(only_looks_after(&scene, 6).await, "it is not over yet");
    let changed = after(&scene, 30).await;
    assert!(changed[0].unchecked.is_some() && changed[0].residual_until.is_some(), "{changed:#?}");
    assert!(waits(&scene, "notices", "about").await.contains(&"\"not_checked\"".to_owned()));
    assert!(only_looks_after(&scene, 6).await, "it is told once");
    scene.simulator.org().grant_permission(&revoker, Permission::ManageUsers);
    let changed = after(&scene, 6).await;
    assert_eq!((&changed[0].unchecked, changed[0].residual_until), (&None, None));
}

#[tokio::test]
async fn a_day_that_ends_without_sight_is_told_and_the_look_tried_again_for_a_week() {
    for sees_again in [true, false] {
        let scene = Scene::of(CampaignKind::BruteForce).await;
        scene.contain().await.unwrap();
        let revoker = blind(&scene);
        let changed = after(&scene, 25 * 60).await;
        assert!(changed[0].unchecked.is_some(), "{changed:#?}");
        if sees_again {
            scene.simulator.org().grant_permission(&revoker, Permission::ManageUsers);
            assert_eq!(after(&scene, 61).await[0].unchecked, None);
        } else {
            assert!(only_looks_after(&scene, 61).await);
            assert!(only_looks_after(&scene, 8 * 24 * 60).await);
        }
        assert!(waits(&scene, "agenda", "what").await.is_empty(), "{sees_again}");
    }
}

#[tokio::test]
async fn who_may_log_in_again_is_not_hostile_for_doing_so() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    scene.policy.containment.freeze = FreezeMode::Never;
    scene.contain().await.unwrap();
    scene.simulator.org().log_in(&scene.campaign.user_id, "192.0.2.10").unwrap();
    assert!(only_looks_after(&scene, 6).await);
}

/// A hostile session was ended, and the attacker has made himself another.
async fn in_again(store: Arc<dyn Store>) -> (Scene, Vec<(String, ApproverKey)>) {
    let mut scene = Scene::on(store, CampaignKind::BruteForce).await;
    scene.policy.caps.percent_of_active_users = 100.0;
    let people = scene.approvers(&["Ada"]);
    let addresses = [scene.campaign.loot.source_ip.parse().unwrap()].into();
    let hostile = Marks { addresses, ..Marks::default() };
    let target = Target::Session { user_id: scene.user(), hostile };
    let request = Request { request_id: "r".to_owned(), target, ..scene.by_person(&scene.user()) };
    let record = scene.stage().contain(request, Apply::Act).await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::SessionEnded));
    // The clock of the simulated org stands still for tests, and its sessions begin in whole seconds.
    assert!(scene.simulator.org().attempt(&scene.campaign.loot).gets_in());
    scene.writes();
    (scene, people)
}

#[tokio::test]
async fn whoever_dies_while_he_reopens_a_case_loses_no_question() {
    let mut call = 0;
    loop {
        let faulty = Arc::new(Faulty::at(usize::MAX, Fails::KilledAfter));
        let (scene, _) = in_again(Arc::clone(&faulty) as Arc<dyn Store>).await;
        scene.clock.advance(SignedDuration::from_mins(6));
        faulty.fail_next(call, Fails::KilledAfter);
        tokio::select! {
            changed = after(&scene, 0) => drop(changed),
            () = faulty.killed.notified() => {}
        }
        let was_reached = faulty.reached();
        faulty.fail_at(usize::MAX);
        after(&scene, 3).await;
        let kept = containments(&scene.org_id()).all(&*scene.store).await.unwrap();
        let stages: BTreeSet<_> = kept.iter().map(|(_, kept)| format!("{:?}", kept.value.stage)).collect();
        assert_eq!(stages, ["Finished".to_owned(), "Waiting".to_owned()].into(), "{call}");
        let reopened =
            kept.iter().any(|(_, kept)| matches!(kept.value.outcome, Some(Outcome::NotContained { .. })));
        assert!(reopened, "{call}");
        if !was_reached {
            break;
        }
        call += 1;
    }
    assert!(call > 10, "only {call} calls were tried");
}

#[tokio::test]
async fn a_hostile_session_that_comes_back_proposes_the_next_level_and_asks() {
    let (scene, people) = in_again(Arc::new(MemoryStore::new())).await;
    let changed = after(&scene, 6).await;
    assert_eq!(changed.len(), 2, "{changed:#?}");
    assert!(matches!(changed[0].outcome, Some(Outcome::NotContained { .. })));
    assert_eq!(changed[1].request.target, Target::User { user_id: scene.user() });
    assert_eq!((changed[1].stage, Scene::rules(&changed[1])), (Stage::Waiting, vec!["ask"]));
    assert!(scene.writes().is_empty());
    scene.approve(&changed[1], &people[0].1, "Ada").await;
    let changed = after(&scene, 1).await;
    assert_eq!(changed[0].outcome, Some(Outcome::Contained));
    assert!(!scene.simulator.org().attempt(&scene.campaign.loot).gets_in());
}

/// A store in which somebody else writes right after, or before, a room has been read.
struct Meanwhile {
    inner: MemoryStore,
    room: &'static str,
    writes: Mutex<Vec<Write>>,
}

impl Meanwhile {
    fn of(room: &'static str) -> Arc<Self> {
        Arc::new(Self { inner: MemoryStore::new(), room, writes: Mutex::new(Vec::new()) })
    }

    async fn others_write(&self, partition: &str) {
        if partition.ends_with(self.room) {
            let writes = std::mem::take(&mut *self.writes.lock().unwrap());
            for write in writes {
                self.inner.write(vec![write]).await.unwrap();
            }
        }
    }
}

#[async_trait]
impl Store for Meanwhile {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        if self.room != AGENDA {
            self.others_write(&key.partition).await;
        }
        self.inner.get(key).await
    }

    async fn list(
        &self,
        table: Table,
        partition: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let listed = self.inner.list(table, partition, after, limit).await?;
        if self.room == AGENDA && listed.is_empty() {
            self.others_write(partition).await;
        }
        Ok(listed)
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.inner.write(writes).await
    }
}

const AGENDA: &str = "/agenda";

/// What the agenda says of somebody who was contained, after a turn for which it said `stale` and during which another worker
/// put `fresh` there.
async fn agenda_after(room: &'static str, stale: &Value, fresh: &Value) -> Vec<Value> {
    let store = Meanwhile::of(room);
    let scene = Scene::on(Arc::clone(&store) as Arc<dyn Store>, CampaignKind::BruteForce).await;
    let record = scene.contain().await.unwrap();
    let key = || Key::new(Table::Contain, &scene.org_id(), "agenda", record.containment_id.as_str());
    let put = |body: &Value| Write::Put { key: key(), expect: Expect::Any, body: body.clone() };
    let gone = || Write::Delete { key: key(), expect: Expect::Any };
    for write in [gone(), put(stale)] {
        scene.store.write(vec![write]).await.unwrap();
    }
    let again = if room == AGENDA { vec![gone(), put(fresh)] } else { vec![put(fresh)] };
    *store.writes.lock().unwrap() = again;
    scene.clock.advance(SignedDuration::from_mins(10));
    scene.stage().tend(&scene.org_id()).await.unwrap();
    assert!(store.writes.lock().unwrap().is_empty(), "others have written");
    scene.records(Table::Contain, "agenda").await.into_iter().map(|record| record.body).collect()
}

#[tokio::test]
async fn what_others_put_on_the_agenda_meanwhile_is_not_lost() {
    let (long_ago, later) = ("2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z");
    let consent = json!({ "at": long_ago, "what": { "task": "consent" } });
    let over = json!({ "at": long_ago, "what": { "task": "watch", "since": long_ago } });
    let watch = json!({ "at": long_ago, "what": { "task": "watch", "since": later } });
    let fresh = json!({ "at": later, "what": { "task": "watch", "since": later } });
    for room in [AGENDA, "/containments"] {
        for stale in [&consent, &over, &watch] {
            assert_eq!(agenda_after(room, stale, &fresh).await, vec![fresh.clone()], "{room} {stale}");
        }
    }
}

#[tokio::test]
async fn what_people_have_agreed_to_waits_for_no_look_at_others() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    (scene.policy.caps.per_hour, scene.policy.caps.percent_of_active_users) = (10, 100.0);
    let people = scene.approvers(&["Ada"]);
    let other = scene.somebody_else();
    let watched = scene.person(&other, Apply::Act).await.unwrap();
    let id =
        |number: &usize| ContainmentId::of(&scene.org_id(), &format!("finding/f-{number}/{}", scene.user()));
    let later = (1..1_000).find(|number| id(number) > watched.containment_id).unwrap();
    let mut finding = scene.finding(1, Action::Ask);
    finding.finding_id = FindingId::new(format!("f-{later}"));
    scene.policy.mode = Mode::Ask;
    let asked = scene.contain_raised(&scene.keep(&finding).await).await.unwrap();
    assert_eq!((asked.stage, Scene::rules(&asked)), (Stage::Waiting, vec!["ask"]));
    scene.approve(&asked, &people[0].1, "Ada").await;
    scene.simulator.org().set_frozen(other.as_str(), Frost::Thawed);
    let changed = after(&scene, 6).await;
    let ids: Vec<_> = changed.iter().map(|record| &record.containment_id).collect();
    assert_eq!(ids, [&asked.containment_id, &watched.containment_id]);
}

#[tokio::test]
async fn what_is_known_of_a_window_goes_when_it_is_over_whoever_is_contained_next() {
    let scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    let record = scene.contain().await.unwrap();
    let kept = async || {
        let rooms = scene.records(Table::Contain, "residuals").await;
        rooms.iter().any(|row| row.key.sort == record.containment_id.as_str())
    };
    assert!(kept().await);
    scene.clock.advance(SignedDuration::from_hours(26));
    let other = scene.person(&scene.somebody_else(), Apply::Act).await.unwrap();
    assert_eq!(other.outcome, Some(Outcome::Contained), "{other:#?}");
    assert!(!kept().await);
}

#[tokio::test]
async fn a_token_that_its_owner_grants_after_a_hostile_session_was_ended_is_no_relapse() {
    for is_granted_before in [false, true] {
        let (scene, _) = session_level::scene(CampaignKind::StolenRefreshToken).await;
        let hostile = [scene.campaign.loot.source_ip.as_str()];
        let request = session_level::request(&scene, &[], &hostile);
        let record = scene.stage().contain(request, Apply::Act).await.unwrap();
        assert_eq!(record.outcome, Some(Outcome::SessionEnded));
        let apps = record.reach.as_ref().map(|reach| json!(reach)["applications"].clone()).unwrap();
        let app = apps[0].as_str().unwrap().to_owned();
        {
            let mut org = scene.simulator.org();
            let since = SignedDuration::from_mins(if is_granted_before { -1 } else { 1 });
            org.set_clock(Clock::Fixed(record.finished.unwrap() + since));
            org.approve(scene.campaign.user_id, &app).unwrap();
            org.set_clock(Clock::System);
        }
        let changed = after(&scene, 6).await;
        assert_eq!(!changed.is_empty(), is_granted_before, "{changed:#?}");
    }
}
