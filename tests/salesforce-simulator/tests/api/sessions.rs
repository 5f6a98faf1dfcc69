//! The life of sessions: used, used again, expired, outlived by their tokens, and come back.

use crate::support::{Api, log_in, now, started};
use jiff::{Timestamp, ToSpan};
use salesforce_simulator::{
    AccessTokens, Campaign, CampaignKind, Clock, Door, FreezeSessions, Frost, HandOverNames, Simulator,
    TemporarySessions, Undeletable, Visualforce, generate,
};
use serde_json::json;
use std::collections::BTreeSet;

async fn attacked(kind: CampaignKind) -> (Simulator, Api, Campaign) {
    let simulator = started().await;
    let campaign = simulator.org().launch(kind, now());
    let api = log_in(&simulator, "revoker").await;
    (simulator, api, campaign)
}

fn later(minutes: i64) -> Timestamp {
    now() + minutes.minutes()
}

#[tokio::test]
async fn a_session_used_again_after_a_login_belongs_to_that_login() {
    let (simulator, api, campaign) = attacked(CampaignKind::BruteForce).await;
    let root = campaign.session_ids[0];
    let before = simulator.org().sessions().iter().find(|session| session.id == root).unwrap().login_id;
    let moved = simulator.org().reuse_session(&root).unwrap();
    assert_ne!(before, Some(moved));
    let rows =
        api.records(&format!("SELECT LoginHistoryId FROM AuthSession WHERE ParentId = '{root}'")).await;
    assert!(rows.len() > 3 && rows.iter().all(|row| row["LoginHistoryId"] == moved.as_str()));
    assert_eq!(simulator.org().reuse_session("0AkKj0zzzzzzzzz"), None);
}

#[tokio::test]
async fn use_keeps_a_session_alive_and_its_row_outlives_it() {
    let (simulator, api, campaign) = attacked(CampaignKind::BruteForce).await;
    for minutes in [70, 140, 210] {
        simulator.org().set_clock(Clock::Fixed(later(minutes)));
        assert!(simulator.org().attempt(&campaign.loot).session == Door::Open, "{minutes}");
        assert_eq!(api.query("SELECT Id FROM AuthSession").await.0, 200);
    }
    simulator.org().set_clock(Clock::Fixed(later(340)));
    assert_eq!(simulator.org().attempt(&campaign.loot).session, Door::Shut);
    let root = campaign.session_ids[0];
    let there = |simulator: &Simulator| simulator.org().sessions().iter().any(|session| session.id == root);
    assert!(there(&simulator));
    assert!(simulator.org().clear_expired_sessions() > 0);
    assert!(!there(&simulator));
}

#[tokio::test]
async fn a_jwt_outlives_its_session_for_half_an_hour() {
    let mut org = crate::support::small();
    org.switches_mut().access_tokens = AccessTokens::Jwt;
    let simulator = Simulator::start(org).await.unwrap();
    simulator.org().set_clock(Clock::Fixed(now()));
    let campaign = simulator.org().launch(CampaignKind::StolenRefreshToken, now());
    let api = log_in(&simulator, "revoker").await;
    let root = campaign.session_ids[0].to_string();
    let rows = api
        .records(&format!("SELECT IsAssociatedWithJwtAccessToken FROM AuthSession WHERE Id = '{root}'"))
        .await;
    assert_eq!(rows[0]["IsAssociatedWithJwtAccessToken"], true);
    assert_eq!(api.delete("AuthSession", &root).await.0, 204);
    let stolen = Api::new(&simulator, &campaign.loot.access_token);
    assert_eq!(stolen.query("SELECT Id FROM User").await.0, 200);
    assert!(api.records(&format!("SELECT Id FROM AuthSession WHERE Id = '{root}'")).await.is_empty());
    simulator.org().set_clock(Clock::Fixed(later(29)));
    assert_eq!(stolen.query("SELECT Id FROM User").await.0, 200);
    simulator.org().set_clock(Clock::Fixed(later(30)));
    assert_eq!(stolen.query("SELECT Id FROM User").await.0, 401);
}

#[tokio::test]
async fn without_a_tail_a_jwt_ends_with_its_session() {
    let mut org = generate(&salesforce_simulator::Seed { users: 60, days: 20, ..Default::default() });
    org.switches_mut().access_tokens = AccessTokens::Jwt;
    org.set_jwt_tail(0);
    let campaign = org.launch(CampaignKind::StolenRefreshToken, now());
    let simulator = Simulator::start(org).await.unwrap();
    let api = log_in(&simulator, "revoker").await;
    assert_eq!(api.revoke(campaign.loot.refresh_token.as_deref().unwrap()).await, 200);
    assert_eq!(Api::new(&simulator, &campaign.loot.access_token).query("SELECT Id FROM User").await.0, 401);
}

#[tokio::test]
async fn a_temporary_session_may_refuse_to_go_alone() {
    let (simulator, api, campaign) = attacked(CampaignKind::BruteForce).await;
    simulator.org().switches_mut().temporary_sessions = TemporarySessions::Undeletable;
    let temporary = simulator
        .org()
        .sessions()
        .iter()
        .find(|session| session.is_temporary() && session.parent_id == campaign.session_ids[0])
        .unwrap()
        .id
        .to_string();
    let (status, body) = api.delete("AuthSession", &temporary).await;
    assert_eq!((status, &body[0]["errorCode"]), (403, &json!("INSUFFICIENT_ACCESS_OR_READONLY")));
    simulator.org().switches_mut().undeletable = Undeletable::DeleteFailed;
    let (status, body) = api.delete("AuthSession", &temporary).await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("DELETE_FAILED")));
    assert_eq!(api.delete("AuthSession", &campaign.session_ids[0]).await.0, 204);
    assert_eq!(api.delete("AuthSession", &temporary).await.0, 404);
}

#[tokio::test]
async fn a_family_has_the_sessions_of_the_pages_that_are_used() {
    let (simulator, api, before) = attacked(CampaignKind::BruteForce).await;
    let types = async |root: &str| {
        let rows =
            api.records(&format!("SELECT SessionType FROM AuthSession WHERE ParentId = '{root}'")).await;
        rows.iter().map(|row| row["SessionType"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let usual = ["API", "Aura", "Content", "TempUIFrontdoor", "UI"].map(str::to_owned);
    assert_eq!(types(&before.session_ids[0]).await, usual.clone().into());
    simulator.org().switches_mut().visualforce = Visualforce::Used;
    let now = simulator.org().now();
    let after = simulator.org().launch(CampaignKind::BruteForce, now);
    let pages = ["TempVisualforceExchange", "Visualforce"].map(str::to_owned);
    assert_eq!(types(&after.session_ids[0]).await, usual.into_iter().chain(pages).collect());
    simulator.org().switches_mut().hand_over_names = HandOverNames::Words;
    assert!(types(&after.session_ids[0]).await.contains("TempUiFrontdoor"));
}

#[tokio::test]
async fn an_intruder_comes_back_until_every_door_is_shut() {
    let (simulator, api, campaign) = attacked(CampaignKind::StolenRefreshToken).await;
    simulator.org().let_loose(campaign.loot.clone());
    assert_eq!(simulator.org().reminted(), 0);
    let mine =
        format!("SELECT Id FROM AuthSession WHERE UsersId = '{}' ORDER BY CreatedDate", campaign.user_id);
    for round in 1..=3 {
        for session in api.records(&mine).await {
            api.delete("AuthSession", session["Id"].as_str().unwrap()).await;
        }
        assert!(simulator.org().reminted() >= round, "round {round}");
        assert!(!simulator.org().live_sessions_of(&campaign.user_id).is_empty());
    }
    let logins = simulator.org().logins().len();
    assert_eq!(api.revoke(campaign.loot.refresh_token.as_deref().unwrap()).await, 200);
    let held = simulator.org().intruders_tokens();
    for token in held {
        assert_eq!(Api::new(&simulator, &token).query("SELECT Id FROM User").await.0, 401);
    }
    assert_eq!(simulator.org().logins().len(), logins);
    assert!(simulator.org().live_sessions_of(&campaign.user_id).is_empty());
}

#[tokio::test]
async fn whoever_freezes_the_client_stops_it() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    let own = simulator.org().users().iter().find(|user| user.username.contains("scanner")).unwrap().id;
    simulator.org().set_frozen(&own, Frost::Frozen);
    assert_eq!(api.query("SELECT IsFrozen FROM UserLogin").await.0, 200);
    simulator.org().switches_mut().freeze_sessions = FreezeSessions::Killed;
    simulator.org().set_frozen(&own, Frost::Frozen);
    assert_eq!(api.query("SELECT IsFrozen FROM UserLogin").await.0, 401);
}
