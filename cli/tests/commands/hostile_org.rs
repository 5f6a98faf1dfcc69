//! An org in which every text that somebody may choose is hostile, looked at by every command: harmless in each output.

use std::fs;

use crate::support::{Served, assert_harmless, browse};
use jiff::SignedDuration;
use salesforce_simulator::CampaignKind;
use session_warden::clock::{Clock, SystemClock};

/// A formula, HTML and SVG, escape sequences in both their forms, a line of its own, and text that turns around what follows.
const HOSTILE: &str = "=1+1</text></svg></title><script>document.title='owned'</script><img src=x>\u{1b}[2J\u{9b}2J\r\n\u{202e}\u{2066}";
const CONTAIN: &str =
    "mode: contain\ncaps: { percent_of_active_users: 50 }\nreview: { longest_session: 1s }\n";

/// Every command that shows something of an org, without the connection; `USER` is who was attacked.
const COMMANDS: [&[&str]; 12] = [
    &["sessions", "--all"],
    &["tokens"],
    &["tokens", "--by", "app"],
    &["logins", "--since", "7d"],
    &["posture"],
    &["hunt", "--ip", "203.0.113.0/24"],
    &["doctor"],
    &["contain", "--policy", "policy.yaml", "--user", "USER"],
    &["findings"],
    &["digest", "--policy", "policy.yaml", "--html", "digest.html"],
    &["approve"],
    &["evidence", "verify"],
];
const WITHOUT_CONNECTION: [&str; 3] = ["findings", "approve", "evidence"];

#[tokio::test(flavor = "multi_thread")]
async fn every_command_shows_a_hostile_org_harmlessly() {
    let served = Served::start().await;
    served.simulator.org().set_hostile_text(HOSTILE);
    served.run_once(None).await;
    let just_now = SystemClock.now() - SignedDuration::from_secs(2);
    let user = served.simulator.org().launch(CampaignKind::BruteForce, just_now).user_id.to_string();
    let (code, out, err) = served.run_once(Some(CONTAIN)).await;
    assert!(code == 1 && !served.simulator.org().take_writes().is_empty(), "{out}{err}");
    for text in [&out, &err] {
        assert_harmless("run", text);
    }
    for command in COMMANDS {
        for output in ["table", "json", "csv"] {
            let mut arguments: Vec<_> =
                command.iter().map(|word| if *word == "USER" { user.as_str() } else { word }).collect();
            if !WITHOUT_CONNECTION.contains(&command[0]) {
                arguments.extend(["--connection", served.connection.to_str().unwrap()]);
            }
            let (code, out, err) = served.warden(&[&arguments[..], &["--output", output]].concat()).await;
            assert_harmless(&format!("{arguments:?} {output}"), &out);
            assert_harmless(&format!("{arguments:?} {output}, standard error"), &err);
            let has_no_csv = code == 2 && output == "csv" && out.is_empty();
            assert!(has_no_csv || ![2, 3].contains(&code), "{arguments:?} {output} ends with {code}: {err}");
            if output == "csv" {
                let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(out.as_bytes());
                let cells = reader
                    .records()
                    .flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
                let formulas: Vec<_> = cells.filter(|cell| cell.starts_with(['=', '+', '@', '\t'])).collect();
                assert!(formulas.is_empty(), "{arguments:?}: {formulas:?}");
            }
        }
    }
    pages(&served).await;
}

/// What is written for people: notices, the digest and a case.
async fn pages(served: &Served) {
    let notices = fs::read_to_string(served.beside_store("notices.jsonl")).unwrap();
    assert_harmless("notices.jsonl", &notices);
    let store = session_warden::store::SqliteStore::open(served.beside_store("warden.sqlite")).unwrap();
    let all = session_warden::containment::containments(&served.org_id()).all(&store).await.unwrap();
    drop(store);
    let export = ["evidence", "export", &all[0].0[..8], "--json", "case.json", "--html", "case.html"];
    let (code, _, err) = served.warden(&export).await;
    assert_eq!(code, 0, "{err}");
    assert_harmless("case.json", &fs::read_to_string(served.path().join("case.json")).unwrap());
    for page in ["digest.html", "case.html"] {
        let page = served.path().join(page);
        assert_harmless("a page", &fs::read_to_string(&page).unwrap());
        let dom = browse(&page);
        assert_eq!(
            (dom.matches("<script").count(), dom.matches("<img").count()),
            (0, 0),
            "{}",
            page.display()
        );
        assert!(!dom.contains("<title>owned"), "{}", page.display());
    }
    let case = fs::read_to_string(served.path().join("case.html")).unwrap();
    assert!(
        case.contains("&#60;script") || case.contains("&lt;script"),
        "the hostile text is shown, as text"
    );
}
