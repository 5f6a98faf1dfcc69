//! Deletes, revocations and freezes, with and without each switch, and what is left of an attacker's access.

use crate::support::{Api, log_in, now, started};
use salesforce_simulator::{
    Access, Campaign, CampaignKind, Cascade, CascadedItems, Door, Effect, Fault, FreezeSessions, Lying,
    Pages, RevokeSessions, Simulator, Write,
};
use serde_json::json;

async fn attacked(kind: CampaignKind) -> (Simulator, Api, Campaign) {
    let simulator = started().await;
    let campaign = simulator.org().launch(kind, now());
    let api = log_in(&simulator, "revoker").await;
    (simulator, api, campaign)
}

fn texts(campaign: &Campaign) -> Vec<String> {
    campaign.session_ids.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn deleting_the_root_ends_the_family() {
    let (simulator, api, campaign) = attacked(CampaignKind::BruteForce).await;
    let root = texts(&campaign)[0].clone();
    assert_eq!(api.delete("AuthSession", &root).await.0, 204);
    assert_eq!(simulator.org().take_writes(), [Write::DeletedSession { id: root.clone() }]);
    assert!(
        simulator.org().live_sessions_of(&campaign.user_id).iter().all(|session| session.parent_id != root)
    );
    let (status, body) = api.delete("AuthSession", &root).await;
    assert_eq!((status, &body[0]["errorCode"]), (404, &json!("ENTITY_IS_DELETED")));
    assert_eq!(api.delete("AuthSession", &texts(&campaign)[1]).await.0, 404);
    assert_eq!(api.delete("AuthSession", "0AkKj0zzzzzzzzz").await.1[0]["errorCode"], "NOT_FOUND");
    let (status, _) = Api::new(&simulator, &campaign.loot.access_token).query("SELECT Id FROM User").await;
    assert_eq!(status, 401);
    assert_eq!(simulator.org().take_writes().len(), 3);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn without_the_cascade_the_children_stay() {
    let (simulator, api, campaign) = attacked(CampaignKind::BruteForce).await;
    simulator.org().switches_mut().cascade = Cascade::Off;
    assert_eq!(api.delete("AuthSession", &texts(&campaign)[0]).await.0, 204);
    assert_eq!(api.delete("AuthSession", &texts(&campaign)[1]).await.0, 204);
}

#[tokio::test]
async fn a_collection_answers_item_by_item() {
    let (simulator, api, campaign) = attacked(CampaignKind::BruteForce).await;
    let mut ids = texts(&campaign);
    ids.truncate(2);
    ids.push("bogus".to_owned());
    let (status, body) = api.delete_all(&ids, "true").await;
    let codes = |body: &serde_json::Value| -> Vec<String> {
        let items = body.as_array().unwrap().iter();
        items.map(|item| item["errors"][0]["statusCode"].as_str().unwrap_or("ok").to_owned()).collect()
    };
    assert_eq!(
        (status, codes(&body)),
        (
            200,
            vec![
                "ALL_OR_NONE_OPERATION_ROLLED_BACK".to_owned(),
                "ENTITY_IS_DELETED".to_owned(),
                "MALFORMED_ID".to_owned()
            ]
        )
    );
    assert_eq!(simulator.org().attempt(&campaign.loot).session, Door::Open);
    simulator.org().switches_mut().cascaded_items = CascadedItems::Succeeded;
    assert_eq!(codes(&api.delete_all(&ids, "false").await.1), ["ok", "ok", "MALFORMED_ID"]);
    assert_eq!(simulator.org().attempt(&campaign.loot).session, Door::Shut);
    assert_eq!(api.delete_all(&[], "false").await.0, 400);
    assert_eq!(api.delete_all(&vec!["0AkKj0zzzzzzzzz".to_owned(); 201], "false").await.0, 400);
    assert_eq!(api.delete_all(&[campaign.user_id.to_string()], "false").await.0, 400);
    let writes = simulator.org().take_writes();
    assert!(matches!(&writes[0], Write::DeletedSessions { ids: asked } if *asked == ids), "{writes:?}");
}

#[tokio::test]
async fn a_collection_deletes_known_addresses_alone_and_never_two_types() {
    let (simulator, api, campaign) = attacked(CampaignKind::BruteForce).await;
    let known = |address: &str| simulator.org().trust_address(campaign.user_id, address).id.to_string();
    let ids = [known("198.18.4.7"), known("198.18.4.8"), "not-an-id".to_owned()];
    let (status, body) = api.delete_all(&ids, "true").await;
    assert_eq!(
        (status, &body[0]["errors"][0]["statusCode"]),
        (200, &json!("ALL_OR_NONE_OPERATION_ROLLED_BACK"))
    );
    let left =
        || simulator.org().login_ips().iter().filter(|known| known.user_id == campaign.user_id).count();
    assert_eq!(left(), 2);
    let (status, body) = api.delete_all(&ids, "false").await;
    assert_eq!((status, &body[0]["success"], &body[1]["success"]), (200, &json!(true), &json!(true)));
    assert_eq!((&body[2]["errors"][0]["statusCode"], left()), (&json!("MALFORMED_ID"), 0));
    let again = api.delete_all(&ids[..1], "false").await.1;
    assert_eq!(again[0]["errors"][0]["statusCode"], "INVALID_CROSS_REFERENCE_KEY");
    let mixed = [known("198.18.4.9"), texts(&campaign)[0].clone()];
    assert_eq!((api.delete_all(&mixed, "false").await.0, left()), (400, 1));
    assert_eq!(simulator.org().attempt(&campaign.loot).session, Door::Open);
}

#[tokio::test]
async fn a_revoked_token_mints_no_more() {
    let (simulator, api, campaign) = attacked(CampaignKind::StolenRefreshToken).await;
    assert_eq!(api.delete("AuthSession", &texts(&campaign)[0]).await.0, 204);
    let back = simulator.org().attempt(&campaign.loot);
    assert_eq!(back, Access { session: Door::Shut, refresh_token: Door::Open, password: Door::None });
    let tokens = api
        .records(&format!(
            "SELECT Id, AppName, DeleteToken, UseCount FROM OauthToken WHERE UserId = '{}'",
            campaign.user_id
        ))
        .await;
    assert_eq!((tokens.len(), &tokens[0]["Id"]), (1, &json!(null)));
    let delete_token = tokens[0]["DeleteToken"].as_str().unwrap();
    assert_eq!(api.revoke(delete_token).await, 200);
    assert!(!simulator.org().attempt(&campaign.loot).gets_in());
    assert!(simulator.org().live_sessions_of(&campaign.user_id).is_empty());
    assert_eq!(api.revoke(delete_token).await, 400);
    assert_eq!(api.revoke("made up").await, 400);
    let revoked = Write::Revoked {
        app: tokens[0]["AppName"].as_str().unwrap().to_owned(),
        user_id: campaign.user_id.to_string(),
    };
    assert_eq!(simulator.org().take_writes()[1..], [revoked.clone(), revoked, Write::RevokedUnknown]);
}

#[tokio::test]
async fn revoking_may_leave_the_sessions() {
    let (simulator, api, campaign) = attacked(CampaignKind::StolenRefreshToken).await;
    simulator.org().switches_mut().revoke_sessions = RevokeSessions::Kept;
    assert_eq!(api.revoke(campaign.loot.refresh_token.as_deref().unwrap()).await, 200);
    let left = simulator.org().attempt(&campaign.loot);
    assert_eq!((left.session, left.refresh_token), (Door::Open, Door::Shut));
    assert_eq!(api.revoke(&campaign.loot.access_token).await, 200);
    assert!(!simulator.org().attempt(&campaign.loot).gets_in());
}

#[tokio::test]
async fn a_frozen_user_cannot_log_in_but_his_sessions_work() {
    let (simulator, api, campaign) = attacked(CampaignKind::PhishedSso).await;
    let states = api
        .records(&format!("SELECT Id, IsFrozen FROM UserLogin WHERE UserId = '{}'", campaign.user_id))
        .await;
    let state = states[0]["Id"].as_str().unwrap().to_owned();
    assert_eq!(api.freeze(&state, json!({"IsFrozen": true})).await.0, 204);
    assert!(simulator.org().is_frozen(&campaign.user_id));
    assert_eq!(
        simulator.org().attempt(&campaign.loot),
        Access { session: Door::Open, refresh_token: Door::None, password: Door::Shut }
    );
    simulator.org().switches_mut().freeze_sessions = FreezeSessions::Killed;
    assert_eq!(api.freeze(&state, json!({"IsFrozen": true})).await.0, 204);
    assert!(!simulator.org().attempt(&campaign.loot).gets_in());
    assert_eq!(api.freeze(&state, json!({"IsFrozen": false})).await.0, 204);
    assert_eq!(simulator.org().attempt(&campaign.loot).password, Door::Open);
    assert_eq!(api.freeze(&state, json!({"IsFrozen": "yes"})).await.0, 400);
    assert_eq!(api.freeze(&state, json!({"UserId": "x"})).await.0, 400);
    assert_eq!(api.freeze("0YwKj0zzzzzzzzz", json!({"IsFrozen": true})).await.0, 404);
}

#[tokio::test]
async fn a_lie_changes_nothing_and_is_still_on_record() {
    let (simulator, api, campaign) = attacked(CampaignKind::StolenRefreshToken).await;
    let state = simulator.org().login_state(&campaign.user_id).unwrap().id.to_string();
    simulator.org().switches_mut().lying = Lying::Deletes;
    assert_eq!(api.delete("AuthSession", &texts(&campaign)[0]).await.0, 204);
    simulator.org().switches_mut().lying = Lying::Revokes;
    assert_eq!(api.revoke(campaign.loot.refresh_token.as_deref().unwrap()).await, 200);
    simulator.org().switches_mut().lying = Lying::Freezes;
    assert_eq!(api.freeze(&state, json!({"IsFrozen": true})).await.0, 204);
    assert_eq!(simulator.org().take_writes().len(), 3);
    assert!(!simulator.org().is_frozen(&campaign.user_id));
    let left = simulator.org().attempt(&campaign.loot);
    assert_eq!((left.session, left.refresh_token), (Door::Open, Door::Open));
}

#[tokio::test]
async fn what_nobody_expected_is_told_at_the_end() {
    let (simulator, api, campaign) = attacked(CampaignKind::BruteForce).await;
    api.delete("AuthSession", &texts(&campaign)[0]).await;
    let text = simulator.finish().unwrap_err().to_string();
    assert!(text.contains("a write nobody took: DeletedSession"), "{text}");

    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    api.query("SELECT Id FROM Account").await;
    api.call(reqwest::Method::POST, "/services/data/v67.0/query", &[]).await;
    let unexpected = simulator.finish().unwrap_err();
    assert_eq!(unexpected.unmatched.len(), 2, "{unexpected}");
    assert!(
        unexpected.to_string().contains(
            "GET /services/data/v67.0/query?q=SELECT Id FROM Account (400 by session-warden-scanner@"
        )
    );
}

#[tokio::test]
async fn pages_join_to_the_exact_set() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    let all = simulator.org().logins().len();
    assert!(all > 4_000);
    simulator.org().switches_mut().pages = Pages::Smaller;
    let read = api.records("SELECT Id FROM LoginHistory ORDER BY LoginTime ASC, Id ASC").await;
    let ids: Vec<&str> = read.iter().map(|login| login["Id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted() && ids.len() == all);
    simulator.org().switches_mut().pages = Pages::AsAsked;
    let (_, first) = api.query("SELECT Id FROM LoginHistory").await;
    assert_eq!((first["records"].as_array().unwrap().len(), &first["totalSize"]), (2_000, &json!(all)));
    let next = first["nextRecordsUrl"].as_str().unwrap().to_owned();
    assert!(next.starts_with("/services/data/v67.0/query/01g") && next.ends_with("-2000"), "{next}");
    simulator.org().expire_cursors();
    let late = api.call(reqwest::Method::GET, &next, &[]).await;
    assert_eq!(late.status(), 400);
}

#[tokio::test]
async fn an_answer_may_be_lost_after_the_act() {
    let (simulator, _, campaign) = attacked(CampaignKind::StolenRefreshToken).await;
    simulator.org().faults_mut().add(Fault::new("POST", "/revoke", 1, Effect::CloseAfter));
    let url = format!("{}/services/oauth2/revoke", simulator.url());
    let token = campaign.loot.refresh_token.clone().unwrap();
    let lost = match crate::support::http().post(url).form(&[("token", token)]).send().await {
        Ok(response) => response.bytes().await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(lost.is_err());
    assert!(!simulator.org().attempt(&campaign.loot).gets_in());
    assert_eq!(simulator.org().take_writes().len(), 1);
}

#[tokio::test]
async fn ordered_failures_happen_as_often_as_ordered() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    let query = "SELECT Id FROM User LIMIT 1";
    let busy = json!([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]);
    simulator.org().faults_mut().add(Fault::new("GET", "FROM User", 1, Effect::Json(403, busy.clone())));
    simulator.org().faults_mut().add(Fault::new(
        "",
        "/query",
        1,
        Effect::Html(503, "<html>busy</html>".to_owned()),
    ));
    simulator.org().faults_mut().add(Fault::new("GET", "/query", 1, Effect::Delay(1)));
    assert_eq!(api.query(query).await, (403, busy));
    let html = api.call(reqwest::Method::GET, "/services/data/v67.0/query", &[("q", query)]).await;
    assert_eq!((html.status().as_u16(), html.text().await.unwrap()), (503, "<html>busy</html>".to_owned()));
    assert_eq!(api.query(query).await.0, 200);
    simulator.org().faults_mut().add(Fault::new("GET", "/limits", 1, Effect::Close));
    let url = format!("{}/services/data/v67.0/limits", simulator.url());
    let broken = crate::support::http().get(&url).send().await;
    let broken = match broken {
        Ok(response) => response.bytes().await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(broken.is_err());
    assert_eq!(simulator.org().faults_mut().pending().count(), 0);
    assert_eq!(simulator.org().requests().last().unwrap().status, 0);
}
