//! What waits to be contained: a message that cannot be acted on does not keep the others waiting.

use std::time::Duration;

use crate::support::Served;
use salesforce_simulator::{Campaign, CampaignKind, Permission};
use serde_json::{Value, json};
use session_warden::clock::{Clock, SystemClock};
use session_warden::stages::findings;
use session_warden::store::{Expect, LocalOutbox, Outbox, Outgoing, Queue, SqliteStore, Store, Write};

const CONTAIN: &str = "mode: contain\n";

fn store(served: &Served) -> SqliteStore {
    SqliteStore::open(served.beside_store("warden.sqlite")).unwrap()
}

/// Puts a message before all others.
async fn wait_first(served: &Served, order: &str, body: Value, then: Vec<Write>) {
    let (store, org) = (store(served), served.org_id());
    let message = Outgoing { queue: Queue::Findings, org, order: format!("0-{order}"), body };
    LocalOutbox::new(&store).send(vec![message], then).await.unwrap();
}

fn about(served: &Served, finding: &str) -> Value {
    json!({ "schema_version": 1, "org_id": served.org_id(), "finding_id": finding, "version": 1 })
}

/// The messages that were set aside.
async fn set_aside(served: &Served) -> Vec<Value> {
    let partition = format!("{}/set-aside", served.org_id());
    let records =
        store(served).list(session_warden::store::Table::Contain, &partition, "", 10).await.unwrap();
    records.into_iter().map(|record| record.body).collect()
}

async fn waiting(served: &Served) -> usize {
    let store = store(served);
    LocalOutbox::new(&store).next(Queue::Findings, &served.org_id(), 10).await.unwrap().len()
}

async fn learned() -> Served {
    let served = Served::start().await;
    let (code, _, err) = served.run_once(Some(CONTAIN)).await;
    assert_eq!(code, 0, "{err}");
    served
}

async fn attack(served: &Served) -> Campaign {
    let campaign = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now());
    // Salesforce dates to the second, and a scan reads what lies before the present.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    campaign
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_set_aside_and_the_next_is_contained() {
    let served = learned().await;
    wait_first(&served, "a", json!({ "rubbish": true }), Vec::new()).await;
    wait_first(&served, "b", about(&served, "nowhere"), Vec::new()).await;
    let campaign = attack(&served).await;
    let (code, out, err) = served.run_once(Some(CONTAIN)).await;
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("contained"), "{out}{err}");
    assert_eq!(err.matches("was set aside").count(), 2, "{err}");
    let aside = set_aside(&served).await;
    assert_eq!((aside.len(), &aside[0]["body"]), (2, &json!({ "rubbish": true })));
    assert!(aside[1]["reason"].as_str().unwrap().contains("has no finding nowhere"), "{aside:?}");
    assert_eq!(waiting(&served).await, 0);
    served.simulator.org().take_writes();
    let again = served.run_once(Some(CONTAIN)).await;
    assert_eq!(again.0, 0, "told once: {again:?}");
    // Tried last: what the attacker tries is seen too.
    assert!(!served.simulator.org().attempt(&campaign.loot).gets_in());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_stays_and_the_next_is_contained() {
    let served = learned().await;
    let key = findings(&served.org_id()).key("damaged");
    let damage = Write::Put { key, expect: Expect::Absent, body: json!({ "finding_id": 7 }) };
    wait_first(&served, "a", about(&served, "damaged"), vec![damage]).await;
    let campaign = attack(&served).await;
    let (code, out, err) = served.run_once(Some(CONTAIN)).await;
    assert_eq!(code, 2, "the worst of all: {out}{err}");
    assert!(out.contains(&campaign.username) && out.contains("contained"), "what was found is told: {out}");
    assert!(err.contains("cannot be read"), "{err}");
    assert!(!served.simulator.org().attempt(&campaign.loot).gets_in());
    assert_eq!((waiting(&served).await, set_aside(&served).await.len()), (1, 0));
    served.simulator.org().take_writes();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_contained_although_the_scan_is_blind() {
    let served = learned().await;
    let campaign = attack(&served).await;
    // Found by a document that cannot act, contained by one that can.
    let mut scanning = served.simulator.connection_document();
    scanning.as_object_mut().unwrap().remove("revoker");
    std::fs::write(served.path().join("scanning.json"), scanning.to_string()).unwrap();
    let scan = ["run", "--once", "--policy", "policy.yaml", "--connection", "scanning.json"];
    assert_eq!(served.warden(&scan).await.0, 1);
    assert!(served.simulator.org().attempt(&campaign.loot).gets_in());
    let scanner = scanning["scanner"]["username"].as_str().unwrap().to_owned();
    for permission in [Permission::MonitorLoginHistory, Permission::ManageUsers] {
        served.simulator.org().remove_permission(&scanner, permission);
    }
    let (code, out, err) = served.run_once(Some(CONTAIN)).await;
    assert_eq!(code, 4, "{out}{err}");
    assert!(out.contains("contained") && err.contains("not being watched"), "{out}{err}");
    assert!(!served.simulator.org().attempt(&campaign.loot).gets_in());
    served.simulator.org().take_writes();
}
