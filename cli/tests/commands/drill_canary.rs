//! The drill in a real org: a person logs in as the canary that the policy names, and is contained in stages.

use crate::support::Served;
use salesforce_simulator::CampaignKind;
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};

#[tokio::test(flavor = "multi_thread")]
async fn the_canary_is_contained_and_every_stage_is_timed() {
    let served = Served::start().await;
    let connection = served.connection.to_str().unwrap().to_owned();
    let drill =
        ["--output", "json", "drill", "--connection", &connection, "--policy", "policy.yaml", "--wait", "1"];
    served.policy("mode: observe\n");
    let (code, _, err) = served.warden(&drill).await;
    assert!(code == 2 && err.contains("drill.canary"), "{code} {err}");
    let campaign = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now());
    served.policy(&format!("mode: observe\ndrill:\n  canary: {}\n", campaign.username));
    let (code, out, err) = served.warden(&drill).await;
    assert_eq!(code, 0, "{out}{err}");
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["containment"]["outcome"]["outcome"], "contained");
    let stages = told["stages"].as_array().unwrap();
    let names: Vec<_> = stages.iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    assert_eq!((names[0], names[1], *names.last().unwrap()), ("seen", "decided", "verified"));
    assert!(names.contains(&"freeze the account"), "{names:?}");
    let request = &told["containment"]["request"];
    assert_eq!(request["requested_by"]["by"], "policy", "a finding led to it, as in earnest: {request}");
    let (_, findings, _) = served.warden(&["findings", "--output", "json"]).await;
    let findings: Vec<Value> = serde_json::from_str(&findings).unwrap();
    let found =
        findings.iter().find(|finding| finding["finding_id"] == request["trigger"]["finding_id"]).unwrap();
    let by: Vec<_> = found["detections"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert!(by.iter().any(|id| **id == "drill-canary"), "{by:?}");
    let seconds: Vec<_> = stages.iter().map(|stage| stage["seconds_after_login"].as_f64().unwrap()).collect();
    assert!(seconds.is_sorted(), "{seconds:?}");
    assert!(!served.simulator.org().attempt(&campaign.loot).gets_in());
    served.simulator.org().take_writes();
}
