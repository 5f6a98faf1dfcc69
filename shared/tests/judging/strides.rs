//! What waits for a stride lies in the store: whoever dies loses nothing of it and counts nothing twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::crashing_store::CrashingStore;
use crate::generated_org::history;
use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{CampaignKind, Seed, generate};
use serde_json::{Value, from_value, json, to_value};
use session_warden::clock::FixedClock;
use session_warden::detection::{Lane, catalogue};
use session_warden::messages::{ObservationBatch, SCHEMA_VERSION};
use session_warden::observation::{NoOrigins, Observation, OrgId};
use session_warden::policy::Policy;
use session_warden::stages::{Evaluate, EvaluateError, Memory};
use session_warden::store::{MemoryStore, Store, Table, Waiting};

const ORG: &str = "00D000000000001EAA";

fn now() -> Timestamp {
    "2026-11-25T15:00:00Z".parse().unwrap()
}

async fn judge(
    store: &dyn Store,
    memory: &Memory,
    lane: Lane,
    page: &[Observation],
) -> Result<(), EvaluateError> {
    judge_and(store, memory, lane, page, async || ()).await
}

async fn judge_and(
    store: &dyn Store,
    memory: &Memory,
    lane: Lane,
    page: &[Observation],
    announce: impl AsyncFnOnce(),
) -> Result<(), EvaluateError> {
    let policy = Policy::default();
    let (detections, clock) = (catalogue(&policy), FixedClock(now()));
    let detections = detections.as_slice();
    let (schema_version, org_id, users) = (SCHEMA_VERSION, OrgId::new(ORG), Vec::new());
    let batch = ObservationBatch { schema_version, org_id, lane, observations: page.to_vec(), users };
    let waiting = Waiting { order: "1".to_owned(), body: to_value(batch).unwrap(), done: None };
    let evaluate =
        Evaluate { store, memory, policy: &policy, detections, origins: &NoOrigins, clock: &clock };
    evaluate.evaluate_and(vec![waiting], announce).await.map(drop)
}

/// A history and its end, after which everything is committed: what is known before, and the pages that are judged.
fn pages() -> (Vec<Observation>, Vec<Vec<Observation>>) {
    let mut org = generate(&Seed { seed: 3, users: 30, days: 15, now: now() });
    for (hours, kind) in (0..).zip(CampaignKind::DRILL) {
        org.launch(kind, now() - SignedDuration::from_hours(hours * 2));
    }
    let mut known = history(&org);
    let end = known.iter().rev().find(|seen| matches!(seen, Observation::Login(_))).cloned();
    let Some(Observation::Login(mut end)) = end else { panic!("an org without logins") };
    (end.id, end.time) = ("the-end".into(), end.time + SignedDuration::from_hours(2));
    let live = known.split_off(known.len() - 240);
    let mut pages: Vec<_> = live.chunks(6).map(<[_]>::to_vec).collect();
    pages.push(vec![Observation::Login(end)]);
    (known, pages)
}

/// What is kept, less what counts evaluations and not observations.
async fn kept(store: &dyn Store) -> BTreeMap<String, Value> {
    let mut kept = BTreeMap::new();
    for room in ["user-profiles", "network-profiles", "application-profiles", "seen", "findings", "standing"]
    {
        for record in store.list(Table::Evaluate, &format!("{ORG}/{room}"), "", 100_000).await.unwrap() {
            let mut body = record.body;
            if let Some(body) = body.as_object_mut() {
                for count in ["folded", "fold", "tail"] {
                    body.remove(count);
                }
            }
            kept.insert(format!("{room}/{}", record.key.sort), body);
        }
    }
    kept
}

#[tokio::test]
async fn whoever_dies_in_a_stride_loses_nothing_and_counts_nothing_twice() {
    let (known, pages) = pages();
    let (whole, crashed) = (MemoryStore::new(), Arc::new(MemoryStore::new()));
    for store in [&whole, crashed.as_ref()] {
        judge(store, &Memory::default(), Lane::Teach, &known).await.unwrap();
    }
    let (memory, mut deaths) = (Memory::default(), 0);
    for (number, page) in pages.iter().enumerate() {
        judge(&whole, &memory, Lane::Live, page).await.unwrap();
        let mut calls = 3 + number as u64 % 5;
        loop {
            let store = CrashingStore::after(crashed.clone(), calls);
            match judge(&store, &Memory::default(), Lane::Live, page).await {
                Ok(()) => break,
                Err(EvaluateError::Store(_)) => deaths += 1,
                Err(error) => panic!("not of our making: {error}"),
            }
            calls += 5;
        }
    }
    assert!(deaths > 500, "only {deaths} deaths");
    let (whole, crashed) = (kept(&whole).await, kept(crashed.as_ref()).await);
    assert!(whole.keys().any(|key| key.starts_with("findings/")));
    let differ: Vec<_> = whole.iter().filter(|(key, body)| crashed.get(*key) != Some(*body)).collect();
    assert!(differ.is_empty() && whole.len() == crashed.len(), "{differ:#?}");
}

#[tokio::test]
async fn what_was_found_is_announced_before_all_that_was_learned_is_written() {
    let login = |number: usize, time: &str| {
        let login = json!({ "id": format!("login-{number}"), "time": time, "user_id": format!("user-{number}"),
            "outcome": "success", "status": "Success", "login_type": "Application", "source": "198.51.100.7" });
        Observation::Login(Box::new(from_value(login).unwrap()))
    };
    let (store, memory) = (MemoryStore::new(), Memory::default());
    let people: Vec<_> = (0..1_200).map(|number| login(number, "2026-11-25T09:00:00Z")).collect();
    let later = [login(1_200, "2026-11-25T10:00:00Z")];
    let written =
        async || store.list(Table::Evaluate, &format!("{ORG}/user-profiles"), "", 2_000).await.unwrap().len();
    judge(&store, &memory, Lane::Live, &people).await.unwrap();
    let mut before = None;
    let announce = async || before = Some(written().await);
    judge_and(&store, &memory, Lane::Live, &later, announce).await.unwrap();
    assert_eq!((before, written().await), (Some(0), 1_200));
}
