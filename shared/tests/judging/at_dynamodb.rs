//! What evaluating costs in DynamoDB: an hour of a busy org as SQS would deliver it, and what DynamoDB would charge for it.
#![cfg(feature = "dynamodb")]

use std::collections::BTreeMap;
use std::time::Instant;

use crate::generated_org::history;
use jiff::{SignedDuration, Timestamp};
use local_aws::{Faults, LocalAws, Meter};
use salesforce_simulator::{Seed, generate};
use serde_json::to_value;
use session_warden::clock::FixedClock;
use session_warden::detection::{Lane, OVERLAP, STRIDE, catalogue};
use session_warden::messages::{ObservationBatch, SCHEMA_VERSION};
use session_warden::observation::{NoOrigins, Observation, OrgId};
use session_warden::policy::Policy;
use session_warden::stages::{Evaluate, Memory};
use session_warden::store::{DynamoDbStore, Expect, Key, MemoryStore, Record, Store, Table, Waiting, Write};

/// Of a million a day.
const LOGINS_A_MINUTE: usize = 694;
const USERS: usize = 3_000;
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

fn minutes_of(time: SignedDuration) -> usize {
    usize::try_from(time.as_mins()).unwrap()
}

/// The logins of an org whose people have been known for weeks, and the last of them, as they come in an org where a million a day
/// do: so many a minute, one minute after the other.
fn logins(minutes: usize) -> (Vec<Observation>, Vec<Vec<Observation>>) {
    let org = generate(&Seed { seed: 7, users: USERS, days: 25, now: now() });
    let is_login = |seen: &Observation| matches!(seen, Observation::Login(_));
    let mut known: Vec<_> = history(&org).into_iter().filter(is_login).collect();
    let mut last = known.split_off(known.len() - minutes * LOGINS_A_MINUTE);
    for (number, seen) in last.iter_mut().enumerate() {
        let Observation::Login(login) = seen else { continue };
        login.time = now() + SignedDuration::from_secs(i64::try_from(number * 60 / LOGINS_A_MINUTE).unwrap());
    }
    (known, last.chunks(LOGINS_A_MINUTE).map(<[_]>::to_vec).collect())
}

/// What is known, at DynamoDB. Of what was committed only what may be added to: moto copies a table at each transaction.
async fn copy(from: &MemoryStore, to: &DynamoDbStore) {
    let lately = format!("{:012}", now().as_second() / 300 - 1);
    let rooms = ["standing", "folds", "user-profiles", "network-profiles", "application-profiles", "tail"];
    for (room, after) in rooms.map(|room| (room, "")).into_iter().chain([("seen", lately.as_str())]) {
        let records =
            from.list(Table::Evaluate, &format!("{}/{room}", org()), after, 1_000_000).await.unwrap();
        let put = |Record { key, body, .. }| Write::Put { key, expect: Expect::Any, body };
        to.write_in_order(Vec::new(), records.into_iter().map(put).collect()).await.unwrap();
    }
}

fn report(metered: &Meter, logins: usize, seconds: f64) {
    let per_login = |units: usize| units as f64 / logins as f64;
    println!(
        "{logins} logins in {seconds:.1} s, {} requests, {} items written",
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

/// How many logins of the org are folded into its profiles.
async fn folded(store: &dyn Store) -> usize {
    let standing = store.get(&Key::new(Table::Evaluate, &org(), "standing", "org")).await.unwrap().unwrap();
    usize::try_from(standing.body["profile"]["logins"].as_u64().unwrap()).unwrap()
}

/// What is counted is two strides, and begins with a tail that is full: as much is folded in it as arrives.
#[ignore = "moto takes its time; `make bench` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn an_hour_of_logins_costs_less_than_half_a_write_unit_each() {
    let (before, counted) = (minutes_of(OVERLAP + STRIDE), minutes_of(2 * STRIDE));
    let (known, minutes) = logins(before + counted);
    let (before, counted) = minutes.split_at(before);
    let (learned, memory) = (MemoryStore::new(), Memory::default());
    for page in known.chunks(4_000) {
        evaluate(&learned, &memory, vec![message(page.to_vec())]).await;
    }
    let arrive = async |store: &dyn Store, memory: &Memory, minute: &[Observation]| {
        let messages = minute.chunks(MESSAGE_LOGINS).map(|part| message(part.to_vec())).collect();
        evaluate(store, memory, messages).await;
    };
    let (last, filling) = before.split_last().unwrap();
    for minute in filling {
        arrive(&learned, &memory, minute).await;
    }
    let aws = LocalAws::start();
    aws.create_tables(PREFIX).await;
    let faults = Faults::before(&aws, session_warden::salesforce::http_client().unwrap()).await;
    let store = DynamoDbStore::new(&local_aws::configuration(faults.endpoint()).await, PREFIX);
    copy(&learned, &store).await;
    let folded_before = folded(&store).await;
    // A process that has just started reads the tail and what it names, once.
    let memory = Memory::default();
    arrive(&store, &memory, last).await;
    println!("the first batch of a process reads {} units", faults.metered().read_units());

    let began = Instant::now();
    for minute in counted {
        arrive(&store, &memory, minute).await;
    }
    let (metered, logins) = (faults.metered(), counted.iter().map(Vec::len).sum::<usize>());
    report(&metered, logins, began.elapsed().as_secs_f64());
    let folded = folded(&store).await - folded_before;
    assert!(folded.abs_diff(logins) * 20 < logins, "{folded} were folded, and {logins} arrived");
    assert!(2 * metered.write_units() < logins, "{metered:?}");
}
