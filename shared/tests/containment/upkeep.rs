//! Evidence that is older than the policy keeps goes by itself, once a day, and the chain stays whole.

use std::time::Duration;

use jiff::SignedDuration;
use salesforce_simulator::{CampaignKind, Frost, Permission};
use session_warden::clock::Clock;
use session_warden::containment::{ContainmentId, Outcome, containments};
use session_warden::evidence::{EntryKind, Ledger, Payload};
use session_warden::salesforce::Frozen;
use session_warden::stages::Apply;
use session_warden::store::{LocalOutbox, Queue, Table};

use crate::session_level;
use crate::support::Scene;

const KEPT: i64 = 30 * 24;

/// A session was ended, which freezes nobody, and somebody was frozen; then time went by.
async fn long_after(keep_for: Option<SignedDuration>) -> Scene {
    let (mut scene, _) = session_level::scene(CampaignKind::BruteForce).await;
    scene.policy.evidence.keep_for = keep_for;
    scene.policy.caps.percent_of_active_users = 100.0;
    let request = session_level::request(&scene, &[], &[&scene.campaign.loot.source_ip]);
    let record = scene.stage().contain(request, Apply::Act).await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::SessionEnded));
    let frozen = scene.person(&scene.somebody_else(), Apply::Act).await.unwrap();
    assert_eq!(frozen.outcome, Some(Outcome::Contained));
    scene.clock.advance(SignedDuration::from_hours(KEPT + 1));
    scene
}

/// How many payloads are gone, of a chain that leads through the head that it had.
async fn gone(scene: &Scene) -> usize {
    let ledger = Ledger::new(&*scene.store, scene.org_id());
    ledger.verify(ledger.head().await.unwrap().as_ref()).await.unwrap();
    let entries = ledger.entries(0, 1_000).await.unwrap();
    entries.iter().filter(|recorded| matches!(recorded.payload, Payload::Redacted { .. })).count()
}

async fn records(scene: &Scene) -> usize {
    containments(&scene.org_id()).all(&*scene.store).await.unwrap().len()
}

#[tokio::test]
async fn what_is_older_than_the_policy_keeps_goes_with_the_turn_of_the_agenda() {
    let scene = long_after(Some(SignedDuration::from_hours(KEPT))).await;
    let (stage, org) = (scene.stage(), scene.org_id());
    let before = Ledger::new(&*scene.store, org.clone()).head().await.unwrap().unwrap();
    stage.tend(&org).await.unwrap();
    let first = gone(&scene).await;
    assert!(first > 0);
    Ledger::new(&*scene.store, org.clone()).verify(Some(&before)).await.unwrap();
    assert_eq!(records(&scene).await, 1, "that of whom is frozen stays");
    let old = scene.clock.now() - SignedDuration::from_hours(KEPT + 1);
    let said = serde_json::json!({ "said": "long ago" });
    Ledger::new(&*scene.store, org.clone()).append(EntryKind::Answer, None, old, &said).await.unwrap();
    stage.tend(&org).await.unwrap();
    assert_eq!(gone(&scene).await, first, "once a day");
    scene.clock.advance(SignedDuration::from_hours(24));
    stage.tend(&org).await.unwrap();
    assert_eq!(gone(&scene).await, first + 1);
}

#[tokio::test]
async fn without_a_word_of_the_policy_nothing_goes() {
    let scene = long_after(None).await;
    scene.stage().tend(&scene.org_id()).await.unwrap();
    assert_eq!((gone(&scene).await, records(&scene).await), (0, 2));
}

#[tokio::test]
async fn the_first_record_of_a_request_stays_as_long_as_a_later_one_of_it() {
    let scene = long_after(Some(SignedDuration::from_hours(KEPT))).await;
    let (org, room) = (scene.org_id(), containments(&scene.org_id()));
    let all = room.all(&*scene.store).await.unwrap().into_iter().map(|(_, kept)| kept.value);
    let mut later = all.into_iter().find(|record| record.outcome == Some(Outcome::SessionEnded)).unwrap();
    later.request.request_id += "/2";
    later.containment_id = ContainmentId::of(&org, &later.request.request_id);
    later.outcome = Some(Outcome::NotContained { reason: "a session is left".to_owned() });
    let put = room.put(later.containment_id.as_str(), None, &later).unwrap();
    scene.store.write(vec![put]).await.unwrap();
    scene.stage().tend(&org).await.unwrap();
    assert_eq!(
        records(&scene).await,
        3,
        "else the next would be called the first, and the second be gone on with"
    );
}

#[tokio::test]
async fn how_a_containment_ended_waits_for_who_listens_for_a_month() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let waiting = async || {
        scene.stage().tend(&scene.org_id()).await.unwrap();
        let all = LocalOutbox::new(&*scene.store).next(Queue::Ended, &scene.org_id(), 10).await.unwrap();
        all.into_iter().map(|message| message.body["containment_id"].clone()).collect::<Vec<_>>()
    };
    let record = scene.person(&scene.user(), Apply::Act).await.unwrap();
    let id = serde_json::json!(record.containment_id);
    assert_eq!(waiting().await, std::slice::from_ref(&id));
    scene.clock.advance(SignedDuration::from_hours(20 * 24));
    let later = scene.person(&scene.somebody_else(), Apply::Act).await.unwrap();
    scene.clock.advance(SignedDuration::from_hours(11 * 24));
    let waiting = waiting().await;
    assert!(
        !waiting.contains(&id) && waiting.contains(&serde_json::json!(later.containment_id)),
        "{waiting:?}"
    );
}

/// What is told of accounts that were frozen, once the hour is over.
async fn told_of_freezes(scene: &Scene) -> Vec<String> {
    scene.clock.advance(SignedDuration::from_mins(61));
    scene.stage().tend(&scene.org_id()).await.unwrap();
    let waiting = scene.records(Table::Contain, "notices").await.into_iter();
    let frozen = waiting.filter(|record| record.body["about"] == "frozen");
    frozen.map(|record| record.body["matter"]["words"]["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn whom_salesforce_itself_freezes_is_told_once_and_nobody_else() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    scene.stage().tend(&scene.org_id()).await.unwrap();
    assert_eq!(told_of_freezes(&scene).await, [""; 0]);
    let name = scene.campaign.username.clone();
    let revoker = scene.simulator.connection_document()["revoker"]["username"].as_str().unwrap().to_owned();
    scene.salesforce.set_frozen(&scene.somebody_else(), Frozen::Yes).await.unwrap();
    let seeing = [Permission::ManageUsers, Permission::FreezeUsers];
    for permission in seeing {
        scene.simulator.org().remove_permission(&revoker, permission);
    }
    scene.simulator.org().set_frozen(&scene.campaign.user_id, Frost::Frozen);
    // What is younger than five seconds is left to the next look.
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(told_of_freezes(&scene).await, [""; 0], "it cannot be seen");
    for permission in seeing {
        scene.simulator.org().grant_permission(&revoker, permission);
    }
    for _ in 0..2 {
        let [text] = &told_of_freezes(&scene).await[..] else { panic!("told once") };
        assert!(text.contains(&name) && text.contains("Salesforce froze it itself"), "{text}");
        assert!(!text.contains("and 1 more") && text.lines().filter(|line| line.contains('@')).count() == 1);
    }
}
