//! Signed heads: who signed, what was signed, and files that are whole or not there.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use session_warden::evidence::{AnchorError, Head, HeadSigner, SignedHead};

fn head(seq: u64) -> Head {
    let hash = "ab".repeat(32);
    let head = json!({ "org": "00D000000000001AAA", "seq": seq, "hash": hash, "at": "2026-01-02T03:04:05Z" });
    serde_json::from_value(head).unwrap()
}

fn place() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let (key, head) = (directory.path().join("keys/head.pk8"), directory.path().join("heads/org.json"));
    (directory, key, head)
}

#[test]
fn a_signed_head_survives_its_file() {
    let (_directory, key, path) = place();
    let signer = HeadSigner::load_or_create(&key).unwrap();
    assert_eq!(SignedHead::read(&path).unwrap(), None);
    signer.sign(&head(7)).write(&path).unwrap();
    let read = SignedHead::read(&path).unwrap().unwrap();
    assert_eq!(read.verify().unwrap(), &head(7));
    let reloaded = HeadSigner::load_or_create(&key).unwrap();
    assert_eq!(read.verify_against(&reloaded.public_key()).unwrap(), &head(7));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    assert_eq!(fs::read_dir(key.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn every_change_is_found() {
    let (_directory, key, _) = place();
    let signed = HeadSigner::load_or_create(&key).unwrap().sign(&head(7));
    let json = serde_json::to_value(&signed).unwrap();
    let fields = [
        ("org", json!("other")),
        ("seq", json!(6)),
        ("hash", json!("ac".repeat(32))),
        ("at", json!("2026-01-02T03:04:06Z")),
        ("public_key", json!("00".repeat(32))),
        ("signature", json!("00".repeat(64))),
    ];
    assert_eq!(json.as_object().unwrap().len(), fields.len());
    for (field, value) in fields {
        let mut changed = json.clone();
        changed[field] = value;
        let changed: SignedHead = serde_json::from_value(changed).unwrap();
        assert!(matches!(changed.verify(), Err(AnchorError::Forged { .. })), "{field}");
    }
}

#[test]
fn another_key_is_not_this_one() {
    let (_directory, key, _) = place();
    let signer = HeadSigner::load_or_create(&key).unwrap();
    let other = HeadSigner::load_or_create(&key.with_file_name("other.pk8")).unwrap();
    let by_other = other.sign(&head(7));
    by_other.verify().unwrap();
    let refused = by_other.verify_against(&signer.public_key());
    assert!(matches!(refused, Err(AnchorError::OtherKey { found, .. }) if found == other.public_key()));
}

#[test]
fn an_anchor_is_not_moved_back() {
    let (_directory, key, path) = place();
    let signer = HeadSigner::load_or_create(&key).unwrap();
    for (written, expected) in [(7, 7), (5, 7), (9, 9)] {
        signer.sign(&head(written)).write(&path).unwrap();
        assert_eq!(SignedHead::read(&path).unwrap().unwrap().verify().unwrap().seq, expected);
    }
    let forged: Value = serde_json::to_value(signer.sign(&head(9))).unwrap();
    let mut forged = forged;
    forged["seq"] = json!(u64::MAX);
    fs::write(&path, forged.to_string()).unwrap();
    signer.sign(&head(10)).write(&path).unwrap();
    assert_eq!(SignedHead::read(&path).unwrap().unwrap().verify().unwrap().seq, 10);
}

#[test]
fn what_is_no_signed_head_is_named_and_left_as_it_was() {
    let (directory, key, _) = place();
    let path = directory.path().join("notes.txt");
    fs::write(&path, "notes").unwrap();
    let error = SignedHead::read(&path).unwrap_err().to_string();
    assert!(error.contains("notes.txt") && error.contains("no signed head"), "{error}");
    HeadSigner::load_or_create(&key).unwrap().sign(&head(1)).write(&path).unwrap_err();
    assert_eq!(fs::read_to_string(&path).unwrap(), "notes");
}

#[test]
fn what_is_no_key_is_named_and_left_as_it_was() {
    let (directory, ..) = place();
    let path = directory.path().join("key");
    for content in ["", "not a key", "-----BEGIN PRIVATE KEY-----"] {
        fs::write(&path, content).unwrap();
        make_private(&path);
        let error = HeadSigner::load_or_create(&path).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()) && error.contains("PKCS#8"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn processes_that_make_the_key_at_once_use_the_same() {
    let (_directory, key, _) = place();
    let keys: Vec<_> = std::thread::scope(|scope| {
        let made = || HeadSigner::load_or_create(&key).unwrap().public_key();
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(made)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn the_key_is_not_in_its_debug_text() {
    let (_directory, key, _) = place();
    let signer = HeadSigner::load_or_create(&key).unwrap();
    let text = format!("{signer:?}");
    assert_eq!(text, format!("HeadSigner {{ public_key: {}, .. }}", signer.public_key()));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_key() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, key, _) = place();
    HeadSigner::load_or_create(&key).unwrap();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = HeadSigner::load_or_create(&key).unwrap_err().to_string();
    assert!(error.contains("mode 0600"), "{error}");
}

fn make_private(path: &std::path::Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}
