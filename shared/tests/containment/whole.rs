//! The whole path, and what must be said when Salesforce does not do what it answers.

use std::sync::Arc;

use futures::future;
use salesforce_simulator::{
    CampaignKind, Cascade, CascadedItems, Effect, Fault, Frost, LockStatus, Lying, RevokeSessions, Switches,
    Write,
};
use serde_json::{Value, json};
use session_warden::containment::{Outcome, Stage, StepKind, StepResult, Survivor};
use session_warden::detection::Action;
use session_warden::evidence::{EntryKind, Ledger, Payload};
use session_warden::policy::FreezeMode;
use session_warden::stages::Apply;
use session_warden::store::{MemoryStore, Table};

use crate::support::Scene;

#[tokio::test]
async fn nothing_survives_and_the_attacker_stays_out() {
    for kind in CampaignKind::DRILL {
        let scene = Scene::of(kind).await;
        assert!(scene.simulator.org().attempt(&scene.campaign.loot).gets_in());
        let record = scene.contain().await.unwrap();
        assert_eq!(record.outcome, Some(Outcome::Contained), "{kind:?} {record:#?}");
        assert_eq!(record.stage, Stage::Finished);
        assert_eq!(record.survivors_total, 0);
        assert!(record.login_to_verified_seconds.is_some() && record.api_calls > 0);
        let mut org = scene.simulator.org();
        assert!(!org.attempt(&scene.campaign.loot).gets_in(), "{kind:?}");
        assert!(org.live_sessions_of(&scene.campaign.user_id).is_empty());
        assert!(org.tokens_of(&scene.campaign.user_id).is_empty());
        assert!(org.is_frozen(&scene.campaign.user_id));
        let others = org.take_writes().into_iter().filter(|write| touches_another(write, &scene));
        assert_eq!(others.count(), 0);
    }
}

fn touches_another(write: &Write, scene: &Scene) -> bool {
    match write {
        Write::SetFrozen { user_id, frozen } => !frozen || *user_id != scene.campaign.user_id,
        Write::Revoked { user_id, .. } => *user_id != scene.campaign.user_id,
        Write::DeletedSessions { .. } => false,
        _ => true,
    }
}

#[tokio::test]
async fn acts_come_in_their_order_and_the_record_says_so() {
    let scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    let record = scene.contain().await.unwrap();
    let kinds: Vec<_> = record.steps.iter().map(|step| step.kind).collect();
    let expected = [StepKind::Freeze, StepKind::RevokeTokens, StepKind::DeleteSessions, StepKind::Reread];
    assert_eq!(kinds[..4], expected);
    assert!(record.residual_until.is_some());
    let writes = scene.writes();
    let place = |is: fn(&Write) -> bool| writes.iter().position(is).unwrap();
    let freeze = place(|write| matches!(write, Write::SetFrozen { .. }));
    let revoke = place(|write| matches!(write, Write::Revoked { .. }));
    let delete = place(|write| matches!(write, Write::DeletedSessions { .. }));
    assert!(freeze < revoke && revoke < delete);
    assert!(!record.impact.applications.is_empty() && record.impact.freezes);
}

#[tokio::test]
async fn every_step_stands_in_a_chain_that_is_whole() {
    let scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    let record = scene.contain().await.unwrap();
    let ledger = Ledger::new(&*scene.store, scene.org_id());
    let entries = ledger.entries_of(record.containment_id.as_str()).await.unwrap();
    let kinds: Vec<_> = entries.iter().map(|recorded| recorded.entry.kind).collect();
    assert_eq!(kinds[..2], [EntryKind::Decision, EntryKind::Snapshot]);
    let payload = |place: usize| match &entries[place].payload {
        Payload::Kept(payload) => payload.clone(),
        other => panic!("{other:?}"),
    };
    let decided = payload(0);
    assert_eq!(
        decided["inputs"]["finding"]["finding_id"],
        json!(record.request.trigger.as_ref().unwrap().finding_id)
    );
    assert_eq!((&decided["inputs"]["blind"], &decided["inputs"]["kill_switch"]), (&json!([]), &Value::Null));
    assert!(decided["inputs"]["active_users"].as_u64() > Some(1), "{decided}");
    let before: Vec<_> =
        (1..kinds.len()).filter(|place| kinds[*place] == EntryKind::Snapshot).map(payload).collect();
    let rows =
        |what: &str| before.iter().flat_map(|part| part[what].as_array().into_iter().flatten()).count();
    assert!(rows("sessions") > 0 && rows("tokens") > 0 && rows("logins") > 0, "{before:#?}");
    assert!(before.iter().all(|part| part["unread"] == json!([])), "{before:#?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == EntryKind::Act).count(), 3);
    assert_eq!(kinds[kinds.len() - 2..], [EntryKind::Reread, EntryKind::Outcome]);
    let verified = ledger.verify(None).await.unwrap();
    assert_eq!(verified.head.unwrap().hash.to_string(), record.evidence_head.clone().unwrap());
    let stored = scene.records(Table::Contain, "containments").await;
    assert_eq!(stored[0].body, serde_json::to_value(&record).unwrap());
}

#[tokio::test]
async fn the_same_request_again_does_nothing() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let first = scene.contain().await.unwrap();
    assert!(!scene.writes().is_empty());
    assert_eq!(scene.contain().await.unwrap(), first);
    let raised = scene.keep(&scene.finding(2, Action::Contain)).await;
    assert_eq!(scene.contain_raised(&raised).await.unwrap(), first, "an escalation repeats no act");
    assert!(scene.writes().is_empty());
    assert_eq!(scene.records(Table::Contain, "containments").await.len(), 1);
    assert_eq!(scene.records(Table::Contain, "caps").await[0].body, json!({ "users": 1 }));
}

#[tokio::test]
async fn a_plan_shows_the_impact_and_writes_nothing() {
    let scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    let record = scene.person(&scene.user(), Apply::Plan).await.unwrap();
    assert_eq!((record.stage, record.outcome), (Stage::Planned, None));
    assert!(record.impact.tokens > 0 && record.impact.sessions > 0 && !record.impact.warnings.is_empty());
    assert!(record.steps.iter().all(|step| step.result == StepResult::Planned));
    assert!(scene.writes().is_empty());
    for table in [Table::Scan, Table::Evaluate, Table::Contain, Table::People] {
        for room in ["containments", "caps", "leases", "open-plans", "ledger", "ledger-head", "evidence"] {
            assert!(scene.records(table, room).await.is_empty());
        }
    }
}

#[tokio::test]
async fn a_lying_answer_is_never_called_contained() {
    for lying in [Lying::Deletes, Lying::Revokes, Lying::Freezes] {
        let scene = Scene::of(CampaignKind::StolenRefreshToken).await;
        let switches = Switches { lying, revoke_sessions: RevokeSessions::Kept, ..Switches::default() };
        *scene.simulator.org().switches_mut() = switches;
        let record = scene.contain().await.unwrap();
        assert!(matches!(record.outcome, Some(Outcome::NotContained { .. })), "{lying:?}");
        let listed = record.survivors.iter().any(|survivor| match survivor {
            Survivor::Session { .. } => lying == Lying::Deletes,
            Survivor::Token { .. } => lying == Lying::Revokes,
            Survivor::Unfrozen { .. } => lying == Lying::Freezes,
            Survivor::Password { .. } | Survivor::Address { .. } => false,
        });
        assert!(listed && record.survivors_total > 0, "{lying:?} {:?}", record.survivors);
        let rereads = record.steps.iter().filter(|step| step.kind == StepKind::Reread).count();
        assert_eq!(rereads, scene.policy.containment.attempts as usize);
        assert_eq!(record.login_to_verified_seconds, None);
    }
}

#[tokio::test]
async fn cascades_of_any_kind_end_the_same() {
    for cascade in [Cascade::On, Cascade::Off] {
        for cascaded_items in [CascadedItems::Failed, CascadedItems::Succeeded] {
            let scene = Scene::of(CampaignKind::BruteForce).await;
            *scene.simulator.org().switches_mut() =
                Switches { cascade, cascaded_items, ..Switches::default() };
            let record = scene.contain().await.unwrap();
            assert_eq!(record.outcome, Some(Outcome::Contained));
        }
    }
}

#[tokio::test]
async fn without_a_freeze_access_ends_and_is_not_called_contained() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    scene.policy.containment.freeze = FreezeMode::Never;
    let record = scene.contain().await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::AccessEnded));
    assert!(!scene.simulator.org().is_frozen(&scene.campaign.user_id));
    assert!(!scene.writes().iter().any(|write| matches!(write, Write::SetFrozen { .. })));
}

#[tokio::test]
async fn who_is_frozen_until_nothing_is_left_is_let_in_again_by_nobody_but_us() {
    for by_another in [false, true] {
        let mut scene = Scene::of(CampaignKind::StolenRefreshToken).await;
        scene.policy.containment.freeze = FreezeMode::UntilVerified;
        if by_another {
            scene.simulator.org().set_frozen(&scene.campaign.user_id, Frost::Frozen);
        }
        let record = scene.contain().await.unwrap();
        let outcome = if by_another { Outcome::Contained } else { Outcome::AccessEnded };
        assert_eq!(record.outcome, Some(outcome), "{record:#?}");
        assert_eq!(scene.simulator.org().is_frozen(&scene.campaign.user_id), by_another);
        let mut loot = scene.campaign.loot.clone();
        loot.password = None;
        assert!(
            !scene.simulator.org().attempt(&loot).gets_in(),
            "but for the password nothing is worth anything"
        );
        let is_freeze = |write: &Write| matches!(write, Write::SetFrozen { .. });
        assert_eq!(scene.writes().into_iter().filter(is_freeze).count(), if by_another { 0 } else { 2 });
        let last = record.steps.last().unwrap().kind;
        assert_eq!(last, if by_another { StepKind::Reread } else { StepKind::Thaw });
        assert!(!record.impact.freezes && !record.freezes());
    }
}

#[tokio::test]
async fn failures_in_the_middle_are_outlasted() {
    let unavailable = || Effect::Json(503, json!([{ "message": "down", "errorCode": "SERVER_UNAVAILABLE" }]));
    let (revoke, delete) = (("POST", "oauth2/revoke"), ("DELETE", "composite/sobjects"));
    for ((method, path), effect) in [
        (("PATCH", "UserLogin"), unavailable()),
        (revoke, unavailable()),
        (delete, unavailable()),
        (("GET", "AuthSession"), unavailable()),
        (revoke, Effect::Close),
        (delete, Effect::CloseAfter),
    ] {
        let scene = Scene::of(CampaignKind::StolenRefreshToken).await;
        scene.simulator.org().faults_mut().add(Fault::new(method, path, 5, effect.clone()));
        let record = scene.contain().await.unwrap();
        assert_eq!(record.outcome, Some(Outcome::Contained), "{method} {path} {effect:?} {record:#?}");
        assert!(!scene.simulator.org().attempt(&scene.campaign.loot).gets_in());
    }
}

#[tokio::test]
async fn what_cannot_be_read_again_is_not_called_contained() {
    let scene = Scene::of(CampaignKind::BruteForce).await;
    let effect = Effect::Json(403, json!([{ "message": "no", "errorCode": "INSUFFICIENT_ACCESS" }]));
    scene.simulator.org().faults_mut().add(Fault::new("GET", "OauthToken", 1_000, effect));
    let record = scene.contain().await.unwrap();
    let Some(Outcome::NotContained { reason }) = &record.outcome else { panic!("{record:#?}") };
    assert!(reason.contains("could not see"), "{reason}");
    assert!(!record.impact.unread.is_empty());
    assert!(scene.simulator.org().is_frozen(&scene.campaign.user_id), "the other steps were tried");
    assert!(scene.simulator.org().live_sessions_of(&scene.campaign.user_id).is_empty());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_not_called_gone() {
    let row = json!({ "Id": "0Ak5g00000AbCdEAAV", "UsersId": null });
    let rows = json!({ "totalSize": 1, "done": true, "records": [row] });
    for part in ["FROM AuthSession WHERE", "FROM OauthToken WHERE", "FROM UserLogin WHERE UserId = "] {
        let scene = Scene::of(CampaignKind::BruteForce).await;
        let fault = Fault::new("GET", part, 1_000, Effect::Json(200, rows.clone()));
        scene.simulator.org().faults_mut().add(fault);
        let record = scene.contain().await.unwrap();
        let Some(Outcome::NotContained { reason }) = &record.outcome else { panic!("{record:#?}") };
        assert!(reason.contains("could not be read"), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_workers_act_once() {
    let scene = Scene::on(Arc::new(MemoryStore::new()), CampaignKind::BruteForce).await;
    let raised = scene.keep(&scene.finding(1, Action::Contain)).await;
    let records = future::join_all((0..8).map(|_| scene.contain_raised(&raised))).await;
    let first = records[0].as_ref().unwrap();
    assert!(records.iter().all(|record| record.as_ref().unwrap().outcome == first.outcome));
    assert_eq!(first.outcome, Some(Outcome::Contained));
    let writes = scene.writes();
    let freezes = writes.iter().filter(|write| matches!(write, Write::SetFrozen { .. })).count();
    let deletes = writes.iter().filter(|write| matches!(write, Write::DeletedSessions { .. })).count();
    assert_eq!((freezes, deletes), (1, 1));
    assert_eq!(scene.records(Table::Contain, "caps").await[0].body, json!({ "users": 1 }));
}

#[tokio::test]
async fn no_secret_is_kept() {
    let scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    let record = scene.contain().await.unwrap();
    let mut kept = format!("{record:?}{}", serde_json::to_string(&record).unwrap());
    for room in ["containments", "caps", "leases", "open-plans", "ledger", "ledger-head", "evidence"] {
        for record in scene.records(Table::Contain, room).await {
            kept.push_str(&record.key.sort);
            kept.push_str(&record.body.to_string());
        }
    }
    let document = scene.simulator.connection_document();
    let mut secrets: Vec<String> = ["scanner", "revoker"]
        .iter()
        .flat_map(|role| {
            let key = document[role]["private_key"].as_str().unwrap().to_owned();
            key.lines().filter(|line| line.len() > 40).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    secrets.push(scene.campaign.loot.access_token.clone());
    secrets.extend(scene.campaign.loot.refresh_token.clone());
    let fresh = Scene::of(CampaignKind::StolenRefreshToken).await;
    // The same seed makes the same tokens; those of the contained org are gone from it.
    let tokens: Vec<_> = fresh.simulator.org().tokens().to_vec();
    assert!(!tokens.is_empty());
    secrets.extend(tokens.iter().flat_map(|t| [t.refresh_token.clone(), t.delete_token.clone()]));
    assert!(secrets.iter().all(|secret| secret.len() > 8));
    for secret in secrets {
        assert!(!kept.contains(&secret), "a secret is kept");
    }
    assert!(!kept.contains("00D") || !kept.contains('!'), "something like an access token is kept");
}

#[tokio::test]
async fn locked_rows_delay_a_containment_and_do_not_end_it_whatever_the_status() {
    for status in [LockStatus::BadRequest, LockStatus::Conflict] {
        let scene = Scene::of(CampaignKind::BruteForce).await;
        {
            let mut org = scene.simulator.org();
            org.switches_mut().lock_status = status;
            for (method, path) in [("PATCH", "/sobjects/UserLogin"), ("DELETE", "/composite/sobjects")] {
                org.faults_mut().add(Fault::new(method, path, 1, Effect::RowLocked));
            }
        }
        let record = scene.contain().await.unwrap();
        assert_eq!(record.outcome, Some(Outcome::Contained), "{status:?} {record:#?}");
        let mut org = scene.simulator.org();
        assert_eq!(org.faults_mut().pending().count(), 0, "{status:?}");
        assert!(org.is_frozen(&scene.campaign.user_id) && !org.attempt(&scene.campaign.loot).gets_in());
    }
}
