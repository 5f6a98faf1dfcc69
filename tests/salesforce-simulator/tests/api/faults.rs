//! Every kind of failure, as the client meets it and as it stands on record.

use crate::support::{Api, answer, log_in, now, started};
use reqwest::Method;
use salesforce_simulator::{
    CampaignKind, Door, Effect, Fault, LockStatus, Matcher, Occurrence, Simulator, TimeoutStatus,
};
use serde_json::{Value, json};

const QUERY: &str = "SELECT Id FROM User LIMIT 10";

async fn asked() -> (Simulator, Api) {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    (simulator, api)
}

fn order(simulator: &Simulator, matcher: Matcher, occurrence: Occurrence, effect: Effect) {
    simulator.org().faults_mut().add(Fault::on(matcher, occurrence, effect));
}

async fn statuses(api: &Api, soql: &str, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..times {
        statuses.push(api.query(soql).await.0);
    }
    statuses
}

/// The body, as far as it came.
async fn received(api: &Api, path: &str, soql: &str) -> Result<Vec<u8>, reqwest::Error> {
    api.call(Method::GET, path, &[("q", soql)]).await.bytes().await.map(|bytes| bytes.to_vec())
}

#[tokio::test]
async fn a_fault_meets_the_requests_it_is_for() {
    let (simulator, api) = asked().await;
    let busy = || Effect::refusal(500, "UNKNOWN_EXCEPTION");
    order(&simulator, Matcher::any().object("user"), Occurrence::Nth(2), busy());
    order(&simulator, Matcher::any().caller("somebody@"), Occurrence::Every, busy());
    order(&simulator, Matcher::any().method("DELETE"), Occurrence::Every, busy());
    assert_eq!(simulator.org().faults_mut().pending().count(), 1);
    assert_eq!(api.query("SELECT Id FROM Profile").await.0, 200);
    assert_eq!(statuses(&api, QUERY, 3).await, [200, 500, 200]);
    assert_eq!(simulator.org().faults_mut().pending().count(), 0);
    order(&simulator, Matcher::any().caller("session-warden-scanner@"), Occurrence::Next(1), busy());
    assert_eq!(statuses(&api, QUERY, 2).await, [500, 200]);
    let met: Vec<bool> = simulator.org().requests().iter().map(|request| request.fault.is_some()).collect();
    assert_eq!(met, [false, false, false, true, false, true, false]);
}

#[tokio::test]
async fn the_further_pages_belong_to_their_object() {
    let (simulator, api) = asked().await;
    let (_, first) = api.query("SELECT Id FROM LoginHistory").await;
    let next = first["nextRecordsUrl"].as_str().unwrap().to_owned();
    let effect = Effect::refusal(503, "SERVER_UNAVAILABLE");
    order(&simulator, Matcher::any().object("LoginHistory"), Occurrence::Next(1), effect);
    assert_eq!(api.call(Method::GET, &next, &[]).await.status(), 503);
    assert_eq!(api.call(Method::GET, &next, &[]).await.status(), 200);
    order(&simulator, Matcher::any(), Occurrence::Next(1), Effect::LocatorExpired);
    let (status, body) = answer(api.call(Method::GET, &next, &[]).await).await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("INVALID_QUERY_LOCATOR")));
}

#[tokio::test]
async fn the_same_seed_meets_the_same_requests() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let (simulator, api) = asked().await;
        let occurrence = Occurrence::Random { seed, probability: 0.5 };
        order(
            &simulator,
            Matcher::any().object("User"),
            occurrence,
            Effect::refusal(500, "UNKNOWN_EXCEPTION"),
        );
        runs.push(statuses(&api, QUERY, 24).await);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert!(runs[0].contains(&200) && runs[0].contains(&500));
}

#[tokio::test]
async fn what_salesforce_refuses_now_and_then() {
    let (simulator, api) = asked().await;
    let next = |effect: Effect| order(&simulator, Matcher::any(), Occurrence::Next(1), effect);
    let code = |body: &Value| body[0]["errorCode"].as_str().unwrap().to_owned();
    next(Effect::QueryTimeout);
    let (status, body) = api.query(QUERY).await;
    assert_eq!((status, code(&body).as_str()), (400, "QUERY_TIMEOUT"));
    simulator.org().switches_mut().timeout_status = TimeoutStatus::ServerError;
    next(Effect::QueryTimeout);
    assert_eq!(api.query(QUERY).await.0, 500);
    next(Effect::LimitExceeded);
    let refused = api.call(Method::GET, "/services/data/v67.0/limits", &[]).await;
    assert_eq!((refused.status().as_u16(), refused.headers().get("retry-after")), (403, None));
    assert!(refused.headers().contains_key("sforce-limit-info"));
    next(Effect::Html(502, "<html>edge</html>".to_owned()));
    let edge = api.call(Method::GET, "/services/data/v67.0/limits", &[]).await;
    assert!(edge.headers().get("sforce-limit-info").is_none() && edge.status() == 502);
    next(Effect::RowLocked);
    simulator.org().switches_mut().lock_status = LockStatus::Conflict;
    let (status, body) = api.delete("AuthSession", "0AkKj0000000001").await;
    assert_eq!((status, code(&body).as_str()), (409, "UNABLE_TO_LOCK_ROW"));
    next(Effect::SessionExpired);
    assert_eq!(statuses(&api, QUERY, 2).await, [401, 401]);
    assert!(simulator.org().take_writes().is_empty());
}

#[tokio::test]
async fn a_collection_finds_every_other_row_locked() {
    let (simulator, api) = asked().await;
    let victim = simulator.org().launch(CampaignKind::BruteForce, now());
    simulator.org().switches_mut().cascade = salesforce_simulator::Cascade::Off;
    let ids: Vec<String> = victim.session_ids.iter().take(3).map(ToString::to_string).collect();
    order(&simulator, Matcher::any().object("AuthSession"), Occurrence::Next(1), Effect::RowLocked);
    let (status, body) = api.delete_all(&ids, "false").await;
    let told: Vec<&str> = body
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["errors"][0]["statusCode"].as_str().unwrap_or("ok"))
        .collect();
    assert_eq!((status, told), (200, vec!["UNABLE_TO_LOCK_ROW", "ok", "UNABLE_TO_LOCK_ROW"]));
    assert_eq!(simulator.org().take_writes().len(), 1);
}

#[tokio::test]
async fn a_body_may_come_slowly_and_a_part_of_it_not_at_all() {
    let (simulator, api) = asked().await;
    let next = |effect: Effect| order(&simulator, Matcher::any(), Occurrence::Next(1), effect);
    let path = "/services/data/v67.0/query";
    let whole = received(&api, path, QUERY).await.unwrap();
    next(Effect::Trickle { bytes: 100, pause: 1 });
    assert_eq!(received(&api, path, QUERY).await.unwrap(), whole);
    next(Effect::CutShort);
    let cut = api.call(Method::GET, path, &[("q", QUERY)]).await;
    assert_eq!(cut.headers()["content-length"], whole.len().to_string());
    assert!(cut.bytes().await.is_err());
    assert_eq!(simulator.org().requests().last().unwrap().status, 0);
    next(Effect::Clipped);
    let clipped = received(&api, path, QUERY).await.unwrap();
    assert!(clipped.len() == whole.len() / 2 && serde_json::from_slice::<Value>(&clipped).is_err());
    next(Effect::RowsMissing);
    let (status, page) = api.query(QUERY).await;
    assert_eq!((status, &page["totalSize"], &page["done"]), (200, &json!(10), &json!(true)));
    assert_eq!(page["records"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn one_write_may_be_a_lie() {
    let (simulator, api) = asked().await;
    let campaign = simulator.org().launch(CampaignKind::StolenRefreshToken, now());
    let session = campaign.session_ids[0].to_string();
    let state = simulator.org().login_state(&campaign.user_id).unwrap().id.to_string();
    order(&simulator, Matcher::any(), Occurrence::Next(4), Effect::Lie);
    assert_eq!(api.delete("AuthSession", &session).await.0, 204);
    assert_eq!(api.delete_all(std::slice::from_ref(&session), "false").await.1[0]["success"], true);
    assert_eq!(api.freeze(&state, json!({"IsFrozen": true})).await.0, 204);
    assert_eq!(api.revoke(campaign.loot.refresh_token.as_deref().unwrap()).await, 200);
    assert_eq!(simulator.org().take_writes().len(), 4);
    assert!(!simulator.org().is_frozen(&campaign.user_id));
    let left = simulator.org().attempt(&campaign.loot);
    assert_eq!((left.session, left.refresh_token), (Door::Open, Door::Open));
    assert_eq!(api.delete("AuthSession", &session).await.0, 204);
    assert_eq!(simulator.org().attempt(&campaign.loot).session, Door::Shut);
}
