//! What only the store of DynamoDB must stand: requests that are refused, answers that are lost, and workers that die in
//! the middle of a write wider than a transaction.
#![cfg(feature = "dynamodb")]

use local_aws::{Fault, Faults, LocalAws};
use serde_json::{Value, json};
use session_warden::observation::OrgId;
use session_warden::store::{DynamoDbStore, Expect, Key, Store, StoreError, Table, Write};

const PREFIX: &str = "warden";
/// More than a transaction takes.
const WIDE: usize = 105;

struct World {
    _aws: LocalAws,
    faults: Faults,
    store: DynamoDbStore,
    /// Without faults on the way.
    other: DynamoDbStore,
}

impl World {
    async fn new() -> Self {
        let aws = LocalAws::start();
        aws.create_tables(PREFIX).await;
        let faults = Faults::before(&aws, session_warden::salesforce::http_client().unwrap()).await;
        let store = DynamoDbStore::new(&local_aws::configuration(faults.endpoint()).await, PREFIX);
        let other = DynamoDbStore::new(&aws.configuration().await, PREFIX);
        Self { _aws: aws, faults, store, other }
    }

    async fn bodies(&self) -> Vec<(u64, Value)> {
        let records = self.other.list(Table::Evaluate, "org/room", "", 1_000).await.unwrap();
        records.into_iter().map(|record| (record.version, record.body)).collect()
    }
}

fn key(number: usize) -> Key {
    Key::new(Table::Evaluate, &OrgId::new("org"), "room", format!("{number:04}"))
}

fn put(number: usize, expect: Expect, body: &str) -> Write {
    Write::Put { key: key(number), expect, body: json!(body) }
}

fn wide(expect: Expect, body: &str) -> Vec<Write> {
    (0..WIDE).map(|number| put(number, expect, body)).collect()
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_no_conflict() {
    let world = World::new().await;
    world.faults.plan("UpdateItem", Fault::AnswerLost);
    world.store.write(vec![put(0, Expect::Absent, "one")]).await.unwrap();
    world.faults.plan("UpdateItem", Fault::AnswerLost);
    world.store.write(vec![put(0, Expect::Version(1), "two")]).await.unwrap();
    assert_eq!((world.faults.left(), world.bodies().await), (0, vec![(2, json!("two"))]));
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_throttled_is_tried_again_and_an_outage_is_told() {
    let world = World::new().await;
    for operation in ["UpdateItem", "GetItem", "Query"] {
        world.faults.plan(operation, Fault::Throttled);
    }
    world.store.write(vec![put(0, Expect::Absent, "one")]).await.unwrap();
    assert!(world.store.get(&key(0)).await.unwrap().is_some());
    assert_eq!(world.store.list(Table::Evaluate, "org/room", "", 9).await.unwrap().len(), 1);
    assert_eq!(world.faults.left(), 0);
    world.faults.always("DynamoDB", Some(Fault::Down));
    let error = world.store.get(&key(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(
        error.to_string().starts_with("the store dynamodb:warden cannot be used: InternalServerError"),
        "{error}"
    );
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_before_the_commit_has_done_nothing() {
    let world = World::new().await;
    world.other.write(wide(Expect::Absent, "before")).await.unwrap();
    let write = world.store.write(wide(Expect::Version(1), "after"));
    // It dies once it has a record in hand: the task is dropped where it stands.
    let watch = async {
        while world.faults.seen().iter().filter(|seen| seen.ends_with("UpdateItem")).count() < 20 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! { outcome = write => panic!("{outcome:?}"), () = watch => {} }
    assert_eq!(world.bodies().await, vec![(1, json!("before")); WIDE], "all of it, or nothing");
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_after_the_commit_has_done_everything() {
    let world = World::new().await;
    world.other.write(wide(Expect::Absent, "before")).await.unwrap();
    let writes =
        [put(WIDE, Expect::Absent, "new")].into_iter().chain(wide(Expect::Version(1), "after")).collect();
    let write = world.store.write(writes);
    // The note, every record taken in hand, the commit, and the first few that take on their next body.
    let until = 1 + (WIDE + 1) + 1 + 5;
    let watch = async {
        while world.faults.seen().iter().filter(|seen| seen.ends_with("UpdateItem")).count() < until {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! { outcome = write => panic!("{outcome:?}"), () = watch => {} }
    let mut expected = vec![(2, json!("after")); WIDE];
    expected.push((1, json!("new")));
    assert_eq!(world.bodies().await, expected);
    let last = world.other.get(&key(WIDE)).await.unwrap().unwrap();
    assert_eq!((last.version, last.body), (1, json!("new")));
    // The next who writes there tidies up, and goes on from what was committed.
    let stale = world.other.write(vec![put(WIDE - 1, Expect::Version(1), "late")]).await;
    assert!(matches!(stale, Err(StoreError::Conflict(_))), "{stale:?}");
    world.other.write(vec![put(WIDE - 1, Expect::Version(2), "next")]).await.unwrap();
    assert_eq!(world.bodies().await[WIDE - 1], (3, json!("next")));
}
