//! Several orgs at once: one that hangs, or whose connection document is broken, stops no other.
#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Served, objects};
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

#[tokio::test(flavor = "multi_thread")]
async fn an_org_whose_document_is_torn_is_told_and_stops_no_other() {
    let served = Served::start().await;
    let whole = served.connection.to_str().unwrap();
    for content in ["{ \"org_alias\": \"torn", "{}", ""] {
        std::fs::write(served.path().join("torn.json"), content).unwrap();
        for torn in ["torn.json", "absent.json"] {
            let run = ["run", "--once", "--output", "json", "--connection", torn, whole];
            let (code, out, err) = served.warden(&run).await;
            assert_eq!(code, 2, "{err}");
            assert!(err.contains("warden: ") && err.contains(torn), "{err}");
            let rounds: Vec<serde_json::Value> =
                serde_json::Deserializer::from_str(&out).into_iter().collect::<Result<_, _>>().unwrap();
            assert_eq!((rounds.len(), &rounds[0]["org"]), (2, &torn.into()), "{out}");
            assert!(rounds[0]["errors"][0].as_str().unwrap().contains(torn), "{out}");
            assert_eq!(
                (&rounds[1]["org"], rounds[1]["errors"].as_array().unwrap().len()),
                (&"simulated".into(), 0)
            );

            let hunt = ["hunt", "--ip", "203.0.113.0/24", "--output", "json", "--connection", whole, torn];
            let (code, out, err) = served.warden(&hunt).await;
            assert_eq!(code, 2, "{err}");
            assert!(err.contains(torn), "{err}");
            let told = |org: &serde_json::Value| (org["org"].clone(), org["state"].clone());
            let orgs: Vec<_> = objects(&out).iter().map(told).collect();
            assert_eq!(orgs, [("simulated".into(), "clean".into()), (torn.into(), "failed".into())]);
        }
    }
    assert!(rounds(&served.simulator) >= 6, "the other org was watched");
}
