//! `warden contain`: what it asks for before it acts, and what it leaves behind.

use crate::support::Served;
use salesforce_simulator::CampaignKind;
use session_warden::clock::{Clock, SystemClock};

const OBSERVE: &str = "mode: observe\n";

async fn attacked() -> (Served, String) {
    let served = Served::start().await;
    let user = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now()).username;
    served.policy(OBSERVE);
    (served, user)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_contained_whom_a_policy_might_protect() {
    let (served, user) = attacked().await;
    let connection = served.connection.to_str().unwrap();
    let (code, _, err) =
        served.warden(&["contain", "--apply", "--connection", connection, "--user", &user]).await;
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("protected users and caps") && err.contains("infra/policy.yaml"), "{err}");
    assert!(served.simulator.org().take_writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_format_that_is_not_there_is_refused_before_anything_is_done() {
    let (served, user) = attacked().await;
    let (code, out, err) = served.contain_now(&user, &["--output", "csv"]).await;
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(served.simulator.org().take_writes().is_empty());
    for command in [&["drill", "--output", "csv"][..], &["evidence", "verify", "--output", "csv"]] {
        assert_eq!(served.warden(command).await.0, 2, "{command:?}");
    }
    assert!(!served.path().join("warden-output").exists() && !served.path().join("session-warden").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_anchor_that_fails_does_not_hide_what_was_done() {
    let (served, user) = attacked().await;
    // Where the signed head should lie, lies what cannot be replaced.
    let head = served.beside_store(&format!("head-{}.json", served.org_id()));
    std::fs::create_dir_all(head.join("in the way")).unwrap();
    let (code, out, err) = served.contain_now(&user, &[]).await;
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("contained") && !out.contains("NOT contained"), "{out}");
    assert!(err.contains("its head could not be signed"), "{err}");
    assert!(!served.simulator.org().take_writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_leaves_no_trace() {
    let (served, user) = attacked().await;
    let connection = served.connection.to_str().unwrap();
    let (code, out, err) = served.warden(&["contain", "--connection", connection, "--user", &user]).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("Setup > Users"), "how a frozen account is released: {out}");
    let database = rusqlite::Connection::open(served.beside_store("warden.sqlite")).unwrap();
    let records: i64 = database.query_row("SELECT COUNT(*) FROM records", [], |row| row.get(0)).unwrap();
    assert_eq!(records, 0);
    let beside = std::fs::read_dir(served.path().join("session-warden")).unwrap();
    let names: Vec<_> = beside.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| name.starts_with("warden.sqlite")), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_that_cannot_log_in_keeps_nobody_from_being_contained_and_released() {
    let (served, user) = attacked().await;
    served.rewrite(|document| {
        document["scanner"]["private_key"] = document["revoker"]["private_key"].clone();
    });
    let (code, out, err) = served.contain_now(&user, &[]).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(!served.simulator.org().take_writes().is_empty());
    let connection = served.connection.to_str().unwrap();
    let release = ["release", "--apply", "--connection", connection, "--user", &user, "--reason", "a drill"];
    let (code, out, err) = served.warden(&release).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(!served.simulator.org().take_writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_that_cannot_log_in_is_still_not_contained() {
    let (served, _) = attacked().await;
    let scanner = served.simulator.connection_document()["scanner"]["username"].as_str().unwrap().to_owned();
    served.rewrite(|document| {
        document["scanner"]["private_key"] = document["revoker"]["private_key"].clone();
    });
    let (code, out, err) = served.contain_now(&scanner, &[]).await;
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("an identity of Session Warden itself"), "{out}");
    assert!(served.simulator.org().take_writes().is_empty());
}
