//! API calls are the org's too: what a containment takes is close to the least, and every call is counted.

use salesforce_simulator::{CampaignKind, Composite};
use session_warden::containment::Outcome;
use session_warden::stages::Apply;

use crate::support::Scene;

/// Contains a user with fifty sessions and twenty tokens, and lists what was sent.
async fn sent(composite: Composite) -> Vec<String> {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    scene.salesforce.org_id().await.unwrap();
    let before = {
        let mut org = scene.simulator.org();
        let user = scene.campaign.user_id;
        org.switches_mut().composite = composite;
        while org.live_sessions_of(&user).len() < 50 {
            org.log_in(&user, "203.0.113.77").unwrap();
        }
        while org.tokens_of(&user).len() < 20 {
            org.approve(user, "Chat connector").unwrap();
        }
        org.take_writes();
        org.requests().len()
    };
    let record = scene.person(&scene.user(), Apply::Act).await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::Contained), "{record:#?}");
    assert!((record.impact.sessions, record.impact.tokens) >= (50, 20));
    let org = scene.simulator.org();
    let line = |query: &str| query.chars().take(200).collect::<String>();
    let sent: Vec<_> = org.requests()[before..]
        .iter()
        .map(|sent| format!("{} {} {}", sent.method, sent.path, line(&sent.query)))
        .collect();
    assert_eq!(record.api_calls, sent.len() as u64, "every one is counted");
    sent
}

#[tokio::test]
async fn a_user_with_fifty_sessions_and_twenty_tokens_takes_few_calls() {
    let sent = sent(Composite::Served).await;
    assert!(sent.len() < 35, "{}: {sent:#?}", sent.len());
}

#[tokio::test]
async fn where_readings_cannot_share_calls_they_are_asked_for_one_by_one() {
    let sent = sent(Composite::Absent).await;
    let shared = sent.iter().filter(|line| line.ends_with("/composite ")).count();
    assert!(shared == 1 && sent.len() < 55, "it is tried once: {sent:#?}");
}
