//! `warden approve` and `warden release`: people between the question and the act, and on the way back.

use crate::support::Served;
use salesforce_simulator::{CampaignKind, RevokeSessions, Seed, Write, generate};
use session_warden::clock::{Clock, SystemClock};
use session_warden::salesforce::http_client;

/// A served org whose policy names two approvers, and an application that everybody's access goes through.
async fn served() -> (Served, String) {
    let served = Served::start().await;
    let mut policy = "mode: observe\napprovers:\n".to_owned();
    for name in ["ada", "grace"] {
        let file = format!("{name}.key");
        let (code, out, err) = served.warden(&["approve", "--new-key", &file]).await;
        assert_eq!(code, 0, "{err}");
        let key = out.lines().find_map(|line| line.trim().strip_prefix("public_key: ")).unwrap();
        policy += &["  - name: ", name, "\n    public_key: ", key, "\n"].concat();
        assert_eq!(served.warden(&["approve", "--new-key", &file]).await.0, 2, "a key is not replaced");
    }
    served.policy(&policy);
    let app = {
        let mut org = served.simulator.org();
        let campaign = org.launch(CampaignKind::StolenRefreshToken, SystemClock.now());
        org.take_writes();
        let token = org.tokens().iter().find(|token| campaign.token_serials.contains(&token.serial));
        token.unwrap().app.clone()
    };
    (served, app)
}

async fn contain_app(served: &Served, app: &str) -> (i32, String, String) {
    let connection = served.connection.to_str().unwrap();
    let arguments =
        ["contain", "--apply", "--policy", "policy.yaml", "--connection", connection, "--app", app];
    served.warden(&arguments).await
}

async fn approve(served: &Served, id: &str, key: &str, more: &[&str]) -> (i32, String, String) {
    let arguments = ["approve", id, "--key", key, "--policy", "policy.yaml"];
    served.warden(&[&arguments, more].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_ends_when_two_people_have_agreed() {
    let (served, app) = served().await;
    let (code, out, err) = contain_app(&served, &app.to_lowercase()).await;
    assert_eq!(code, 2, "{out}");
    assert!(err.contains("did you mean") && err.contains(&app), "{err}");
    let (code, out, err) = contain_app(&served, &app).await;
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("waits for 2 people to approve") && served.simulator.org().take_writes().is_empty());
    let id = out.rsplit("warden approve ").next().unwrap().trim().to_owned();
    let (code, listed, _) = served.warden(&["approve"]).await;
    assert!(code == 1 && listed.contains(&id) && listed.contains("refresh tokens are revoked"), "{listed}");

    let connection = served.connection.to_str().unwrap();
    let (code, out, err) = approve(&served, &id, "ada.key", &["--connection", connection]).await;
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("More people must approve") && served.simulator.org().take_writes().is_empty());
    let (code, out, err) = approve(&served, &id, "grace.key", &["--connection", connection]).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("access ended"), "{out}");
    let writes = served.simulator.org().take_writes();
    assert!(writes.iter().any(|write| matches!(write, Write::Revoked { .. })));
    assert!(!served.simulator.org().tokens().iter().any(|token| token.app == app));
    assert_eq!(served.warden(&["approve"]).await.0, 0, "nothing waits any more");
    assert_eq!(served.warden(&["evidence", "verify"]).await.0, 0);
}

/// Tokens are gone and what they made is still in, as where somebody has revoked them by hand.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_has_sessions_and_no_token_can_be_ended() {
    let (served, app) = served().await;
    let tokens: Vec<_> = {
        let mut org = served.simulator.org();
        org.switches_mut().revoke_sessions = RevokeSessions::Kept;
        let of_app = org.tokens().iter().filter(|token| token.app == app);
        of_app.map(|token| token.refresh_token.clone()).collect()
    };
    let revoke = format!("{}/services/oauth2/revoke", served.simulator.url());
    for token in tokens {
        let form = [("token", token)];
        let answer = http_client().unwrap().post(&revoke).form(&form).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }
    served.simulator.org().take_writes();
    let connection = served.connection.to_str().unwrap();
    let plan =
        ["contain", "--policy", "policy.yaml", "--connection", connection, "--output", "json", "--app"];
    let (_, out, err) = served.warden(&[&plan[..], &[&app]].concat()).await;
    let plan: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    let impact = &plan["impact"];
    assert!(impact["tokens"] == 0 && impact["sessions"].as_u64().is_some_and(|live| live > 0), "{impact}");
    let (code, out, err) = contain_app(&served, &app).await;
    assert!(code == 1 && out.contains("waits for 2 people to approve"), "{out}{err}");
    let (code, _, err) = contain_app(&served, "Nobody's").await;
    assert!(code == 2 && err.contains("holds a token or has a live session"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_no_ends_the_question() {
    let (served, app) = served().await;
    let (_, out, _) = contain_app(&served, &app).await;
    let id = out.rsplit("warden approve ").next().unwrap().trim().to_owned();
    let (code, out, err) = served.warden(&["dismiss", &id, "--reason", "the vendor is on it"]).await;
    assert_eq!(code, 0, "{out}{err}");
    let other = Served::of(generate(&Seed { seed: 2, users: 40, days: 1, ..Seed::default() })).await;
    let elsewhere = other.connection.to_str().unwrap();
    let (code, out, err) = approve(&served, &id, "ada.key", &["--connection", elsewhere]).await;
    assert!(code == 2 && err.contains("leads to org") && out.is_empty(), "{out}{err}");
    let connection = served.connection.to_str().unwrap();
    let (code, out, err) = approve(&served, &id, "ada.key", &["--output", "json"]).await;
    let approval: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(code == 0 && approval["approver"] == "ada", "{out}{err}");
    let (code, out, _) = approve(&served, &id, "grace.key", &["--connection", connection]).await;
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("said no: the vendor is on it"), "{out}");
    assert!(served.simulator.org().take_writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_we_froze_comes_back() {
    let (served, _) = served().await;
    let user = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now());
    let connection = served.connection.to_str().unwrap();
    let release = ["release", "--connection", connection, "--user", &user.username];
    let (code, out, _) = served.warden(&release).await;
    assert!(code == 0 && out.contains("not frozen"), "{out}");
    served.contain_now(&user.username, &[]).await;
    served.simulator.org().take_writes();
    let (code, out, _) = served.warden(&release).await;
    assert!(code == 1 && out.contains("We froze it"), "{out}");
    assert!(served.simulator.org().take_writes().is_empty());
    let (code, out, err) = served.warden(&[&release[..], &["--reset-password", "--apply"]].concat()).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("Released, and proven") && out.contains("No finding led to it"), "{out}");
    let mut org = served.simulator.org();
    assert!(!org.is_frozen(&user.user_id) && !org.attempt(&user.loot).gets_in(), "the old password is void");
    org.take_writes();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_hides_nothing_that_waits() {
    let (served, app) = served().await;
    assert_eq!(contain_app(&served, &app).await.0, 1);
    let database = rusqlite::Connection::open(served.beside_store("warden.sqlite")).unwrap();
    let partition = format!("{}/containments", served.org_id());
    let damaged = rusqlite::params![partition, "0-damaged", r#"{"stage":7}"#];
    database.execute("INSERT INTO records VALUES ('contain', ?1, ?2, 1, ?3)", damaged).unwrap();
    drop(database);
    let (code, listed, err) = served.warden(&["approve"]).await;
    assert!(code == 1 && listed.contains("refresh tokens are revoked"), "{listed}{err}");
    assert!(err.contains("0-damaged"), "{err}");
    let (code, out, err) = served.warden(&["digest", "--output", "json"]).await;
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(
        code == 1 && told[0]["unreadable"] == 1 && told[0]["waiting"].as_array().unwrap().len() == 1,
        "{out}{err}"
    );
}
