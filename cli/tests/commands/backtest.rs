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
    for command in [&["backtest"][..], &["findings"], &["evidence", "verify"]] {
        let (code, _, err) =
            run(directory.path(), &[command, &["--store", "sqlite:at/store.sqlite"]].concat());
        assert!(code == 2 && err.contains("there is no store sqlite:at/store.sqlite"), "{err}");
    }
    assert!(!directory.path().join("at").exists(), "who only looks makes nothing");
    let policy = ["policy", "push", "policy.yaml", "--store", "sqlite:store.sqlite"];
    fs::write(directory.path().join("policy.yaml"), "mode: ask\n").unwrap();
    assert_eq!(run(directory.path(), &policy).0, 0);
    let (code, _, err) = run(directory.path(), &["backtest", "--store", "sqlite:store.sqlite"]);
    assert!(code == 2 && err.contains("knows no org"), "{err}");
    fs::write(directory.path().join("bad.csv"), "Username,Login Time,Source IP,Status\nada,yesterday,::1,Success\nada,2026-10-01T00:00:00Z,::1,Success\n").unwrap();
    let (code, _, err) = run(directory.path(), &["backtest", "--csv", "bad.csv"]);
    assert!(code == 2 && err.contains("line 2, Login Time"), "{err}");
}

const HISTORY: &str = "Username,Login Time,Source IP,Status,Country Code
ada@example.com,2026-10-01T00:00:00Z,198.51.100.7,Success,FR
ada@example.com,2026-10-02T00:00:00Z,198.51.100.7,Success,FR
ada@example.com,2026-10-03T00:00:00Z,198.51.100.7,Success,FR
";

#[test]
fn what_was_judged_and_what_only_taught_is_told_and_nothing_to_judge_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("history.csv"), HISTORY).unwrap();
    let of = |command: &str, more: &[&str]| {
        run(directory.path(), &[&[command, "--csv", "history.csv"], more].concat())
    };
    for (command, told) in
        [("evaluate", "1 logins judged, 1 only taught."), ("backtest", "1 logins judged, 1 only taught.")]
    {
        let part = ["--since", "2026-10-02", "--until", "2026-10-03"];
        let (code, _, err) = of(command, &part);
        assert!(code == 0 && err.contains(told), "{command}: {err}");
        let (_, out, _) = of(command, &[&part[..], &["--output", "json"]].concat());
        let said: Value = serde_json::from_str(&out).unwrap();
        let counts = if command == "evaluate" { &said } else { &said[0]["backtest"] };
        let judged = if command == "evaluate" { "judged" } else { "logins" };
        assert_eq!((&counts[judged], &counts["taught"]), (&1.into(), &1.into()), "{command}");
        let cases = [
            (
                &["--since", "2026-10-04"][..],
                "--since 2026-10-04T00:00:00Z lies after the last row, so that nothing would be judged: the rows are from 2026-10-01T00:00:00Z to 2026-10-03T00:00:00Z",
            ),
            (&["--until", "2026-10-01"], "--until 2026-10-01T00:00:00Z lies before the first row"),
            (&["--since", "2026-10-03", "--until", "2026-10-02"], "is not before --until"),
        ];
        for (window, expected) in cases {
            let (code, out, err) = of(command, window);
            assert!(code == 2 && out.is_empty() && err.contains(expected), "{command} {window:?}: {err}");
        }
    }
}

#[test]
fn for_which_part_of_the_period_a_list_was_believed_is_told_everywhere() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("history.csv"), HISTORY).unwrap();
    fs::write(directory.path().join("tor.txt"), "198.51.100.7\n").unwrap();
    let of = |valid_from: &str| {
        let policy =
            format!("packs: [{{ name: exits, kind: tor, path: tor.txt, valid_from: {valid_from} }}]\n");
        fs::write(directory.path().join("policy.yaml"), policy).unwrap();
        let arguments =
            ["backtest", "--csv", "history.csv", "--policy", "policy.yaml", "--report", "page.html"];
        let (code, _, err) = run(directory.path(), &arguments);
        assert_eq!(code, 0, "{err}");
        let (_, out, _) = run(directory.path(), &[&arguments[..], &["--output", "json"]].concat());
        let said: Value = serde_json::from_str(&out).unwrap();
        let page = fs::read_to_string(directory.path().join("page.html")).unwrap();
        let off: Vec<_> =
            said[0]["detections_off"].as_array().unwrap().iter().map(|off| off["id"].clone()).collect();
        (err, said[0]["packs"][0].clone(), page, off.contains(&"anonymous-network".into()))
    };
    let (err, part, page, is_off) = of("2026-10-02");
    let told = "was believed from 2026-10-02 00:00 to 2026-10-03 00:00 UTC, 50.0 % of the period";
    assert!(err.contains(told) && page.contains(told) && !is_off, "{err}");
    assert_eq!((&part["pack"], &part["share"]), (&"exits".into(), &0.5.into()));
    let (err, part, page, is_off) = of("2026-11-20");
    let told = "was believed for no part of the period";
    assert!(err.contains(told) && page.contains(told) && is_off && part["believed"].is_null(), "{err}");
}
