//! Commands that serve until they are asked to end.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::Served;
use salesforce_simulator::CampaignKind;
use session_warden::clock::{Clock, SystemClock};

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
}

async fn code(mut child: Child) -> Option<i32> {
    for _ in 0..200 {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    child.kill().unwrap();
    panic!("it does not end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_when_asked_at_any_time_and_remembers_the_worst() {
    for signal in ["-INT", "-TERM"] {
        let served = Served::start().await;
        served.run_once(None).await;
        served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now());
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let child = Command::new(env!("CARGO_BIN_EXE_warden"))
            .args(["run", "--interval", "1s", "--connection"])
            .arg(&served.connection)
            .env("XDG_STATE_HOME", served.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Several rounds: the first one finds the attack, the later ones nothing.
        tokio::time::sleep(Duration::from_secs(6)).await;
        send(signal, &child);
        assert_eq!(code(child).await, Some(1), "{signal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_a_simulated_org_are_for_its_owner() {
    let directory = tempfile::tempdir().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_warden"))
        .args(["simulate", "--port", "0", "--users", "60", "--days", "15", "--connection", "org.json"])
        .current_dir(directory.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let file = directory.path().join("org.json");
    for _ in 0..200 {
        if file.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    send("-INT", &child);
    assert_eq!(code(child).await, Some(0));
}
