//! Old evidence is taken away, and the chain stays one that can be verified.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use session_warden::evidence::{Damage, EntryKind, Ledger, LedgerError, Payload};
use session_warden::observation::OrgId;
use session_warden::store::{Expect, Key, MemoryStore, Store, Table, Write};

const OLD: i64 = 200;

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap() + SignedDuration::from_hours(24 * day)
}

fn org() -> OrgId {
    OrgId::new("00D000000000001EAA")
}

/// A chain with an entry a day, of two containments in turn.
async fn chain(store: &MemoryStore, entries: i64) {
    let ledger = Ledger::new(store, org());
    for day in 0..entries {
        let containment = if day % 2 == 0 { "even" } else { "odd" };
        let payload = json!({ "username": "ada@acme.example", "day": day });
        ledger.append(EntryKind::Act, Some(containment), at(day), &payload).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_old_goes_what_is_open_stays_and_the_chain_is_whole() {
    let store = MemoryStore::new();
    chain(&store, OLD + 20).await;
    let ledger = Ledger::new(&store, org());
    let before = ledger.head().await.unwrap().unwrap();
    let open = BTreeSet::from(["odd".to_owned()]);
    assert_eq!(ledger.prune(at(OLD), &open, at(300)).await.unwrap(), 100);
    let verified = ledger.verify(Some(&before)).await.unwrap();
    assert_eq!((verified.redacted, verified.entries), (100, 220 + 2), "and an entry for each ninety");
    for recorded in ledger.entries(0, 220).await.unwrap() {
        let day = i64::try_from(recorded.entry.seq).unwrap() - 1;
        let is_gone = day < OLD && day % 2 == 0;
        assert_eq!(matches!(recorded.payload, Payload::Redacted { .. }), is_gone, "{day}");
    }
    assert_eq!(ledger.prune(at(OLD), &open, at(301)).await.unwrap(), 0, "once");
    assert_eq!(ledger.prune(at(OLD), &BTreeSet::new(), at(302)).await.unwrap(), 100);
    assert!(ledger.redact(221, "x", at(303)).await.is_err(), "what says what went stays");
    ledger.verify(Some(&before)).await.unwrap();
}

#[tokio::test]
async fn a_payload_that_went_without_its_entry_is_found() {
    let store = MemoryStore::new();
    chain(&store, 10).await;
    let ledger = Ledger::new(&store, org());
    ledger.prune(at(5), &BTreeSet::new(), at(300)).await.unwrap();
    let key = Key::new(Table::Contain, &org(), "evidence", format!("{:020}", 8));
    store
        .write(vec![Write::Put { key, expect: Expect::Any, body: json!({ "redacted_by": 11 }) }])
        .await
        .unwrap();
    let broken = ledger.verify(None).await.unwrap_err();
    assert!(matches!(broken, LedgerError::Broken { seq: 8, damage: Damage::PayloadMissing, .. }), "{broken}");
}

#[tokio::test]
async fn what_was_changed_is_not_hidden_by_taking_it_away() {
    let store = MemoryStore::new();
    chain(&store, 10).await;
    let key = Key::new(Table::Contain, &org(), "evidence", format!("{:020}", 3));
    store
        .write(vec![Write::Put { key, expect: Expect::Any, body: json!({ "payload": "{}" }) }])
        .await
        .unwrap();
    let broken = Ledger::new(&store, org()).prune(at(5), &BTreeSet::new(), at(300)).await.unwrap_err();
    assert!(matches!(broken, LedgerError::Broken { seq: 3, damage: Damage::PayloadChanged, .. }), "{broken}");
}
