//! `warden evidence verify`: what counts as intact.

use std::collections::BTreeSet;

use crate::support::Served;
use jiff::SignedDuration;
use salesforce_simulator::CampaignKind;
use serde_json::{Value, json};
use session_warden::clock::{Clock, SystemClock};
use session_warden::evidence::{HeadSigner, Ledger};
use session_warden::store::SqliteStore;

const KEY: &str = "head-signing-key.pk8";

/// An org of whose containment there is evidence.
async fn contained() -> Served {
    let served = Served::start().await;
    let user = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now()).username;
    served.policy("mode: observe\n");
    let (code, out, err) = served.contain_now(&user, &[]).await;
    assert_eq!(code, 0, "{out}{err}");
    served.simulator.org().take_writes();
    served
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_without_an_anchor_is_not_intact_and_no_key_is_made() {
    let served = contained().await;
    let head = served.beside_store(&format!("head-{}.json", served.org_id()));
    std::fs::remove_file(served.beside_store(KEY)).unwrap();
    let (code, out, _) = served.warden(&["evidence", "verify", "--output", "json"]).await;
    assert_eq!(code, 1, "a head without its key proves nothing: {out}");
    assert!(out.contains("not the key that it must be signed with"), "{out}");
    std::fs::remove_file(&head).unwrap();
    let (code, out, _) = served.warden(&["evidence", "verify", "--output", "json"]).await;
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("no signed head is kept for it") && out.contains("\"intact\": false"), "{out}");
    assert!(!served.beside_store(KEY).exists() && !head.exists(), "looking makes nothing");
}

/// What the script in docs/evidence.md says of a case.
fn judged(served: &Served, case: &Value) -> bool {
    let page = include_str!("../../../docs/evidence.md");
    let script = page.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let (script_file, case_file) = (served.path().join("verify.py"), served.path().join("judged.json"));
    std::fs::write(&script_file, script).unwrap();
    std::fs::write(&case_file, case.to_string()).unwrap();
    let output = std::process::Command::new("python3").arg(script_file).arg(case_file).output().unwrap();
    output.status.success()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_verified_by_a_script_that_is_not_ours() {
    let served = contained().await;
    let (_, out, _) = served.warden(&["approve", "--output", "json"]).await;
    assert_eq!(out.trim(), "[]");
    let store = SqliteStore::open(served.beside_store("warden.sqlite")).unwrap();
    let all = session_warden::containment::containments(&served.org_id()).all(&store).await.unwrap();
    drop(store);
    let export = ["evidence", "export", &all[0].0[..8], "--json", "case.json", "--html", "case.html"];
    let (code, out, err) = served.warden(&export).await;
    assert_eq!(code, 0, "{out}{err}");
    let (_, out, _) = served.warden(&[&export[..], &["--output", "json"]].concat()).await;
    assert!(serde_json::from_str::<Value>(&out).unwrap()["entries"].as_u64() > Some(0), "{out}");
    assert!(std::fs::read_to_string(served.path().join("case.html")).unwrap().contains("Contained"));
    let text = std::fs::read_to_string(served.path().join("case.json")).unwrap();
    let case: Value = serde_json::from_str(&text).unwrap();
    assert!(judged(&served, &case));
    let entries = case["entries"].as_array().unwrap().clone();
    let mut tampered = Vec::new();
    for place in 0..entries.len() {
        for field in ["payload", "payload_hash", "kind", "containment", "hash", "previous"] {
            let mut changed = case.clone();
            let value = changed["entries"][place][field].as_str().unwrap().to_owned();
            let digit = if value.ends_with('0') { "1" } else { "0" };
            changed["entries"][place][field] = format!("{}{digit}", &value[..value.len() - 1]).into();
            tampered.push((format!("{field} of {place}"), changed));
        }
        let mut later = case.clone();
        later["entries"][place]["at"] = "2026-01-02T03:04:05.000000006Z".into();
        tampered.push((format!("at of {place}"), later));
        let mut renumbered = case.clone();
        renumbered["entries"][place]["seq"] = (entries[place]["seq"].as_u64().unwrap() + 1).into();
        tampered.push((format!("seq of {place}"), renumbered));
        for (what, pretended) in [
            ("taken away", json!({ "payload": null })),
            ("taken away by an entry", json!({ "payload": null, "redacted_by": entries[place]["seq"] })),
            ("taken away by no entry", json!({ "payload": null, "redacted_by": 9_999 })),
            ("left out of a whole case", json!({ "payload": null, "redacted_payload": "{}" })),
            ("shown beside what was hashed", json!({ "redacted_payload": "{}" })),
        ] {
            let mut changed = case.clone();
            let entry = changed["entries"][place].as_object_mut().unwrap();
            entry.extend(pretended.as_object().unwrap().clone());
            tampered.push((format!("{place} {what}"), changed));
        }
        let mut removed = case.clone();
        removed["entries"].as_array_mut().unwrap().remove(place);
        // Without its first entry a case is a shorter case.
        tampered.extend((place > 0).then(|| (format!("{place} removed"), removed)));
        let mut twice = case.clone();
        twice["entries"].as_array_mut().unwrap().insert(place, entries[place].clone());
        tampered.push((format!("{place} inserted"), twice));
    }
    let mut swapped = case.clone();
    swapped["entries"].as_array_mut().unwrap().swap(1, 2);
    tampered.push(("swapped".to_owned(), swapped));
    let mut about_another = case.clone();
    about_another["containment"]["containment_id"] = "0".into();
    about_another["entries"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(|entry| entry["payload"] = Value::Null);
    tampered.push(("called the case of another".to_owned(), about_another));
    for (what, case) in tampered {
        assert!(!judged(&served, &case), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_ends_in_the_head_that_was_kept_elsewhere() {
    let served = contained().await;
    let store = SqliteStore::open(served.beside_store("warden.sqlite")).unwrap();
    let all = session_warden::containment::containments(&served.org_id()).all(&store).await.unwrap();
    let head = Ledger::new(&store, served.org_id()).head().await.unwrap().unwrap();
    drop(store);
    let kept = served.path().join("kept.json");
    let export = ["evidence", "export", &all[0].0[..8], "--json", "case.json", "--head", "kept.json"];
    std::fs::write(&kept, serde_json::to_string(&head).unwrap()).unwrap();
    // As of an org in AWS, where no head lies beside the store.
    std::fs::remove_file(served.beside_store(&format!("head-{}.json", served.org_id()))).unwrap();
    let (code, out, err) = served.warden(&export).await;
    assert_eq!(code, 0, "{out}{err}");
    let case: Value =
        serde_json::from_str(&std::fs::read_to_string(served.path().join("case.json")).unwrap()).unwrap();
    assert!(judged(&served, &case));

    let earlier = session_warden::evidence::Head { seq: 1, ..head };
    std::fs::write(&kept, serde_json::to_string(&earlier).unwrap()).unwrap();
    let (code, _, err) = served.warden(&export).await;
    assert!(code == 2 && err.contains("bring a later one"), "{code} {err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_one_org_does_not_excuse_another() {
    let served = contained().await;
    let org = served.org_id();
    let other = session_warden::observation::OrgId::new("00D000000000099EAA");
    let store = SqliteStore::open(served.beside_store("warden.sqlite")).unwrap();
    let mut head = Ledger::new(&store, org.clone()).head().await.unwrap().unwrap();
    drop(store);
    head.org = other.clone();
    let signer = HeadSigner::load_or_create(&served.beside_store(KEY)).unwrap();
    signer.sign(&head).write(&served.path().join("other.json")).unwrap();

    let verify = ["evidence", "verify", "--head", "other.json", "--output", "json"];
    let (code, out, err) = served.warden(&verify).await;
    let verdicts: Value = serde_json::from_str(&out).unwrap();
    let of = |org: &str| verdicts.as_array().unwrap().iter().find(|v| v["org_id"] == org).unwrap().clone();
    assert_eq!(
        (of(org.as_str())["intact"].as_bool(), of(org.as_str())["anchored"].as_bool()),
        (Some(true), Some(true)),
        "{out}{err}"
    );
    assert_eq!(of(other.as_str())["intact"], false, "its chain is gone: {out}");
    assert_eq!(code, 1);

    let beside = served.beside_store(&format!("head-{org}.json"));
    std::fs::remove_file(beside).unwrap();
    let (_, out, _) = served.warden(&verify).await;
    assert!(out.contains("no signed head is kept for it"), "{out}");

    // A head from where nobody can change it needs no signature.
    head.org = org.clone();
    std::fs::write(served.path().join("other.json"), serde_json::to_vec(&head).unwrap()).unwrap();
    let (code, out, err) = served.warden(&verify).await;
    assert_eq!(code, 0, "{out}{err}");
    head.seq -= 1;
    std::fs::write(served.path().join("other.json"), serde_json::to_vec(&head).unwrap()).unwrap();
    let (code, out, _) = served.warden(&verify).await;
    assert_eq!(code, 1, "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_copy_shows_no_name_and_no_address_and_is_verified_all_the_same() {
    let served = contained().await;
    let campaign = served.simulator.org().ground_truth()[0].clone();
    served.policy("evidence: { redact: [names, addresses] }\n");
    let store = SqliteStore::open(served.beside_store("warden.sqlite")).unwrap();
    let all = session_warden::containment::containments(&served.org_id()).all(&store).await.unwrap();
    drop(store);
    let (json, html) = ("copy.json", "copy.html");
    let export = ["evidence", "export", &all[0].0, "--policy", "policy.yaml", "--json", json, "--html", html];
    let (code, out, err) = served.warden(&export).await;
    assert_eq!(code, 0, "{out}{err}");
    let read = |file: &str| std::fs::read_to_string(served.path().join(file)).unwrap();
    let (text, page) = (read(json), read(html));
    for hidden in [&campaign.username, &campaign.loot.source_ip] {
        assert!(!text.contains(hidden.as_str()) && !page.contains(hidden.as_str()), "{hidden}");
    }
    assert!(text.contains("redacted-") && text.contains("0/24") && page.contains("a redacted copy"));
    let case: Value = serde_json::from_str(&text).unwrap();
    assert!(judged(&served, &case));
    let of_a_copy = |entry: &&Value| entry["redacted_payload"].is_string();
    let entries = case["entries"].as_array().unwrap();
    let redacted = entries.iter().filter(of_a_copy).count();
    assert!(redacted > 0 && redacted < entries.len(), "{redacted}: what names nobody stays as it was hashed");
    let mut whole = case.clone();
    whole["left_out"] = json!([]);
    assert!(!judged(&served, &whole), "a copy does not pass for the whole");
    let mut shortened = case.clone();
    shortened["entries"].as_array_mut().unwrap().remove(2);
    assert!(!judged(&served, &shortened), "a link that is missing is found in a copy too");
    served.warden(&export).await;
    assert_eq!(read(json), text, "the same again");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_policy_lets_go_is_taken_away() {
    let served = contained().await;
    let prune = ["evidence", "prune", "--policy", "policy.yaml", "--output", "json"];
    let (code, _, err) = served.warden(&prune).await;
    assert!(code == 2 && err.contains("keep_for is not set"), "{err}");
    served.policy("evidence: { keep_for: 1h }\n");
    let (code, _, err) = served.warden(&prune).await;
    assert!(code == 2 && err.contains("a month at least"), "{err}");
    served.policy("evidence: { keep_for: 720h }\n");
    let (code, out, err) = served.warden(&prune).await;
    assert_eq!(code, 0, "{err}");
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()[0]["payloads"], 0, "it is from today");
    assert_eq!(served.warden(&["evidence", "verify"]).await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_takes_away_is_recorded_with_the_reason() {
    let served = contained().await;
    let redact = async |more: &[&str]| served.warden(&[&["evidence", "redact"], more].concat()).await;
    let (code, _, err) = redact(&["2", "--reason", " "]).await;
    assert!(code == 2 && err.contains("--reason is empty"), "{err}");
    let (code, _, err) = redact(&["4711", "--reason", "x"]).await;
    assert!(code == 2 && err.contains("it is not there"), "{err}");
    let (code, _, err) = redact(&["2", "--reason", "x", "--org", "00D000000000001EAA"]).await;
    assert!(code == 2 && err.contains("holds nothing of an org"), "{err}");
    assert_eq!(verified(&served).await, (true, 0));

    let (code, out, err) = redact(&["2", "--reason", "erasure request 17"]).await;
    assert!(code == 0 && out.contains("entry 2"), "{out}{err}");
    assert_eq!(verified(&served).await, (true, 1), "the chain leads through the new head");
    let org = served.org_id();
    let store = SqliteStore::open(served.beside_store("warden.sqlite")).unwrap();
    let all = session_warden::containment::containments(&org).all(&store).await.unwrap();
    drop(store);
    let (_, _, err) = served.warden(&["evidence", "export", &all[0].0, "--json", "case.json"]).await;
    let text = std::fs::read_to_string(served.path().join("case.json")).unwrap();
    let case: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{err}"));
    assert!(judged(&served, &case), "the script believes it too: {text}");
    let of_kind = |kind: &str| {
        case["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == kind).collect::<Vec<_>>()
    };
    let [said] = of_kind("redaction")[..] else { panic!("{text}") };
    assert!(said["payload"].as_str().unwrap().contains("erasure request 17 (by "), "{said}");
    let (code, _, err) = redact(&[&said["seq"].to_string(), "--reason", "x"]).await;
    assert!(code == 2 && err.contains("must stay readable"), "{err}");
}

/// Whether the evidence is whole, and how much of it was taken away.
async fn verified(served: &Served) -> (bool, u64) {
    let (code, out, err) = served.warden(&["evidence", "verify", "--output", "json"]).await;
    let verdict: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}"));
    (code == 0 && verdict[0]["intact"] == true, verdict[0]["redacted"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_believes_that_a_payload_was_taken_away_only_where_an_entry_says_so() {
    let served = contained().await;
    let (org, store) = (served.org_id(), SqliteStore::open(served.beside_store("warden.sqlite")).unwrap());
    let all = session_warden::containment::containments(&org).all(&store).await.unwrap();
    let ledger = Ledger::new(&store, org);
    let later = SystemClock.now() + SignedDuration::from_hours(1);
    assert!(ledger.prune(later, &BTreeSet::new(), later).await.unwrap() > 0);
    drop(store);
    served.policy("evidence: { keep_for: 720h }\n");
    assert_eq!(
        served.warden(&["evidence", "prune", "--policy", "policy.yaml"]).await.0,
        0,
        "it signs the head"
    );
    let (code, _, err) = served.warden(&["evidence", "export", &all[0].0, "--json", "case.json"]).await;
    assert_eq!(code, 0, "{err}");
    let text = std::fs::read_to_string(served.path().join("case.json")).unwrap();
    let case: Value = serde_json::from_str(&text).unwrap();
    assert!(judged(&served, &case), "{text}");
    let (last, entries) = (case["entries"].as_array().unwrap().len() - 1, &case["entries"]);
    assert_eq!((&entries[last]["kind"], &entries[0]["payload"]), (&json!("retention"), &Value::Null));
    for (name, value) in [("redacted_by", json!(null)), ("redacted_by", json!(1)), ("payload", json!("{}"))] {
        let mut changed = case.clone();
        changed["entries"][0][name] = value.clone();
        assert!(!judged(&served, &changed), "{name}: {value}");
    }
    for payload in [json!(null), json!("{\"entries\":[1]}")] {
        let mut changed = case.clone();
        changed["entries"][last]["payload"] = payload.clone();
        assert!(!judged(&served, &changed), "{payload}");
    }
}
