//! What evaluating costs in DynamoDB: ten thousand logins as SQS would deliver them, and what DynamoDB would charge for it.
#![cfg(feature = "dynamodb")]

use std::collections::BTreeMap;
use std::time::Instant;

use crate::generated_org::history;
use jiff::{SignedDuration, Timestamp};
use local_aws::{Faults, LocalAws, Meter};
use salesforce_simulator::{Seed, generate};
use serde_json::to_value;
use session_warden::clock::FixedClock;
use session_warden::detection::{Lane, catalogue};
use session_warden::messages::{ObservationBatch, SCHEMA_VERSION};
use session_warden::observation::{NoOrigins, Observation, OrgId};
use session_warden::policy::Policy;
use session_warden::stages::{Evaluate, Memory};
use session_warden::store::{DynamoDbStore, Expect, MemoryStore, Record, Store, Table, Waiting, Write};

const LOGINS: usize = 10_000;
/// Of a million a day.
const LOGINS_A_MINUTE: usize = 694;
const MESSAGE_LOGINS: usize = 400;
const PREFIX: &str = "warden";

fn now() -> Timestamp {
    "2026-11-25T15:00:00Z".parse().unwrap()
}

fn org() -> OrgId {
    OrgId::new("00D000000000001EAA")
}

fn message(observations: Vec<Observation>) -> Waiting {
    let (schema_version, org_id, users) = (SCHEMA_VERSION, org(), Vec::new());
    let batch = ObservationBatch { schema_version, org_id, lane: Lane::Live, observations, users };
    Waiting { order: "1".to_owned(), body: to_value(batch).unwrap(), done: None }
}

async fn evaluate(store: &dyn Store, memory: &Memory, messages: Vec<Waiting>) {
    let policy = Policy::default();
    let (detections, clock) = (catalogue(&policy), FixedClock(now()));
    let detections = detections.as_slice();
    let evaluate =
        Evaluate { store, memory, policy: &policy, detections, origins: &NoOrigins, clock: &clock };
    evaluate.evaluate(messages).await.unwrap();
}

/// The logins of an org whose people have been known for weeks, and the last of them, as they come in an org where a million a day
/// do: so many a minute, one minute after the other.
fn logins() -> (Vec<Observation>, Vec<Vec<Observation>>) {
    let org = generate(&Seed { seed: 7, users: 3_000, days: 20, now: now() });
    let is_login = |seen: &Observation| matches!(seen, Observation::Login(_));
    let mut known: Vec<_> = history(&org).into_iter().filter(is_login).collect();
    let mut last = known.split_off(known.len() - LOGINS);
    for (number, seen) in last.iter_mut().enumerate() {
        let Observation::Login(login) = seen else { continue };
        login.time = now() + SignedDuration::from_secs(i64::try_from(number * 60 / LOGINS_A_MINUTE).unwrap());
    }
    (known, last.chunks(LOGINS_A_MINUTE).map(<[_]>::to_vec).collect())
}

/// What is known, at DynamoDB.
async fn copy(from: &MemoryStore, to: &DynamoDbStore) {
    let rooms =
        ["standing", "folds", "user-profiles", "network-profiles", "application-profiles", "tail", "seen"];
    for room in rooms {
        let records = from.list(Table::Evaluate, &format!("{}/{room}", org()), "", 1_000_000).await.unwrap();
        let put = |Record { key, body, .. }| Write::Put { key, expect: Expect::Any, body };
        to.write_in_order(Vec::new(), records.into_iter().map(put).collect()).await.unwrap();
    }
}

fn report(metered: &Meter, seconds: f64) {
    let per_login = |units: usize| units as f64 / LOGINS as f64;
    println!(
        "{LOGINS} logins in {seconds:.1} s, {} requests, {} items written",
        metered.requests, metered.writes
    );
    println!("write units a login: {:.3}", per_login(metered.write_units()));
    for (room, units) in metered.written.iter().collect::<BTreeMap<_, _>>() {
        println!("  {room}: {:.3}", per_login(*units));
    }
    println!("read units a login: {:.3}", per_login(metered.read_units()));
    for (room, units) in metered.read.iter().collect::<BTreeMap<_, _>>() {
        println!("  {room}: {:.3}", per_login(*units));
    }
}

#[ignore = "moto takes its time; `make bench` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_logins_cost_a_few_write_units_each() {
    let (known, minutes) = logins();
    let (learned, memory) = (MemoryStore::new(), Memory::default());
    for page in known.chunks(4_000) {
        evaluate(&learned, &memory, vec![message(page.to_vec())]).await;
    }
    let aws = LocalAws::start();
    aws.create_tables(PREFIX).await;
    let faults = Faults::before(&aws, session_warden::salesforce::http_client().unwrap()).await;
    let store = DynamoDbStore::new(&local_aws::configuration(faults.endpoint()).await, PREFIX);
    copy(&learned, &store).await;
    faults.metered();

    let (memory, began) = (Memory::default(), Instant::now());
    for minute in &minutes {
        let messages = minute.chunks(MESSAGE_LOGINS).map(|part| message(part.to_vec())).collect();
        evaluate(&store, &memory, messages).await;
    }
    let metered = faults.metered();
    report(&metered, began.elapsed().as_secs_f64());
    assert!(metered.write_units() < 3 * LOGINS, "{metered:?}");
}
