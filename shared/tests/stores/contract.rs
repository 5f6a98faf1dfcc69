//! What every store adapter promises; each rule runs against each adapter.

use std::sync::Arc;

use serde_json::{Value, json};
use session_warden::observation::OrgId;
use session_warden::store::{Expect, Key, Store, StoreError, Table, Write};

/// A store and what must outlive it.
struct Opened {
    store: Arc<dyn Store>,
    _directory: Option<tempfile::TempDir>,
}

mod memory {
    use session_warden::store::MemoryStore;

    pub(super) fn open() -> super::Opened {
        super::Opened { store: std::sync::Arc::new(MemoryStore::new()), _directory: None }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use session_warden::store::SqliteStore;

    pub(super) fn open() -> super::Opened {
        let directory = tempfile::tempdir().unwrap();
        let store = std::sync::Arc::new(SqliteStore::open(directory.path().join("warden.sqlite")).unwrap());
        super::Opened { store, _directory: Some(directory) }
    }
}

#[cfg(feature = "dynamodb")]
mod dynamodb {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, OnceLock};

    use local_aws::LocalAws;
    use session_warden::store::DynamoDbStore;

    /// Tables of its own for every rule, in one moto.
    pub(super) async fn open() -> super::Opened {
        static AWS: OnceLock<LocalAws> = OnceLock::new();
        static OPENED: AtomicUsize = AtomicUsize::new(0);
        let aws = AWS.get_or_init(LocalAws::start);
        let prefix = format!("rule{}", OPENED.fetch_add(1, Ordering::Relaxed));
        aws.create_tables(&prefix).await;
        let store = Arc::new(DynamoDbStore::new(&aws.configuration().await, &prefix));
        super::Opened { store, _directory: None }
    }
}

macro_rules! contract {
    ($($rule:ident)*) => {$(
        mod $rule {
            #[tokio::test(flavor = "multi_thread")]
            async fn memory() {
                let opened = super::memory::open();
                super::$rule(opened.store.clone()).await;
            }

            #[cfg(feature = "sqlite")]
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                let opened = super::sqlite::open();
                super::$rule(opened.store.clone()).await;
            }

            #[cfg(feature = "dynamodb")]
            #[ignore = "moto takes its time; `make test-aws` runs it"]
            #[tokio::test(flavor = "multi_thread")]
            async fn dynamodb() {
                let opened = super::dynamodb::open().await;
                super::$rule(opened.store.clone()).await;
            }
        }
    )*};
}

contract! {
    what_is_put_is_what_is_read
    versions_count_from_one
    a_put_happens_only_as_expected
    a_delete_happens_only_as_expected
    deleting_forgets_the_version
    one_conflict_undoes_all_writes
    one_conflict_undoes_however_many_writes
    a_record_is_changed_once_per_write
    an_empty_write_is_no_change
    a_list_is_in_order_of_bytes
    a_list_continues_after_a_key
    partitions_are_apart
    tables_are_apart
    any_text_is_a_key
    large_bodies_fit
    a_thousand_writes_are_one
    a_thousand_changes_are_one
    concurrent_increments_are_all_counted
    concurrent_creators_have_one_winner
    what_cannot_be_decoded_is_named
}

fn key(sort: &str) -> Key {
    Key::new(Table::Scan, &OrgId::new("org"), "room", sort)
}

fn put(key: Key, expect: Expect, body: Value) -> Write {
    Write::Put { key, expect, body }
}

fn delete(key: Key, expect: Expect) -> Write {
    Write::Delete { key, expect }
}

async fn write(store: &dyn Store, write: Write) -> Result<(), StoreError> {
    store.write(vec![write]).await
}

async fn has(store: &dyn Store, key: &Key) -> Option<(u64, Value)> {
    store.get(key).await.unwrap().map(|record| (record.version, record.body))
}

async fn sorts(store: &dyn Store, after: &str, limit: usize) -> Vec<String> {
    let records = store.list(Table::Scan, "org/room", after, limit).await.unwrap();
    records.into_iter().map(|record| record.key.sort).collect()
}

#[track_caller]
fn is_conflict(result: &Result<(), StoreError>, on: &Key) {
    assert!(matches!(result, Err(StoreError::Conflict(key)) if key == on), "{result:?}");
}

async fn what_is_put_is_what_is_read(store: Arc<dyn Store>) {
    let body = json!({
        "text": "\u{0}\t\"\\ £ 漢字 🛡", "empty": {}, "list": [null, true, [], ""],
        "numbers": [0, -1, u64::MAX, i64::MIN, 0.1, 1.0, 0.300_000_000_000_000_04, 1e300, 5e-324],
    });
    write(&*store, put(key("a"), Expect::Any, body.clone())).await.unwrap();
    let record = store.get(&key("a")).await.unwrap().unwrap();
    assert_eq!((&record.key, &record.body), (&key("a"), &body));
    assert_eq!(store.list(Table::Scan, "org/room", "", 9).await.unwrap(), [record]);
    assert_eq!(store.get(&key("b")).await.unwrap(), None);
}

async fn versions_count_from_one(store: Arc<dyn Store>) {
    write(&*store, put(key("a"), Expect::Absent, json!(1))).await.unwrap();
    assert_eq!(has(&*store, &key("a")).await, Some((1, json!(1))));
    write(&*store, put(key("a"), Expect::Version(1), json!(2))).await.unwrap();
    assert_eq!(has(&*store, &key("a")).await, Some((2, json!(2))));
    write(&*store, put(key("a"), Expect::Any, json!(2))).await.unwrap();
    assert_eq!(has(&*store, &key("a")).await, Some((3, json!(2))));
    write(&*store, put(key("b"), Expect::Any, json!(0))).await.unwrap();
    assert_eq!(has(&*store, &key("b")).await, Some((1, json!(0))));
}

async fn a_put_happens_only_as_expected(store: Arc<dyn Store>) {
    for nothing_has in [0, 1, u64::MAX] {
        is_conflict(&write(&*store, put(key("a"), Expect::Version(nothing_has), json!(0))).await, &key("a"));
    }
    assert_eq!(has(&*store, &key("a")).await, None);
    write(&*store, put(key("a"), Expect::Absent, json!("first"))).await.unwrap();
    for wrong in [Expect::Absent, Expect::Version(0), Expect::Version(2), Expect::Version(u64::MAX)] {
        is_conflict(&write(&*store, put(key("a"), wrong, json!(0))).await, &key("a"));
    }
    assert_eq!(has(&*store, &key("a")).await, Some((1, json!("first"))));
}

async fn a_delete_happens_only_as_expected(store: Arc<dyn Store>) {
    write(&*store, delete(key("a"), Expect::Any)).await.unwrap();
    write(&*store, delete(key("a"), Expect::Absent)).await.unwrap();
    is_conflict(&write(&*store, delete(key("a"), Expect::Version(1))).await, &key("a"));
    write(&*store, put(key("a"), Expect::Any, json!(1))).await.unwrap();
    for wrong in [Expect::Absent, Expect::Version(0), Expect::Version(2)] {
        is_conflict(&write(&*store, delete(key("a"), wrong)).await, &key("a"));
    }
    assert_eq!(has(&*store, &key("a")).await, Some((1, json!(1))));
    write(&*store, delete(key("a"), Expect::Version(1))).await.unwrap();
    assert_eq!(has(&*store, &key("a")).await, None);
    write(&*store, put(key("a"), Expect::Any, json!(1))).await.unwrap();
    write(&*store, delete(key("a"), Expect::Any)).await.unwrap();
    assert_eq!(has(&*store, &key("a")).await, None);
}

/// So a version tells apart two writes of one record only while the record lives: what must be told apart for ever
/// carries an id of its own.
async fn deleting_forgets_the_version(store: Arc<dyn Store>) {
    write(&*store, put(key("a"), Expect::Any, json!(1))).await.unwrap();
    write(&*store, put(key("a"), Expect::Any, json!(2))).await.unwrap();
    write(&*store, delete(key("a"), Expect::Any)).await.unwrap();
    write(&*store, put(key("a"), Expect::Absent, json!(3))).await.unwrap();
    assert_eq!(has(&*store, &key("a")).await, Some((1, json!(3))));
}

async fn one_conflict_undoes_all_writes(store: Arc<dyn Store>) {
    write(&*store, put(key("kept"), Expect::Any, json!("old"))).await.unwrap();
    write(&*store, put(key("z"), Expect::Any, json!("there"))).await.unwrap();
    let mut writes: Vec<_> = (0..50).map(|n| put(key(&format!("n{n}")), Expect::Absent, json!(n))).collect();
    writes.push(delete(key("kept"), Expect::Any));
    writes.push(put(key("z"), Expect::Absent, json!("conflict")));
    is_conflict(&store.write(writes).await, &key("z"));
    assert_eq!(sorts(&*store, "", 100).await, ["kept", "z"]);
    assert_eq!(has(&*store, &key("kept")).await, Some((1, json!("old"))));
}

async fn one_conflict_undoes_however_many_writes(store: Arc<dyn Store>) {
    write(&*store, put(key("kept"), Expect::Any, json!("old"))).await.unwrap();
    write(&*store, put(key("z"), Expect::Any, json!("there"))).await.unwrap();
    let mut writes: Vec<_> = (0..300).map(|n| put(key(&format!("n{n}")), Expect::Absent, json!(n))).collect();
    writes.push(put(key("kept"), Expect::Version(1), json!("new")));
    writes.push(delete(key("z"), Expect::Version(2)));
    is_conflict(&store.write(writes).await, &key("z"));
    assert_eq!(sorts(&*store, "", 400).await, ["kept", "z"]);
    assert_eq!(has(&*store, &key("kept")).await, Some((1, json!("old"))));
    write(&*store, put(key("kept"), Expect::Version(1), json!("newer"))).await.unwrap();
}

async fn a_record_is_changed_once_per_write(store: Arc<dyn Store>) {
    let twice = vec![
        put(key("other"), Expect::Any, json!(1)),
        put(key("a"), Expect::Any, json!(1)),
        delete(key("a"), Expect::Any),
    ];
    let refused = store.write(twice).await;
    assert!(matches!(&refused, Err(StoreError::Unwritable { key: k, .. }) if *k == key("a")), "{refused:?}");
    assert_eq!(has(&*store, &key("other")).await, None);
}

async fn an_empty_write_is_no_change(store: Arc<dyn Store>) {
    store.write(Vec::new()).await.unwrap();
}

async fn a_list_is_in_order_of_bytes(store: Arc<dyn Store>) {
    let mut expected = ["10", "9", "B", "a", "a b", "a/", "aa", "b", "~", "é", "漢", "\u{fffd}", "🛡"];
    for sort in expected.iter().rev() {
        write(&*store, put(key(sort), Expect::Any, json!(0))).await.unwrap();
    }
    expected.sort_unstable_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    assert_eq!(sorts(&*store, "", 100).await, expected);
}

async fn a_list_continues_after_a_key(store: Arc<dyn Store>) {
    for sort in ["a", "b", "c", "d"] {
        write(&*store, put(key(sort), Expect::Any, json!(0))).await.unwrap();
    }
    assert_eq!(sorts(&*store, "", 2).await, ["a", "b"]);
    assert_eq!(sorts(&*store, "b", 2).await, ["c", "d"]);
    assert_eq!(sorts(&*store, "bb", usize::MAX).await, ["c", "d"]);
    assert_eq!(sorts(&*store, "d", 2).await, [""; 0]);
    assert_eq!(sorts(&*store, "", 0).await, [""; 0]);
}

async fn partitions_are_apart(store: Arc<dyn Store>) {
    let near = ["org/roo", "org/room", "org/room/", "org/room2", "org/rooM", "org2/room", "org/room%"];
    for partition in near {
        let key = Key { table: Table::Scan, partition: partition.to_owned(), sort: "a".to_owned() };
        write(&*store, put(key, Expect::Absent, json!(partition))).await.unwrap();
    }
    for partition in near {
        let records = store.list(Table::Scan, partition, "", 100).await.unwrap();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].body, json!(partition));
    }
    assert!(store.list(Table::Scan, "org", "", 100).await.unwrap().is_empty());
}

async fn tables_are_apart(store: Arc<dyn Store>) {
    let tables = [Table::Scan, Table::Evaluate, Table::Contain, Table::People];
    for table in tables {
        let key = Key { table, ..key("a") };
        write(&*store, put(key.clone(), Expect::Absent, json!(table.name()))).await.unwrap();
    }
    for table in tables {
        let records = store.list(table, "org/room", "", 100).await.unwrap();
        assert_eq!(records.iter().map(|r| &r.body).collect::<Vec<_>>(), [&json!(table.name())]);
        assert_eq!(has(&*store, &Key { table, ..key("a") }).await, Some((1, json!(table.name()))));
    }
}

async fn any_text_is_a_key(store: Arc<dyn Store>) {
    let hostile = ["'; DROP TABLE records; --", "\"", "a\u{0}b", "%_*", "../..", "e\u{301}", "é", "🛡\n"];
    for text in hostile {
        let key = Key { table: Table::People, partition: text.to_owned(), sort: text.to_owned() };
        write(&*store, put(key.clone(), Expect::Absent, json!({ text: text }))).await.unwrap();
        assert_eq!(has(&*store, &key).await, Some((1, json!({ text: text }))));
        let records = store.list(Table::People, text, "", 100).await.unwrap();
        assert_eq!(records.into_iter().map(|r| r.key).collect::<Vec<_>>(), [key]);
    }
    for (partition, sort) in [("", "a"), ("a", "")] {
        let key = Key { table: Table::People, partition: partition.to_owned(), sort: sort.to_owned() };
        let refused = write(&*store, put(key, Expect::Any, json!(1))).await;
        assert!(matches!(refused, Err(StoreError::Unwritable { .. })), "no store takes an empty part");
    }
}

async fn large_bodies_fit(store: Arc<dyn Store>) {
    let body = json!("é".repeat(500_000));
    write(&*store, put(key("large"), Expect::Any, body.clone())).await.unwrap();
    assert_eq!(has(&*store, &key("large")).await, Some((1, body)));
}

async fn a_thousand_writes_are_one(store: Arc<dyn Store>) {
    let all = (0..1000).map(|n| put(key(&format!("{n:04}")), Expect::Absent, json!(n))).collect();
    store.write(all).await.unwrap();
    let listed = sorts(&*store, "", 2000).await;
    assert_eq!((listed.len(), listed[999].as_str()), (1000, "0999"));
}

async fn a_thousand_changes_are_one(store: Arc<dyn Store>) {
    let named = |n: usize| key(&format!("{n:04}"));
    let puts = (0..500).map(|n| put(named(n), Expect::Any, json!("first"))).collect();
    store.write(puts).await.unwrap();
    let changes = (0..1000).map(|n| match n {
        0..250 => delete(named(n), if n % 2 == 0 { Expect::Any } else { Expect::Version(1) }),
        250..500 => put(named(n), if n % 2 == 0 { Expect::Any } else { Expect::Version(1) }, json!("second")),
        _ => put(named(n), if n % 2 == 0 { Expect::Any } else { Expect::Absent }, json!("second")),
    });
    store.write(changes.collect()).await.unwrap();
    let records = store.list(Table::Scan, "org/room", "", 2000).await.unwrap();
    assert_eq!((records.len(), records[0].key.sort.as_str()), (750, "0250"));
    assert!(records.iter().all(|record| record.body == json!("second")));
    let versions: Vec<_> = [249, 250].into_iter().map(|at| records[at].version).collect();
    assert_eq!(versions, [2, 1]);
}

async fn concurrent_increments_are_all_counted(store: Arc<dyn Store>) {
    write(&*store, put(key("count"), Expect::Absent, json!(0))).await.unwrap();
    let counters = (0..8).map(|_| tokio::spawn(increment(store.clone(), 5)));
    futures::future::try_join_all(counters).await.unwrap();
    assert_eq!(has(&*store, &key("count")).await, Some((41, json!(40))));
}

async fn increment(store: Arc<dyn Store>, times: usize) {
    let mut done = 0;
    while done < times {
        let (version, count) = has(&*store, &key("count")).await.unwrap();
        let more = json!(count.as_u64().unwrap() + 1);
        match write(&*store, put(key("count"), Expect::Version(version), more)).await {
            Ok(()) => done += 1,
            conflict => is_conflict(&conflict, &key("count")),
        }
    }
}

async fn concurrent_creators_have_one_winner(store: Arc<dyn Store>) {
    let creators = (0..16).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { write(&*store, put(key("lease"), Expect::Absent, json!(n))).await })
    });
    let results = futures::future::try_join_all(creators).await.unwrap();
    let winners: Vec<_> = (0..16).filter(|n| results[*n].is_ok()).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(has(&*store, &key("lease")).await, Some((1, json!(winners[0]))));
}

async fn what_cannot_be_decoded_is_named(store: Arc<dyn Store>) {
    write(&*store, put(key("a"), Expect::Any, json!({ "time": "yesterday" }))).await.unwrap();
    let record = store.get(&key("a")).await.unwrap().unwrap();
    let error = record.decode::<Vec<u8>>().unwrap_err().to_string();
    assert!(error.starts_with("scan record org/room/a cannot be read: "), "{error}");
}
