//! `warden dismiss`: a finding that a person has examined.

use std::time::Duration;

use crate::support::Served;
use salesforce_simulator::CampaignKind;
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};

/// An org in which one attack was found.
async fn attacked() -> (Served, Vec<Value>) {
    let served = Served::start().await;
    assert_eq!(served.run_once(None).await.0, 0);
    served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now());
    // Salesforce dates to the second, and a scan reads what lies before the present.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(served.run_once(None).await.0, 1);
    let (code, out, err) = served.warden(&["findings", "--output", "json"]).await;
    assert_eq!(code, 1, "{err}");
    let found: Vec<Value> = serde_json::from_str(&out).unwrap();
    (served, found)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dismissed_is_no_longer_open_and_says_why() {
    let (served, found) = attacked().await;
    for finding in &found {
        let id = &finding["finding_id"].as_str().unwrap()[..12];
        let (code, out, err) =
            served.warden(&["dismiss", id, "--reason", "our own red team", "--for", "30d"]).await;
        assert_eq!(code, 0, "{err}");
        assert!(out.contains("Dismissed") && out.contains(id) && out.contains("escalates"), "{out}");
    }
    let (code, out, _) = served.warden(&["findings"]).await;
    assert_eq!((code, out.trim()), (0, "No findings."));
    let (code, out, _) = served.warden(&["findings", "--all", "--output", "json"]).await;
    let all: Vec<Value> = serde_json::from_str(&out).unwrap();
    assert_eq!((code, all.len()), (0, found.len()));
    assert!(all.iter().all(|finding| finding["status"] == "dismissed"), "{out}");
    // What was dismissed is not told again by the next round.
    assert_eq!(served.run_once(None).await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_said() {
    let (served, found) = attacked().await;
    let id = found[0]["finding_id"].as_str().unwrap();
    let refused = [
        (vec!["dismiss", "nowhere", "--reason", "none"], "No finding begins with `nowhere`"),
        (vec!["dismiss", id, "--reason", " "], "--reason is empty"),
        (vec!["dismiss", id], "--reason"),
        (vec!["dismiss", id, "--reason", "x", "--for", "9000d"], "a year"),
    ];
    for (arguments, why) in refused {
        let (code, _, err) = served.warden(&arguments).await;
        assert!(code == 2 && err.contains(why), "{arguments:?}: {code} {err}");
    }
    assert_eq!(served.warden(&["findings"]).await.0, 1, "nothing was dismissed");
}
