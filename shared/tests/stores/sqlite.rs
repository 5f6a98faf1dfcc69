//! What the SQLite adapter promises beyond the contract: about its file, and about sharing it.
#![cfg(feature = "sqlite")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use session_warden::observation::OrgId;
use session_warden::store::{Expect, Key, SqliteStore, Store, StoreError, StoreLocation, Table, Write};

fn key(sort: &str) -> Key {
    Key::new(Table::Contain, &OrgId::new("org"), "room", sort)
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state/warden/warden.sqlite");
    (directory, path)
}

async fn fill(store: &SqliteStore, records: usize) {
    let put =
        |n| Write::Put { key: key(&format!("{n:05}")), expect: Expect::Absent, body: json!("x".repeat(99)) };
    store.write((0..records).map(put).collect()).await.unwrap();
}

async fn count(store: &dyn Store) -> Result<usize, StoreError> {
    Ok(store.list(Table::Contain, "org/room", "", usize::MAX).await?.len())
}

#[track_caller]
fn names_the_file(error: &StoreError, path: &Path) -> String {
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&format!("sqlite:{}", path.display())), "{text}");
    text
}

#[tokio::test]
async fn reopening_finds_what_was_written() {
    let (_directory, path) = place();
    fill(&SqliteStore::open(&path).unwrap(), 3).await;
    let store = StoreLocation::Sqlite(path).open().await.unwrap();
    assert_eq!(count(&*store).await.unwrap(), 3);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    fill(&store, 1).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let directory = path.parent().unwrap();
    assert_eq!((mode(directory), mode(directory.parent().unwrap())), (0o700, 0o700));
    for entry in fs::read_dir(directory).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_handles_on_one_file_converge() {
    let (_directory, path) = place();
    let handles = [SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap()];
    let count = key("count");
    let put = |expect, n: u64| Write::Put { key: key("count"), expect, body: json!(n) };
    handles[0].write(vec![put(Expect::Absent, 0)]).await.unwrap();
    let run = |store: SqliteStore| async move {
        let mut done = 0;
        while done < 50 {
            let record = store.get(&key("count")).await.unwrap().unwrap();
            let more = put(Expect::Version(record.version), record.body.as_u64().unwrap() + 1);
            match store.write(vec![more]).await {
                Ok(()) => done += 1,
                Err(StoreError::Conflict(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    };
    let jobs = [tokio::spawn(run(handles[0].clone())), tokio::spawn(run(handles[1].clone()))];
    futures::future::try_join_all(jobs).await.unwrap();
    assert_eq!(handles[1].get(&count).await.unwrap().unwrap().body, json!(100));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_open_a_new_file_at_once() {
    let (_directory, path) = place();
    let openers = (0..16).map(|_| {
        let path = path.clone();
        tokio::task::spawn_blocking(move || SqliteStore::open(path).map(Arc::new))
    });
    let stores = futures::future::try_join_all(openers).await.unwrap();
    let stores: Vec<_> = stores.into_iter().map(Result::unwrap).collect();
    fill(&stores[0], 1).await;
    assert_eq!(count(&*stores[15]).await.unwrap(), 1);
}

#[tokio::test]
async fn a_cut_file_is_refused_wherever_it_is_cut() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    fill(&store, 500).await;
    drop(store);
    let whole = fs::read(&path).unwrap();
    for kept in [2, 15, 16, 99, 100, 511, 4095, 4096, 5000, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..kept]).unwrap();
        let error = match SqliteStore::open(&path) {
            Err(error) => error,
            Ok(store) => count(&store).await.expect_err(&format!("{kept} bytes passed for a store")),
        };
        // SQLite fills a cut last page with zeros, which is no record: the record is named then.
        if !matches!(error, StoreError::Unreadable { .. }) {
            names_the_file(&error, &path);
        }
    }
}

#[tokio::test]
async fn damage_is_an_error_and_never_a_panic() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    fill(&store, 300).await;
    drop(store);
    let whole = fs::read(&path).unwrap();
    for start in (0..whole.len()).step_by(257) {
        let mut damaged = whole.clone();
        damaged.iter_mut().skip(start).take(64).for_each(|byte| *byte = !*byte);
        fs::write(&path, &damaged).unwrap();
        if let Ok(store) = SqliteStore::open(&path) {
            // Damage inside a body may pass here: the ledger is what finds it.
            let _ = count(&store).await;
            let _ = store.write(vec![Write::Delete { key: key("00007"), expect: Expect::Any }]).await;
        }
    }
}

#[test]
fn what_is_not_a_store_is_refused_and_left_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    fs::write(&path, "Not a database.\n".repeat(400)).unwrap();
    names_the_file(&SqliteStore::open(&path).unwrap_err(), &path);
    assert_eq!(fs::read_to_string(&path).unwrap(), "Not a database.\n".repeat(400));
    names_the_file(&SqliteStore::open(directory.path()).unwrap_err(), directory.path());
    let below_a_file = path.join("warden.sqlite");
    names_the_file(&SqliteStore::open(&below_a_file).unwrap_err(), &below_a_file);
}

#[test]
fn another_programs_database_is_refused_and_left_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cookies.sqlite");
    rusqlite::Connection::open(&path).unwrap().execute("CREATE TABLE cookies (name TEXT)", ()).unwrap();
    let before = fs::read(&path).unwrap();
    let text = names_the_file(&SqliteStore::open(&path).unwrap_err(), &path);
    assert!(text.contains("another program"), "{text}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_newer_layout_is_refused() {
    let (_directory, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    let text = names_the_file(&SqliteStore::open(&path).unwrap_err(), &path);
    assert!(text.contains("version 2") && text.contains("newer"), "{text}");
}

#[tokio::test]
async fn names_with_a_meaning_in_sqlite_are_plain_files() {
    let directory = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:x?mode=memory"] {
        fill(&SqliteStore::open(directory.path().join(name)).unwrap(), 1).await;
        assert!(directory.path().join(name).is_file());
    }
}
