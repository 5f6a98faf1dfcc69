//! `warden evidence verify`: what counts as intact.
#![allow(clippy::unwrap_used, reason = "a test's support fails the test")]

mod support;

use salesforce_simulator::CampaignKind;
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};
use session_warden::evidence::{HeadSigner, Ledger};
use session_warden::store::SqliteStore;
use support::Served;

const KEY: &str = "head-signing-key.pk8";

/// An org of whose containment there is evidence.
async fn contained() -> Served {
    let served = Served::start().await;
    let user = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now()).username;
    served.policy("mode: observe\n");
    let (code, out, err) = served.contain_now(&user, &[]).await;
    assert_eq!(code, 0, "{out}{err}");
    served.simulator.org().take_writes();
    served
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_without_an_anchor_is_not_intact_and_no_key_is_made() {
    let served = contained().await;
    let head = served.beside_store(&format!("head-{}.json", served.org_id()));
    std::fs::remove_file(served.beside_store(KEY)).unwrap();
    let (code, out, _) = served.warden(&["evidence", "verify", "--output", "json"]).await;
    assert_eq!(code, 1, "a head without its key proves nothing: {out}");
    assert!(out.contains("not the key that it must be signed with"), "{out}");
    std::fs::remove_file(&head).unwrap();
    let (code, out, _) = served.warden(&["evidence", "verify", "--output", "json"]).await;
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("no signed head is kept for it") && out.contains("\"intact\": false"), "{out}");
    assert!(!served.beside_store(KEY).exists() && !head.exists(), "looking makes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_one_org_does_not_excuse_another() {
    let served = contained().await;
    let org = served.org_id();
    let other = session_warden::observation::OrgId::new("00D000000000099EAA");
    let store = SqliteStore::open(served.beside_store("warden.sqlite")).unwrap();
    let mut head = Ledger::new(&store, org.clone()).head().await.unwrap().unwrap();
    drop(store);
    head.org = other.clone();
    let signer = HeadSigner::load_or_create(&served.beside_store(KEY)).unwrap();
    signer.sign(&head).write(&served.path().join("other.json")).unwrap();

    let verify = ["evidence", "verify", "--head", "other.json", "--output", "json"];
    let (code, out, err) = served.warden(&verify).await;
    let verdicts: Value = serde_json::from_str(&out).unwrap();
    let of = |org: &str| verdicts.as_array().unwrap().iter().find(|v| v["org_id"] == org).unwrap().clone();
    assert_eq!(
        (of(org.as_str())["intact"].as_bool(), of(org.as_str())["anchored"].as_bool()),
        (Some(true), Some(true)),
        "{out}{err}"
    );
    assert_eq!(of(other.as_str())["intact"], false, "its chain is gone: {out}");
    assert_eq!(code, 1);

    let beside = served.beside_store(&format!("head-{org}.json"));
    std::fs::remove_file(beside).unwrap();
    let (_, out, _) = served.warden(&verify).await;
    assert!(out.contains("no signed head is kept for it"), "{out}");
}
