//! Two findings about one user, one after the other and at once: one containment ends his access, and both are answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use salesforce_simulator::CampaignKind;
use serde_json::json;
use session_warden::containment::{Containment, Outcome};
use session_warden::detection::{Action, FindingId, Level};
use session_warden::evidence::Ledger;
use session_warden::messages::FindingRaised;
use session_warden::store::Table;

use crate::support::Scene;

async fn raised(scene: &Scene, id: &str, level: Level) -> FindingRaised {
    let mut finding = scene.finding(1, Action::Contain);
    (finding.finding_id, finding.level) = (FindingId::new(id), Some(level));
    let address = scene.campaign.loot.source_ip.clone();
    finding.detections[0].evidence.insert("source".to_owned(), address.into());
    scene.keep(&finding).await
}

async fn check_one(scene: &Scene, answers: &[Containment]) {
    let stored = scene.records(Table::Contain, "containments").await;
    assert_eq!(stored.len(), 1, "one record: {stored:#?}");
    let record: Containment = stored[0].decode().unwrap();
    assert_eq!(record.outcome, Some(Outcome::Contained));
    let ids: BTreeSet<_> = answers.iter().map(|answer| answer.containment_id.clone()).collect();
    assert_eq!(ids, BTreeSet::from([record.containment_id.clone()]), "every finding is answered by it");
    let joined: BTreeSet<_> = record.joined.iter().map(|joined| joined.finding_id.as_str()).collect();
    let own = record.request.trigger.as_ref().unwrap().finding_id.as_str();
    let findings: BTreeSet<_> = joined.into_iter().chain([own]).collect();
    assert_eq!(findings, BTreeSet::from(["f-1", "f-2"]), "the record names both");
    for counter in scene.records(Table::Contain, "caps").await {
        assert_eq!(counter.body, json!({ "users": 1 }), "counted once");
    }
    Ledger::new(&*scene.store, scene.org_id()).verify(None).await.unwrap();
}

#[tokio::test]
async fn a_second_finding_about_one_user_joins_the_containment_of_the_first() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let (first, second) =
        (raised(&scene, "f-1", Level::User).await, raised(&scene, "f-2", Level::User).await);
    let answers = [scene.contain_raised(&first).await.unwrap(), scene.contain_raised(&second).await.unwrap()];
    check_one(&scene, &answers).await;
    let writes = scene.writes().len();
    assert!(writes > 0);
    scene.contain_raised(&second).await.unwrap();
    assert!(scene.writes().is_empty(), "told again, it is answered again");
    check_one(&scene, &answers).await;
}

#[tokio::test]
async fn a_session_of_a_user_who_is_contained_whole_joins_too() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let (whole, session) =
        (raised(&scene, "f-1", Level::User).await, raised(&scene, "f-2", Level::Session).await);
    let answers =
        [scene.contain_raised(&whole).await.unwrap(), scene.contain_raised(&session).await.unwrap()];
    check_one(&scene, &answers).await;
}

#[tokio::test]
async fn workers_with_two_findings_at_once_make_one_containment() {
    for _ in 0..4 {
        let scene = Arc::new(Scene::of(CampaignKind::BruteForce).await);
        let one = raised(&scene, "f-1", Level::User).await;
        let other = raised(&scene, "f-2", Level::User).await;
        let workers = (0..8).map(|number| {
            let (scene, raised) =
                (Arc::clone(&scene), if number % 2 == 0 { one.clone() } else { other.clone() });
            tokio::spawn(async move { scene.contain_raised(&raised).await.unwrap() })
        });
        let answers: Vec<_> =
            futures::future::join_all(workers).await.into_iter().map(Result::unwrap).collect();
        check_one(&scene, &answers).await;
    }
}

#[tokio::test]
async fn what_is_seen_after_the_end_is_another_containment() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    scene.policy.caps.per_hour = 9;
    scene.policy.caps.percent_of_active_users = 100.0;
    let first = raised(&scene, "f-1", Level::User).await;
    scene.contain_raised(&first).await.unwrap();
    scene.clock.advance(jiff::SignedDuration::from_mins(10));
    let mut later = scene.finding(1, Action::Contain);
    later.finding_id = FindingId::new("f-2");
    later.last_seen = session_warden::clock::Clock::now(&scene.clock);
    let later = scene.keep(&later).await;
    scene.contain_raised(&later).await.unwrap();
    assert_eq!(scene.records(Table::Contain, "containments").await.len(), 2);
}
