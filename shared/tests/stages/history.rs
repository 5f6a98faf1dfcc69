//! A history too long to be learned before anything is judged.

use std::sync::Arc;

use jiff::SignedDuration;
use salesforce_simulator::{CampaignKind, Effect, Fault};
use serde_json::json;
use session_warden::stages::BackFill;
use session_warden::store::{Expect, Key, Table, Write};

use crate::org_under_watch::Watched;
use crate::org_under_watch::crashing_store::CrashingStore;

/// An org whose last twelve days were learned; what is older waits.
async fn with_old_history() -> Watched {
    let mut watched = Watched::new().await;
    let (now, day) = (watched.now(), SignedDuration::from_hours(24));
    let org = watched.salesforce.org_id().await.unwrap();
    let cursor = json!({ "read_until": now - day * 12, "live_from": now - day, "checked_until": now - day,
        "sequence": 0, "recent": {}, "older": { "from": now - day * 183, "until": now - day * 12 },
        "learned": { "rows": 0, "of": 1 } });
    let key = Key::new(Table::Scan, &org, "cursors", "logins");
    watched.store.write(vec![Write::Put { key, expect: Expect::Any, body: cursor }]).await.unwrap();
    while !watched.round().await.caught_up {}
    watched
}

#[tokio::test]
async fn live_rows_are_judged_before_old_history_is_read() {
    let mut watched = with_old_history().await;
    let before = watched.logins_counted().await;
    assert!(before < watched.rows_before_now());
    let campaign = watched.simulator.org().launch(CampaignKind::BruteForce, watched.now());
    watched.pass(SignedDuration::from_secs(20));
    watched.round().await;
    assert!(watched.findings.values().any(|f| f.subject.id == campaign.user_id.as_str()));
    let findings = watched.findings.len();

    let store = Arc::clone(&watched.store);
    let step = watched.teach_on(store.as_ref()).await.unwrap();
    assert!(matches!(step, BackFill::Taught { logins } if logins > 100), "{step:?}");
    assert_eq!(watched.teach_on(store.as_ref()).await.unwrap(), BackFill::Complete);
    assert_eq!(watched.logins_counted().await, watched.rows_before_now());
    assert_eq!(watched.findings.len(), findings, "old history raises nothing");
}

#[tokio::test]
async fn old_history_waits_while_half_of_the_days_calls_are_used_and_live_rows_do_not() {
    let mut watched = with_old_history().await;
    let store = Arc::clone(&watched.store);
    // What is not reserved is 1.6 times what was used.
    let used = watched.simulator.org().api_calls();
    watched.simulator.org().set_daily_calls(used * 2);
    watched.round().await;
    let calls = watched.simulator.org().api_calls();
    assert_eq!(watched.teach_on(store.as_ref()).await.unwrap(), BackFill::Waits);
    assert_eq!(watched.simulator.org().api_calls(), calls, "waiting costs nothing");
    let campaign = watched.simulator.org().launch(CampaignKind::BruteForce, watched.now());
    watched.pass(SignedDuration::from_secs(20));
    watched.round().await;
    assert!(watched.findings.values().any(|f| f.subject.id == campaign.user_id.as_str()));

    watched.simulator.org().set_daily_calls(used * 100);
    watched.round().await;
    let step = watched.teach_on(store.as_ref()).await.unwrap();
    assert!(matches!(step, BackFill::Taught { logins } if logins > 100), "{step:?}");
    assert_eq!(watched.logins_counted().await, watched.rows_before_now());
}

#[tokio::test]
async fn old_history_that_is_interrupted_is_read_again_and_counted_once() {
    let mut watched = with_old_history().await;
    let (mut crashes, mut calls) = (0, 1);
    loop {
        let store = CrashingStore::after(Arc::clone(&watched.store), calls);
        match watched.teach_on(&store).await {
            Ok(BackFill::Complete) => break,
            Ok(_) => {}
            Err(_) => crashes += 1,
        }
        calls += 3 + calls / 4;
    }
    assert!(crashes > 5, "only {crashes} crashes");
    assert_eq!(watched.logins_counted().await, watched.rows_before_now());
}

#[tokio::test]
async fn a_page_of_old_history_that_fails_leaves_the_mark_where_it_was() {
    let mut watched = with_old_history().await;
    let refused = Effect::Json(400, json!([{ "message": "as ordered", "errorCode": "MALFORMED_QUERY" }]));
    watched.simulator.org().faults_mut().add(Fault::new("GET", "ORDER BY LoginTime", 1, refused));
    let store = Arc::clone(&watched.store);
    assert!(watched.teach_on(store.as_ref()).await.is_err());
    while watched.teach_on(store.as_ref()).await.unwrap() != BackFill::Complete {}
    assert_eq!(watched.logins_counted().await, watched.rows_before_now());
}
