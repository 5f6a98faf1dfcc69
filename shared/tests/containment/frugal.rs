//! API calls are the org's too: what a containment takes is close to the least, and counted as Salesforce counts.

use salesforce_simulator::CampaignKind;
use session_warden::containment::Outcome;
use session_warden::stages::Apply;

use crate::support::Scene;

#[tokio::test]
async fn a_user_with_fifty_sessions_and_twenty_tokens_takes_few_calls() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    {
        let mut org = scene.simulator.org();
        let user = scene.campaign.user_id;
        while org.live_sessions_of(&user).len() < 50 {
            org.log_in(&user, "203.0.113.77").unwrap();
        }
        while org.tokens_of(&user).len() < 20 {
            org.approve(user, "Chat connector").unwrap();
        }
        org.take_writes();
    }
    let before = scene.simulator.org().requests().len();
    let record = scene.person(&scene.user(), Apply::Act).await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::Contained), "{record:#?}");
    let org = scene.simulator.org();
    let sent: Vec<_> = org.requests()[before..]
        .iter()
        .map(|sent| {
            format!("{} {} {}", sent.method, sent.path, sent.query.chars().take(90).collect::<String>())
        })
        .collect();
    assert_eq!(record.api_calls, sent.len() as u64, "every one is counted");
    assert!(sent.len() < 35, "{}: {sent:#?}", sent.len());
}
