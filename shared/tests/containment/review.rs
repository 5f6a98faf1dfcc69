//! Once a week what was found and done, and whether the monitor ran, is put into the ledger and told, by itself.

use jiff::SignedDuration;
use salesforce_simulator::CampaignKind;
use session_warden::clock::Clock;
use session_warden::evidence::{EntryKind, Ledger, Payload};
use session_warden::notice::{About, Notice};
use session_warden::stages::{WatchedHour, watched};
use session_warden::store::{Expect, Key, Table, Write};

use crate::notices::heard;
use crate::support::Scene;

async fn tended_after(scene: &Scene, hours: i64) -> Vec<Notice> {
    scene.clock.advance(SignedDuration::from_hours(hours));
    scene.stage().tend(&scene.org_id()).await.unwrap();
    let notices = heard(scene).await.into_iter();
    notices.filter(|notice| notice.about == About::Review).collect()
}

async fn entries(scene: &Scene) -> Vec<serde_json::Value> {
    let ledger = Ledger::new(&*scene.store, scene.org_id());
    ledger.verify(None).await.unwrap();
    let reviews = ledger.entries(0, 1_000).await.unwrap().into_iter();
    let reviews = reviews.filter(|recorded| recorded.entry.kind == EntryKind::Review);
    let read = |payload| if let Payload::Kept(value) = payload { value } else { panic!("{payload:?}") };
    reviews.map(|recorded| read(recorded.payload)).collect()
}

/// Scans reached the present in each of these hours from now on.
async fn is_watched(scene: &Scene, hours: std::ops::Range<i64>) {
    let room = watched(&scene.org_id());
    for number in hours {
        let first = scene.clock.now() + SignedDuration::from_hours(number);
        let last = first + SignedDuration::from_mins(59);
        let hour = WatchedHour {
            first,
            last,
            scans: 60,
            pauses: Vec::new(),
            blind: std::collections::BTreeSet::new(),
        };
        let put = room.put(&format!("{number:04}"), None, &hour).unwrap();
        scene.store.write(vec![put]).await.unwrap();
    }
}

#[tokio::test]
async fn a_week_is_told_once_and_is_in_the_ledger_with_the_proof_that_the_monitor_ran() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    is_watched(&scene, 0..24 * 8).await;
    assert!(tended_after(&scene, 0).await.is_empty(), "nothing is over yet");
    scene.contain().await.unwrap();
    assert!(tended_after(&scene, 24 * 7 - 1).await.is_empty());
    let told = tended_after(&scene, 1).await;
    let [notice] = &told[..] else { panic!("{told:#?}") };
    assert!(notice.text.contains("1 contained") && notice.text.contains("no gap"), "{}", notice.text);
    assert!(notice.to.iter().all(|to| to.address.is_none()), "the support's alone");
    let kept = entries(&scene).await;
    let [review] = &kept[..] else { panic!("{kept:#?}") };
    assert_eq!(
        (&review["watch"]["gaps_total"], &review["containments"]["contained"]),
        (&0.into(), &1.into())
    );
    assert_eq!(review["open_sessions"]["state"], "read", "{review}");
    assert!(tended_after(&scene, 1).await.is_empty(), "once");
}

#[tokio::test]
async fn a_review_begins_where_the_one_before_ended_and_tells_gaps() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    is_watched(&scene, 0..24 * 7).await;
    tended_after(&scene, 0).await;
    assert_eq!(tended_after(&scene, 24 * 7).await.len(), 1);
    // Nothing ran for ten days.
    let told = tended_after(&scene, 24 * 10).await;
    assert!(told[0].title.contains("something needs"), "{}", told[0].title);
    let kept = entries(&scene).await;
    assert_eq!(kept[1]["from"], kept[0]["until"]);
    assert_eq!(kept[1]["watch"]["scans"], 0);
    assert!(told[0].text.contains("was not watched"), "{}", told[0].text);
}

#[tokio::test]
async fn of_two_workers_one_reviews() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    tended_after(&scene, 0).await;
    scene.clock.advance(SignedDuration::from_hours(24 * 7));
    let (stage, org) = (scene.stage(), scene.org_id());
    let (one, other) = tokio::join!(stage.tend(&org), stage.tend(&org));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(entries(&scene).await.len(), 1);
    assert_eq!(heard(&scene).await.iter().filter(|notice| notice.about == About::Review).count(), 1);
}

#[tokio::test]
async fn what_cannot_be_seen_is_said() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    tended_after(&scene, 0).await;
    let revoker = scene.simulator.connection_document()["revoker"]["username"].as_str().unwrap().to_owned();
    scene.simulator.org().remove_permission(&revoker, salesforce_simulator::Permission::ManageUsers);
    let told = tended_after(&scene, 24 * 7).await;
    assert!(told[0].text.contains("cannot see the sessions of others"), "{}", told[0].text);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_keeps_no_review_from_being_told_and_is_told_in_it() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    is_watched(&scene, 0..24 * 8).await;
    tended_after(&scene, 0).await;
    scene.contain().await.unwrap();
    let key = Key::new(Table::Contain, &scene.org_id(), "containments", "damaged");
    let damaged = Write::Put { key, expect: Expect::Any, body: serde_json::json!({ "stage": 7 }) };
    scene.store.write(vec![damaged]).await.unwrap();
    let told = tended_after(&scene, 24 * 7).await;
    let [notice] = &told[..] else { panic!("{told:#?}") };
    assert!(notice.title.contains("something needs a person"), "{}", notice.title);
    for words in ["Could not be read: 1 record", "1 contained"] {
        assert!(notice.text.contains(words), "{words}: {}", notice.text);
    }
    assert_eq!(entries(&scene).await[0]["unreadable"], 1);
}
