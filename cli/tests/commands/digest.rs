//! `warden digest`: what a week came to, and whether the monitor ran.

use crate::support::{Served, objects};
use jiff::SignedDuration;
use salesforce_simulator::CampaignKind;
use serde_json::{Value, json};
use session_warden::clock::{Clock, SystemClock};

const CONTAIN: &str =
    "mode: contain\ncaps: { percent_of_active_users: 50 }\nreview: { longest_session: 1s }\n";

async fn review(served: &Served, more: &[&str]) -> (i32, Value) {
    let connection = served.connection.to_str().unwrap();
    let digest = ["digest", "--policy", "policy.yaml", "--connection", connection, "--output", "json"];
    let (code, out, err) = served.warden(&[&digest[..], more].concat()).await;
    let told: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    (code, told[0].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_is_told_and_a_pause_of_the_monitor_is_a_gap() {
    let served = Served::start().await;
    served.policy(CONTAIN);
    assert_eq!(served.warden(&["digest"]).await.0, 0, "nothing was ever watched, and there is no org");
    served.run_once(None).await;
    let just_now = SystemClock.now() - SignedDuration::from_secs(2);
    served.simulator.org().launch(CampaignKind::BruteForce, just_now);
    served.run_once(Some(CONTAIN)).await;
    served.simulator.org().take_writes();
    let user = served.simulator.org().users()[0].id;
    served.simulator.org().log_in(&user, "192.0.2.10").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let (code, digest) = review(&served, &[]).await;
    assert_eq!(code, 1, "{digest:#}");
    assert_eq!(
        (&digest["containments"]["contained"], &digest["watch"]["gaps_total"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(digest["watch"]["scans"], 2, "{digest:#}");
    assert!(digest["findings"][0]["open"].as_u64() > Some(0) && digest["not_contained"] == json!([]));
    assert_eq!(digest["open_sessions"]["state"], "read");
    assert!(digest["open_sessions"]["total"].as_u64() > Some(0), "{digest:#}");

    // The last scan but one was an hour ago.
    let ago = SystemClock.now() - SignedDuration::from_mins(61);
    let database = rusqlite::Connection::open(served.beside_store("warden.sqlite")).unwrap();
    database.execute("DELETE FROM records WHERE partition LIKE '%/watched'", []).unwrap();
    let hour = json!({ "first": ago, "last": ago, "scans": 1, "pauses": [], "blind": [] }).to_string();
    let place = ago.strftime("%Y-%m-%dT%H").to_string();
    let partition = format!("{}/watched", served.org_id());
    database
        .execute(
            "INSERT INTO records VALUES ('scan', ?1, ?2, 1, ?3)",
            rusqlite::params![partition, place, hour],
        )
        .unwrap();
    drop(database);
    served.run_once(Some(CONTAIN)).await;
    let (code, digest) = review(&served, &["--html", "digest.html"]).await;
    assert_eq!((code, &digest["watch"]["gaps_total"]), (1, &json!(1)), "{digest:#}");
    let html = std::fs::read_to_string(served.path().join("digest.html")).unwrap();
    assert!(html.contains("1 gap, the longest pause 1 h") && !html.contains("<script"), "{html}");
    let (_, out, _) = served.warden(&["digest"]).await;
    assert!(out.contains("not looked at: no --connection") && out.contains("1 gap"), "{out}");
}

/// Nobody may act, and the week is reviewed all the same: told, in the evidence, and once.
#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_may_act_the_week_is_reviewed_all_the_same() {
    let served = Served::start().await;
    served.rewrite(|document| drop(document.as_object_mut().unwrap().remove("revoker")));
    let (code, _, err) = served.run_once(Some("mode: observe\n")).await;
    assert_eq!(code, 0, "{err}");
    assert_eq!(reviews_told(&served), 0, "the week has just begun");
    let ago = SystemClock.now() - SignedDuration::from_hours(24 * 7);
    let database = rusqlite::Connection::open(served.beside_store("warden.sqlite")).unwrap();
    let begun = database.execute(
        "UPDATE records SET body = ?1 WHERE partition LIKE '%/reviews'",
        [json!({ "until": ago }).to_string()],
    );
    assert_eq!(begun.unwrap(), 1);
    drop(database);
    for _ in 0..2 {
        served.run_once(Some("mode: observe\n")).await;
        assert_eq!(reviews_told(&served), 1);
    }
    let (code, out, err) = served.warden(&["evidence", "verify", "--output", "json"]).await;
    let verdict: Value = serde_json::from_str(&out).unwrap();
    assert!(code == 0 && verdict[0]["entries"] == 1 && verdict[0]["anchored"] == true, "{out}{err}");
}

fn reviews_told(served: &Served) -> usize {
    let told = std::fs::read_to_string(served.beside_store("notices.jsonl")).unwrap_or_default();
    objects(&told).iter().filter(|notice| notice["about"] == "review").count()
}
