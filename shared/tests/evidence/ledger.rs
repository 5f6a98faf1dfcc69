//! The ledger: one unbroken chain whoever writes, and what it keeps.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use session_warden::evidence::{
    Damage, EntryKind, Ledger, LedgerError, PAYLOAD_LIMIT, Payload, Recorded, Redaction, Verified,
};
use session_warden::observation::OrgId;
use session_warden::store::{Expect, Key, MemoryStore, Store, StoreError, Table, Write};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn org() -> OrgId {
    OrgId::new("00D000000000001AAA")
}

fn ledger(store: &dyn Store) -> Ledger<'_> {
    Ledger::new(store, org())
}

async fn append(store: &dyn Store, containment: &str, payload: &Value) {
    ledger(store).append(EntryKind::Act, Some(containment), NOW, payload).await.unwrap();
}

fn payloads(recorded: Vec<Recorded>) -> Vec<Payload> {
    recorded.into_iter().map(|recorded| recorded.payload).collect()
}

#[tokio::test]
async fn an_empty_ledger_is_whole() {
    let store = MemoryStore::new();
    let verified = ledger(&store).verify(None).await.unwrap();
    assert_eq!(verified, Verified { entries: 0, head: None, redacted: 0 });
    assert_eq!(ledger(&store).head().await.unwrap(), None);
}

#[tokio::test]
async fn what_was_recorded_is_told_per_containment_and_in_order() {
    let store = MemoryStore::new();
    for n in 0..40 {
        append(&store, if n % 2 == 0 { "c-1" } else { "c-2" }, &json!({ "n": n, "share": 0.1 })).await;
    }
    let told = payloads(ledger(&store).entries_of("c-2").await.unwrap());
    let expected = (0..20).map(|n| Payload::Kept(json!({ "n": 2 * n + 1, "share": 0.1 })));
    assert_eq!(told, expected.collect::<Vec<_>>());
    assert_eq!(ledger(&store).entries(38, 9).await.unwrap().len(), 2);
    let verified = ledger(&store).verify(None).await.unwrap();
    assert_eq!((verified.entries, verified.head), (40, ledger(&store).head().await.unwrap()));
}

#[tokio::test]
async fn orgs_have_chains_of_their_own() {
    let store = MemoryStore::new();
    append(&store, "c-1", &json!(1)).await;
    let other = Ledger::new(&store, OrgId::new("other"));
    let head = other.append(EntryKind::Refusal, None, NOW, &json!(1)).await.unwrap();
    assert_eq!(head.seq, 1);
    assert_ne!(Some(head.hash), ledger(&store).head().await.unwrap().map(|head| head.hash));
    let error = ledger(&store).verify(Some(&head)).await.unwrap_err();
    assert!(matches!(error, LedgerError::OtherOrg { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_make_one_unbroken_chain() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    write_concurrently(&store).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_to_a_file_make_one_unbroken_chain() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("warden.sqlite");
    let store: Arc<dyn Store> = Arc::new(session_warden::store::SqliteStore::open(path).unwrap());
    write_concurrently(&store).await;
}

async fn write_concurrently(store: &Arc<dyn Store>) {
    let writers = (0..16).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..8 {
                append(&*store, &writer.to_string(), &json!(n)).await;
                ledger(&*store).verify(None).await.unwrap();
            }
        })
    });
    futures::future::try_join_all(writers).await.unwrap();
    assert_eq!(ledger(&**store).verify(None).await.unwrap().entries, 128);
    for writer in 0..16 {
        let told = payloads(ledger(&**store).entries_of(&writer.to_string()).await.unwrap());
        assert_eq!(told, (0..8).map(|n| Payload::Kept(json!(n))).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_redaction_takes_the_payload_and_leaves_the_chain() {
    let store = MemoryStore::new();
    for n in 0..3 {
        append(&store, "c-1", &json!({ "username": n })).await;
    }
    let anchor = ledger(&store).head().await.unwrap().unwrap();
    let head = ledger(&store).redact(2, "asked by the person", NOW).await.unwrap();
    assert_eq!(head.seq, 4);
    let again = ledger(&store).redact(2, "asked again", NOW).await.unwrap();
    assert_eq!(again, head);
    let told = ledger(&store).entries_of("c-1").await.unwrap();
    assert_eq!(told[1].payload, Payload::Redacted { by: 4 });
    let Payload::Kept(why) = &told[3].payload else { panic!("{:?}", told[3]) };
    let redaction: Redaction = serde_json::from_value(why.clone()).unwrap();
    assert_eq!((redaction.seq, redaction.payload_hash), (2, told[1].entry.payload_hash));
    let verified = ledger(&store).verify(Some(&anchor)).await.unwrap();
    assert_eq!(verified, Verified { entries: 4, head: Some(head), redacted: 1 });
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_redactions_of_one_payload_are_one() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    append(&*store, "c-1", &json!(0)).await;
    let people = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { ledger(&*store).redact(1, "asked", NOW).await.unwrap() })
    });
    futures::future::try_join_all(people).await.unwrap();
    let verified = ledger(&*store).verify(None).await.unwrap();
    assert_eq!((verified.entries, verified.redacted), (2, 1));
}

#[tokio::test]
async fn not_everything_is_redactable() {
    let store = MemoryStore::new();
    append(&store, "c-1", &json!(0)).await;
    ledger(&store).redact(1, "asked", NOW).await.unwrap();
    for seq in [0, 2, 3, u64::MAX] {
        let error = ledger(&store).redact(seq, "asked", NOW).await.unwrap_err();
        assert!(matches!(error, LedgerError::NotRedactable { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_redaction_does_not_hide_a_changed_payload() {
    let store = MemoryStore::new();
    append(&store, "c-1", &json!("recorded")).await;
    let key = Key::new(Table::Contain, &org(), "evidence", format!("{:020}", 1));
    let changed = Write::Put { key, expect: Expect::Any, body: json!({ "payload": "\"changed\"" }) };
    store.write(vec![changed]).await.unwrap();
    let error = ledger(&store).redact(1, "asked", NOW).await.unwrap_err();
    assert!(matches!(error, LedgerError::Broken { seq: 1, damage: Damage::PayloadChanged, .. }), "{error}");
}

#[tokio::test]
async fn a_payload_that_is_too_large_is_refused_with_its_size() {
    let store = MemoryStore::new();
    let fits = json!("x".repeat(PAYLOAD_LIMIT - 6));
    append(&store, "c-1", &fits).await;
    let large = json!("x".repeat(PAYLOAD_LIMIT - 5));
    let refused = ledger(&store).append(EntryKind::Snapshot, None, NOW, &large).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unwritable { .. }));
    assert!(refused.to_string().contains(&format!("{} bytes", PAYLOAD_LIMIT + 1)), "{refused}");
    assert_eq!(ledger(&store).verify(None).await.unwrap().entries, 1);
}

#[tokio::test]
async fn an_entry_and_what_it_records_become_true_together() {
    let store = MemoryStore::new();
    let state = Key::new(Table::Contain, &org(), "containments", "c-1");
    let open = |expect| [Write::Put { key: state.clone(), expect, body: json!("open") }];
    let append = async |also: &[Write]| {
        ledger(&store).append_with(EntryKind::Decision, Some("c-1"), NOW, &json!("open"), also).await
    };
    append(&open(Expect::Absent)).await.unwrap();
    let second = append(&open(Expect::Absent)).await;
    assert!(matches!(second, Err(StoreError::Conflict(key)) if key == state));
    assert_eq!(ledger(&store).verify(None).await.unwrap().entries, 1);
}

#[tokio::test]
async fn nothing_is_added_behind_a_head_that_does_not_tell_the_truth() {
    let store = MemoryStore::new();
    append(&store, "c-1", &json!(0)).await;
    let head = Key::new(Table::Contain, &org(), "ledger-head", "head");
    store.write(vec![Write::Delete { key: head, expect: Expect::Any }]).await.unwrap();
    let refused = ledger(&store).append(EntryKind::Act, None, NOW, &json!(1)).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Unreadable { .. }) && refused.to_string().contains("verify"));
}
