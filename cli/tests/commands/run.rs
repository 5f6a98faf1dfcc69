//! `warden run`, `contain`, `findings` and `evidence verify` against a simulated org.

use std::time::Duration;

use crate::support::Served;
use salesforce_simulator::{CampaignKind, Lying, Permission};
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};

const CONTAIN: &str = "mode: contain\n";
/// A person may contain all the same.
const OBSERVE: &str = "mode: observe\n";

/// Salesforce dates to the second, and a scan reads what lies before the present.
async fn next_second() {
    tokio::time::sleep(Duration::from_millis(1_100)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brute_force_is_found_contained_and_proven() {
    let served = Served::start().await;
    let (code, out, err) = served.run_once(Some(CONTAIN)).await;
    assert_eq!(code, 0, "learning finds nothing: {out}{err}");
    let campaign = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now());
    next_second().await;
    let (code, out, err) = served.run_once(Some(CONTAIN)).await;
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains(&campaign.username) && out.contains("contained"), "{out}");
    assert!(!served.simulator.org().attempt(&campaign.loot).gets_in());
    assert!(!served.simulator.org().take_writes().is_empty());

    let (code, out, _) = served.warden(&["findings", "--output", "json"]).await;
    let findings: Value = serde_json::from_str(&out).unwrap();
    let mut names = findings.as_array().unwrap().iter().map(|finding| finding["subject"]["name"].as_str());
    assert!(code == 1 && names.any(|name| name == Some(campaign.username.as_str())), "{out}");
    let (code, out, err) = served.warden(&["evidence", "verify"]).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("intact") && out.contains("verified against"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn observing_does_nothing_and_says_so() {
    let served = Served::start().await;
    served.run_once(None).await;
    let campaign = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now());
    next_second().await;
    let (code, out, _) = served.run_once(None).await;
    assert_eq!(code, 1);
    assert!(out.contains("nothing done") && out.contains("observe"), "{out}");
    assert!(served.simulator.org().take_writes().is_empty(), "the default policy acts on nobody");
    assert!(served.simulator.org().attempt(&campaign.loot).gets_in());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_the_plan_first_and_asking_twice_is_asking_once() {
    let served = Served::start().await;
    let campaign = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now());
    let connection = served.connection.to_str().unwrap();
    served.policy(OBSERVE);
    let contain =
        ["contain", "--connection", connection, "--user", &campaign.username, "--policy", "policy.yaml"];
    let (code, out, err) = served.warden(&contain).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("nothing was done") && out.contains("--apply"), "{out}");
    assert!(served.simulator.org().take_writes().is_empty());

    let apply: Vec<_> = contain.iter().copied().chain(["--apply", "--output", "json"]).collect();
    let (code, first, err) = served.warden(&apply).await;
    assert_eq!(code, 0, "{first}{err}");
    assert!(!served.simulator.org().take_writes().is_empty());
    let (code, second, _) = served.warden(&apply).await;
    assert_eq!((code, &second), (0, &first), "one record");
    assert!(served.simulator.org().take_writes().is_empty(), "no second act");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_that_lies_is_reported_as_not_contained() {
    let served = Served::start().await;
    let campaign = served.simulator.org().launch(CampaignKind::StolenRefreshToken, SystemClock.now());
    served.simulator.org().switches_mut().lying = Lying::Revokes;
    served.policy(OBSERVE);
    let (code, out, err) = served.contain_now(&campaign.username, &[]).await;
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("NOT contained") && out.contains("SURVIVOR: token of"), "{out}");
    assert!(!served.simulator.org().take_writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_others_is_blind_and_not_clean() {
    let served = Served::start().await;
    for permission in [Permission::MonitorLoginHistory, Permission::ManageUsers] {
        let scanner =
            served.simulator.connection_document()["scanner"]["username"].as_str().unwrap().to_owned();
        served.simulator.org().remove_permission(&scanner, permission);
    }
    let (code, out, err) = served.run_once(None).await;
    assert_eq!((code, out.as_str()), (4, ""), "{err}");
    assert!(err.contains("not being watched"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_does_without_is_told_and_no_blindness() {
    let served = Served::start().await;
    let scanner = served.simulator.connection_document()["scanner"]["username"].as_str().unwrap().to_owned();
    served.simulator.org().remove_permission(&scanner, Permission::ManageUsers);
    let (code, _, err) = served.run_once(None).await;
    assert_eq!(code, 4, "{err}");
    assert!(err.contains("blind: live sessions cannot be seen: Manage Users is missing"), "{err}");
    served.rewrite(|document| document["off"] = ["places", "sessions", "verifications"].into());
    let (code, _, err) = served.run_once(None).await;
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("off by choice: sessions") && !err.contains("blind"), "{err}");
    assert!(!err.contains("places of logins"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn monitor_login_history_alone_watches_logins_and_says_what_it_does_not_see() {
    let served = Served::start().await;
    let scanner = served.simulator.connection_document()["scanner"]["username"].as_str().unwrap().to_owned();
    let left = [Permission::ApiEnabled, Permission::MonitorLoginHistory];
    for taken in Permission::ALL.into_iter().filter(|permission| !left.contains(permission)) {
        served.simulator.org().remove_permission(&scanner, taken);
    }
    let alone = |document: &mut Value| document["revoker"] = Value::Null;
    served.rewrite(alone);
    let (code, _, err) = served.run_once(None).await;
    assert_eq!(code, 4, "two of three sensors are blind: {err}");
    for sensor in ["sessions", "tokens"] {
        assert!(err.contains(&format!("or name `{sensor}` under `off`")), "{err}");
    }

    served.rewrite(|document| {
        alone(document);
        document["off"] = ["sessions", "tokens"].into();
    });
    let campaign = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now());
    next_second().await;
    let (code, out, err) = served.run_once(None).await;
    let victim = served.simulator.org().user_by_name(&campaign.username).unwrap().id.to_string();
    assert!(code == 1 && out.contains(&victim), "what logins show is found: {code} {out}{err}");
    assert!(
        err.contains("not seen: places of logins (LoginGeo) cannot be seen: Manage Users is missing"),
        "{err}"
    );
    assert!(!err.contains("blind"), "{err}");
    next_second().await;
    let (code, _, err) = served.run_once(None).await;
    assert_eq!(code, 0, "nothing new: {err}");
    assert!(err.contains("not seen: identity verifications"), "it is told each time: {err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_is_not_there_is_unreachable_and_another_is_still_scanned() {
    let served = Served::start().await;
    let mut document = served.simulator.connection_document();
    document["login_url"] = "http://127.0.0.1:9".into();
    document["org_alias"] = "gone".into();
    std::fs::write(served.path().join("gone.json"), document.to_string()).unwrap();
    let connection = served.connection.to_str().unwrap();
    let (code, _, err) = served.warden(&["run", "--once", "--connection", "gone.json", connection]).await;
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("Org gone") && err.contains("Org simulated: "), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_whose_calls_are_nearly_used_up_is_blind_and_says_until_when() {
    let served = Served::start().await;
    served.simulator.org().set_daily_calls(8);
    let (code, out, err) = served.run_once(None).await;
    assert_eq!((code, out.as_str()), (4, ""), "{err}");
    assert!(err.contains("kept for containment; scanning goes on at"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_was_changed_is_found() {
    let served = Served::start().await;
    let user = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now()).username;
    served.policy(OBSERVE);
    served.contain_now(&user, &[]).await;
    served.simulator.org().take_writes();
    let store = served.path().join("session-warden/warden.sqlite");
    let database = rusqlite::Connection::open(&store).unwrap();
    let changed = database
        .execute("DELETE FROM records WHERE partition LIKE '%/ledger' AND sort = (SELECT MAX(sort) FROM records WHERE partition LIKE '%/ledger')", [])
        .unwrap();
    assert_eq!(changed, 1);
    let (code, out, err) = served.warden(&["evidence", "verify"]).await;
    assert_eq!(code, 1, "{out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_or_printed() {
    let served = Served::start().await;
    served.run_once(Some(CONTAIN)).await;
    let campaigns = CampaignKind::DRILL.map(|kind| served.simulator.org().launch(kind, SystemClock.now()));
    next_second().await;
    std::fs::write(served.path().join("policy.yaml"), CONTAIN).unwrap();
    let connection = served.connection.to_str().unwrap();
    let verbose = ["-vv", "run", "--once", "--policy", "policy.yaml", "--connection", connection];
    let (_, out, err) = served.warden(&verbose).await;
    assert!(err.contains("containment: contained"), "verbose says something: {err}");
    let mut printed = format!("{out}{err}");
    for reading in
        [&["doctor"][..], &["sessions"], &["tokens"], &["logins"], &["hunt", "--ip", "198.18.0.0/15"]]
    {
        let (code, out, err) =
            served.warden(&[&["-vv"], reading, &["--connection", connection]].concat()).await;
        assert!(code <= 1 && !out.is_empty() && err.contains("DEBUG"), "{reading:?}: {code} {out}{err}");
        printed += &(out + &err);
    }
    let org = served.simulator.org();
    for campaign in &campaigns {
        assert!(!printed.contains(&campaign.loot.access_token));
        assert!(campaign.loot.refresh_token.as_ref().is_none_or(|token| !printed.contains(token)));
    }
    for token in org.tokens() {
        assert!(!printed.contains(token.delete_token.as_str()), "a DeleteToken was printed");
    }
    assert!(!printed.contains("PRIVATE KEY") && !printed.contains("!AQ"));
}
