//! What people say and are told: notices, answers, and the switch that stops everything.

use crate::support::{Served, objects};
use jiff::SignedDuration;
use salesforce_simulator::CampaignKind;
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};

const CONTAIN: &str =
    "mode: contain\ncaps: { percent_of_active_users: 50 }\nnotices: { support: [soc@acme.example] }\n";

/// An org whose attacker is found and contained by the policy.
async fn contained() -> (Served, Value) {
    let served = Served::start().await;
    served.run_once(None).await;
    let user = served
        .simulator
        .org()
        .launch(CampaignKind::BruteForce, SystemClock.now() - SignedDuration::from_secs(2))
        .username;
    let (code, out, err) = served.run_once(Some(CONTAIN)).await;
    assert_eq!(code, 1, "{out}{err}");
    served.simulator.org().take_writes();
    let finding = finding_about(&served, &user).await;
    (served, finding)
}

async fn finding_about(served: &Served, user: &str) -> Value {
    let (_, out, _) = served.warden(&["findings", "--output", "json"]).await;
    let all: Vec<Value> = serde_json::from_str(&out).unwrap();
    all.into_iter().find(|finding| finding["username"] == user).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_recorded_shown_and_decides_nothing() {
    let (served, finding) = contained().await;
    let id = finding["finding_id"].as_str().unwrap();
    assert_eq!(finding["answers"], Value::Array(Vec::new()), "silence is no answer");
    let notices = objects(&std::fs::read_to_string(served.beside_store("notices.jsonl")).unwrap());
    let asked = notices
        .iter()
        .any(|notice| notice["text"].as_str().unwrap().contains(&format!("warden answer {id}")));
    assert!(asked && notices[0]["to"][0]["address"] == "soc@acme.example", "{notices:#?}");

    let frozen = || {
        let org = served.simulator.org();
        org.is_frozen(finding["user_id"].as_str().unwrap())
    };
    assert!(frozen());
    let answer = ["answer", &id[..8], "yes", "--by", "Lena\u{1b}[2J", "--note", "by telephone"];
    let (code, out, err) = served.warden(&answer).await;
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Nothing was ended or released") && !out.contains('\u{1b}'), "{out}");
    assert!(frozen() && served.simulator.org().take_writes().is_empty(), "a yes releases nothing");
    let (code, out, _) = served.warden(&["answer", id, "no", "--by", "Lena", "--output", "json"]).await;
    assert_eq!((code, &serde_json::from_str::<Value>(&out).unwrap()["was_it_you"]), (0, &"no".into()));

    let again = finding_about(&served, finding["username"].as_str().unwrap()).await;
    let told = again["answers"].clone();
    let told: Vec<_> =
        told.as_array().unwrap().iter().map(|answer| answer["was_it_you"].as_str().unwrap()).collect();
    assert_eq!(told, ["yes", "no"]);
    let (_, out, _) = served.warden(&["findings"]).await;
    assert!(out.contains("NOT the user"), "{out}");
    assert_eq!(again["status"], "open", "a yes dismisses nothing");
    assert_eq!(served.warden(&["evidence", "verify"]).await.0, 0);
    assert_eq!(served.warden(&["answer", "nothing", "yes", "--by", "Lena"]).await.0, 2);
    assert_eq!(served.warden(&["answer", id, "yes", "--by", " "]).await.0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_a_person_has_contained_is_asked_too() {
    let served = Served::start().await;
    let now = SystemClock.now() - SignedDuration::from_secs(2);
    let campaign = served.simulator.org().launch(CampaignKind::BruteForce, now);
    served.policy(CONTAIN);
    let (code, out, err) = served.contain_now(&campaign.username, &[]).await;
    assert_eq!(code, 0, "{out}{err}");
    served.simulator.org().take_writes();
    let path = served.beside_store("notices.jsonl");
    if !path.exists() {
        served.run_once(Some(CONTAIN)).await;
    }
    let notices = objects(&std::fs::read_to_string(path).unwrap());
    let told = notices.iter().find(|notice| notice["about"] == "ended").unwrap();
    let (id, text) = (told["containment_id"].as_str().unwrap(), told["text"].as_str().unwrap());
    assert!(text.contains(&format!("warden answer {id}")), "{text}");
    assert!(text.contains(&campaign.loot.source_ip), "whence it was held: {text}");
    let (code, out, err) = served.warden(&["answer", &id[..8], "yes", "--by", "Lena"]).await;
    assert!(code == 0 && out.contains("warden release"), "{out}{err}");
    let (code, _, err) = served.warden(&["evidence", "export", id, "--json", "case.json"]).await;
    let case = std::fs::read_to_string(served.path().join("case.json")).unwrap();
    assert!(code == 0 && case.contains("was_it_you"), "{err}");
    served.simulator.org().take_writes();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_stops_everybody_says_who_and_why_and_is_lifted() {
    let served = Served::start().await;
    let user = served
        .simulator
        .org()
        .launch(CampaignKind::BruteForce, SystemClock.now() - SignedDuration::from_secs(2))
        .username;
    served.policy("mode: observe\n");
    let org = served.org_id().to_string();
    assert_eq!(served.warden(&["stop", "--reason", "x"]).await.0, 2, "the store knows no org yet");
    assert_eq!(served.warden(&["stop", "--reason", " ", "--org", &org]).await.0, 2);
    let (code, out, err) =
        served.warden(&["stop", "--reason", "it ends the wrong people", "--org", &org]).await;
    assert!(code == 0 && out.contains("Stopped"), "{out}{err}");
    let (code, out, _) = served.contain_now(&user, &[]).await;
    assert!(code == 1 && out.contains("stopped all containments: it ends the wrong people"), "{out}");
    assert!(served.simulator.org().take_writes().is_empty());
    let (code, out, _) = served.warden(&["resume", "--reason", "the policy was mended"]).await;
    assert!(code == 0 && out.contains("Lifted"), "{out}");
    assert!(out.contains("not tried again by itself") && out.contains(", refused ("), "{out}");
    let (code, out, err) = served.contain_now(&user, &[]).await;
    assert_eq!(code, 0, "{out}{err}");
    served.simulator.org().take_writes();
    assert_eq!(served.warden(&["evidence", "verify"]).await.0, 0);
    let database = rusqlite::Connection::open(served.beside_store("warden.sqlite")).unwrap();
    let switched =
        "SELECT COUNT(*) FROM records WHERE partition LIKE '%/ledger' AND body LIKE '%\"switch\"%'";
    assert_eq!(database.query_row(switched, [], |row| row.get::<_, i64>(0)).unwrap(), 2);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_each_notice_and_one_that_fails_is_told_later() {
    use std::os::unix::fs::PermissionsExt;
    let served = Served::start().await;
    served.run_once(None).await;
    served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now() - SignedDuration::from_secs(2));
    let (program, fail) = (served.path().join("tell"), served.path().join("fail"));
    std::fs::write(&program, "#!/bin/sh\n[ -e fail ] && exit 3\ncat >> told.jsonl\necho >> told.jsonl\n")
        .unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::write(&fail, "").unwrap();
    served.policy(CONTAIN);
    let connection = served.connection.to_str().unwrap();
    let run = ["run", "--once", "--connection", connection, "--policy", "policy.yaml", "--notify"];
    let run = [&run[..], &[program.to_str().unwrap()]].concat();
    let (code, out, err) = served.warden(&run).await;
    assert!(code == 1 && out.contains("contained") && err.contains("could not be told"), "{out}{err}");
    served.simulator.org().take_writes();
    assert!(!served.beside_store("notices.jsonl").exists());
    std::fs::remove_file(&fail).unwrap();
    served.warden(&run).await;
    let told = objects(&std::fs::read_to_string(served.path().join("told.jsonl")).unwrap());
    assert_eq!(told, objects(&std::fs::read_to_string(served.beside_store("notices.jsonl")).unwrap()));
    assert!(told.iter().any(|notice| notice["about"] == "ended"), "{told:#?}");
}
