//! `warden run` over several orgs: one that hangs delays no other.
#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::Served;
use salesforce_simulator::{Effect, Fault, Seed, Simulator, generate};
use session_warden::clock::{Clock, SystemClock};

/// Rounds of an org's scanner: each asks first what it may see.
fn rounds(simulator: &Simulator) -> usize {
    let org = simulator.org();
    org.requests().iter().filter(|request| request.query.contains("UserPermissionAccess")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_hangs_delays_no_other() {
    let served = Served::start().await;
    served.run_once(None).await;
    let seed = Seed { seed: 7, users: 50, days: 5, now: SystemClock.now() };
    let hanging = Simulator::start(generate(&seed)).await.unwrap();
    hanging.org().faults_mut().add(Fault::new("", "", u32::MAX, Effect::Delay(3_600_000)));
    let mut document = hanging.connection_document();
    document["org_alias"] = "hanging".into();
    let connection = served.path().join("hanging.json");
    std::fs::write(&connection, document.to_string()).unwrap();

    let before = rounds(&served.simulator);
    let mut child = Command::new(env!("CARGO_BIN_EXE_warden"))
        .args(["run", "--interval", "1s", "--connection"])
        .args([&connection, &served.connection])
        .env("XDG_STATE_HOME", served.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut patience = 1_200;
    while rounds(&served.simulator) < before + 4 && patience > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        patience -= 1;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(rounds(&served.simulator) >= before + 4, "the other org waits for the one that hangs");
    assert_eq!(rounds(&hanging), 0, "the first round of the org that hangs is still under way");
}
