//! The local outbox: what a crash leaves behind, and what consumers see.

use async_trait::async_trait;
use serde_json::{Value, json};
use session_warden::observation::OrgId;
use session_warden::store::{
    Expect, Key, LocalOutbox, MemoryStore, Outbox, Outgoing, Queue, Record, Store, StoreError, Table,
    Waiting, Write,
};

/// When the process dies, as seen by the store.
#[derive(Clone, Copy)]
enum Crash {
    BeforeTheWrite,
    AfterTheWrite,
}

/// A store whose writer dies at its first write.
struct Crashing<'a>(&'a dyn Store, Crash);

#[async_trait]
impl Store for Crashing<'_> {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        self.0.get(key).await
    }

    async fn list(
        &self,
        table: Table,
        of: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        self.0.list(table, of, after, limit).await
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        if let Crash::AfterTheWrite = self.1 {
            self.0.write(writes).await?;
        }
        Err(StoreError::Unavailable { store: "crashing".to_owned(), reason: "the process died".to_owned() })
    }
}

fn org() -> OrgId {
    OrgId::new("00D000000000001")
}

fn message(order: &str, body: Value) -> Outgoing {
    Outgoing { queue: Queue::Observations, org: org(), order: order.to_owned(), body }
}

fn cursor(expect: Expect, at: u64) -> Write {
    Write::Put { key: Key::new(Table::Scan, &org(), "cursor", "logins"), expect, body: json!(at) }
}

async fn waiting(store: &dyn Store) -> Vec<Waiting> {
    LocalOutbox::new(store).next(Queue::Observations, &org(), 100).await.unwrap()
}

async fn bodies(store: &dyn Store) -> Vec<Value> {
    waiting(store).await.into_iter().map(|waiting| waiting.body).collect()
}

async fn has_cursor(store: &dyn Store) -> bool {
    store.get(cursor(Expect::Any, 0).key()).await.unwrap().is_some()
}

#[tokio::test]
async fn a_crash_leaves_both_or_neither() {
    for (crash, both) in [(Crash::BeforeTheWrite, false), (Crash::AfterTheWrite, true)] {
        let store = MemoryStore::new();
        let crashing = Crashing(&store, crash);
        let messages = vec![message("1", json!("a")), message("2", json!("b"))];
        LocalOutbox::new(&crashing).send(messages, vec![cursor(Expect::Absent, 1)]).await.unwrap_err();
        assert_eq!(waiting(&store).await.len(), if both { 2 } else { 0 });
        assert_eq!(has_cursor(&store).await, both);
    }
}

#[tokio::test]
async fn nothing_is_sent_when_the_cursor_was_moved_by_another() {
    let store = MemoryStore::new();
    let outbox = LocalOutbox::new(&store);
    let refused = outbox.send(vec![message("1", json!("a"))], vec![cursor(Expect::Version(4), 1)]).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    assert!(waiting(&store).await.is_empty());
}

#[tokio::test]
async fn a_repeated_message_is_one_message() {
    let store = MemoryStore::new();
    let outbox = LocalOutbox::new(&store);
    let twice = vec![message("1", json!("a")), message("0", json!("b")), message("1", json!("c"))];
    outbox.send(twice, Vec::new()).await.unwrap();
    outbox.send(vec![message("0", json!("b"))], Vec::new()).await.unwrap();
    assert_eq!(bodies(&store).await, [json!("b"), json!("c")]);
}

#[tokio::test]
async fn a_message_stays_until_what_was_made_of_it_is_written() {
    let store = MemoryStore::new();
    LocalOutbox::new(&store).send(vec![message("1", json!("a"))], Vec::new()).await.unwrap();
    let [first] = waiting(&store).await.try_into().unwrap();
    let done = first.done.clone().unwrap();
    let crashing = Crashing(&store, Crash::BeforeTheWrite);
    crashing.write(vec![cursor(Expect::Any, 1), done.clone()]).await.unwrap_err();
    assert_eq!(waiting(&store).await, std::slice::from_ref(&first));
    store.write(vec![cursor(Expect::Any, 1), done.clone()]).await.unwrap();
    assert!(waiting(&store).await.is_empty());
    let second_consumer = store.write(vec![cursor(Expect::Any, 2), done]).await;
    assert!(matches!(second_consumer, Err(StoreError::Conflict(_))));
    assert_eq!(store.get(cursor(Expect::Any, 0).key()).await.unwrap().unwrap().body, json!(1));
}

#[tokio::test]
async fn what_is_sent_again_with_more_in_it_is_not_taken_off_unread() {
    let store = MemoryStore::new();
    let outbox = LocalOutbox::new(&store);
    outbox.send(vec![message("1", json!("a"))], Vec::new()).await.unwrap();
    let [read] = waiting(&store).await.try_into().unwrap();
    outbox.send(vec![message("1", json!("a and more"))], Vec::new()).await.unwrap();
    assert!(matches!(store.write(vec![read.done.unwrap()]).await, Err(StoreError::Conflict(_))));
    assert_eq!(bodies(&store).await, [json!("a and more")]);
}

#[tokio::test]
async fn queues_and_orgs_are_apart() {
    let store = MemoryStore::new();
    let outbox = LocalOutbox::new(&store);
    let other_queue = Outgoing { queue: Queue::Findings, ..message("1", json!("finding")) };
    let other_org = Outgoing { org: OrgId::new("other"), ..message("1", json!("elsewhere")) };
    outbox.send(vec![message("1", json!("here")), other_queue, other_org], Vec::new()).await.unwrap();
    assert_eq!(bodies(&store).await, [json!("here")]);
    let findings = outbox.next(Queue::Findings, &org(), 10).await.unwrap();
    assert_eq!(findings[0].done.as_ref().unwrap().key().table, Table::Evaluate);
    assert_eq!((findings.len(), &findings[0].body), (1, &json!("finding")));
}

#[tokio::test]
async fn a_limit_takes_the_first() {
    let store = MemoryStore::new();
    let outbox = LocalOutbox::new(&store);
    outbox.send((0..9).rev().map(|n| message(&n.to_string(), json!(n))).collect(), Vec::new()).await.unwrap();
    let first = outbox.next(Queue::Observations, &org(), 2).await.unwrap();
    assert_eq!(first.iter().map(|w| w.order.as_str()).collect::<Vec<_>>(), ["0", "1"]);
}
