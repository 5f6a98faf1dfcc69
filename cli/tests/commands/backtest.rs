//! `warden backtest`: what a policy would have done to a simulated six months.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::{Served, outcome, warden};
use salesforce_simulator::CampaignKind;
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};

fn run(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    outcome(&warden(directory).args(arguments).output().unwrap())
}

fn history(directory: &Path) {
    let world = ["simulate", "--users", "60", "--days", "120", "--seed", "3"];
    let (code, _, err) = run(directory, &[&world[..], &["--login-history", "history.csv"]].concat());
    assert!(code == 0 && err.contains("of 60 users are in history.csv"), "{err}");
}

#[test]
fn policies_are_tried_on_one_history_and_held_against_each_other() {
    let directory = tempfile::tempdir().unwrap();
    history(directory.path());
    fs::write(directory.path().join("contain.yaml"), "mode: contain\ncaps: { per_day: 2 }\n").unwrap();
    let arguments =
        ["backtest", "--csv", "history.csv", "--against", "contain.yaml", "--report", "page.html"];
    let (code, out, err) = run(directory.path(), &[&arguments[..], &["--output", "json"]].concat());
    assert_eq!(code, 0, "{err}");
    let runs: Value = serde_json::from_str(&out).unwrap();
    let [observe, contain] = [&runs[0]["backtest"], &runs[1]["backtest"]];
    assert_eq!((&runs[0]["policy"], &observe["total"]["contain"]), (&"the default policy".into(), &0.into()));
    assert!(contain["total"]["contain"].as_u64().unwrap() > 2, "{}", contain["total"]);
    assert_ne!(observe["policy_hash"], contain["policy_hash"]);
    let weeks = contain["weeks"].as_array().unwrap();
    assert!((17..=19).contains(&weeks.len()), "{}", weeks.len());
    let of_weeks: u64 = weeks.iter().map(|week| week["asked"]["contain"].as_u64().unwrap()).sum();
    assert_eq!(Some(of_weeks), contain["total"]["contain"].as_u64());
    let done = contain["contained"].as_array().unwrap().iter().filter(|case| case["held_back"].is_null());
    assert_eq!(done.count() as u64, of_weeks);
    let page = fs::read_to_string(directory.path().join("page.html")).unwrap();
    assert!(page.matches("<svg class=\"plot\"").count() == 4 && page.contains("contain.yaml"));
    let (_, out, _) =
        run(directory.path(), &["backtest", "--csv", "history.csv", "--policy", "contain.yaml"]);
    assert!(
        out.contains("contain.yaml: ") && out.contains("a week") && out.contains("Held back by"),
        "{out}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_store_holds_is_decided_anew() {
    let served = Served::start().await;
    served.run_once(None).await;
    served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now());
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    served.run_once(None).await;
    served.policy("mode: contain\n");
    let store = format!("sqlite:{}", served.beside_store("warden.sqlite").display());
    let backtest = ["backtest", "--store", &store, "--against", "policy.yaml", "--output", "json"];
    let (code, out, err) = served.warden(&backtest).await;
    assert!(code == 0 && err.contains("not the logins"), "{out}{err}");
    let runs: Value = serde_json::from_str(&out).unwrap();
    let contained = |run: usize| runs[run]["backtest"]["total"]["contain"].as_u64().unwrap();
    assert!(contained(0) == 0 && contained(1) > 0, "{out}");
}

#[test]
fn what_cannot_be_tried_is_said() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(directory.path(), &["backtest"]).0, 2, "nothing was named");
    let (code, _, err) = run(directory.path(), &["backtest", "--store", "sqlite:store.sqlite"]);
    assert!(code == 2 && err.contains("knows no org"), "{err}");
    fs::write(directory.path().join("bad.csv"), "Username,Login Time,Source IP,Status\nada,yesterday,::1,Success\nada,2026-10-01T00:00:00Z,::1,Success\n").unwrap();
    let (code, _, err) = run(directory.path(), &["backtest", "--csv", "bad.csv"]);
    assert!(code == 2 && err.contains("line 2, Login Time"), "{err}");
}
