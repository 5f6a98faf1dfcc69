//! `warden sessions`, `tokens` and `logins`: what is listed is what is there, in every format.

use std::collections::BTreeSet;

use crate::support::{Served, keys, objects, words};
use jiff::Timestamp;
use salesforce_simulator::{CampaignKind, Effect, Fault, Matcher, Occurrence, Permission};
use serde_json::{Value, json};
use session_warden::clock::{Clock, SystemClock};

const HOSTILE: &str = "=1+1\u{1b}[2J\u{202e}";

impl Served {
    async fn list(&self, command: &str, more: &[&str]) -> (i32, String, String) {
        let connection = self.connection.to_str().unwrap();
        self.warden(&[&[command, "--connection", connection], more].concat()).await
    }

    async fn json(&self, command: &str, more: &[&str]) -> Vec<Value> {
        let (code, out, err) = self.list(command, &[more, &["--output", "json"]].concat()).await;
        assert_eq!(code, 0, "{err}");
        objects(&out)
    }
}

fn instant(row: &Value, key: &str) -> Timestamp {
    row[key].as_str().unwrap().parse().unwrap()
}

fn texts(rows: &[Value], key: &str) -> BTreeSet<String> {
    rows.iter().map(|row| row[key].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_live_family_is_listed_once_and_with_all_every_row() {
    let served = Served::start().await;
    served.simulator.org().launch(CampaignKind::PhishedSso, SystemClock.now());
    let rows = served.json("sessions", &[]).await;
    let all = served.json("sessions", &["--all"]).await;
    let org = served.simulator.org();
    let live: BTreeSet<_> = org
        .sessions()
        .iter()
        .filter(|session| session.is_live(org.now()))
        .map(|session| session.parent_id.to_string())
        .collect();
    // The second run logs in anew, so that its own session is one more.
    let own = texts(&all, "family_id").difference(&texts(&rows, "family_id")).count();
    assert!(rows.len() > 5 && own >= 1, "{} {own}", rows.len());
    assert!(texts(&rows, "family_id").is_subset(&live));
    assert_eq!(rows.len(), texts(&rows, "family_id").len());
    assert_eq!(all.len(), org.sessions().len());
    let is_ours = |row: &&Value| row["own"] == true;
    assert!(
        rows.iter().filter(is_ours).count() == 1 && rows.iter().any(|row| row["derived"].as_u64() > Some(2))
    );
    assert!(
        rows.iter().any(|row| row["privileged"] == true) && !rows.iter().all(|row| row["privileged"] == true)
    );
    assert!(rows.is_sorted_by_key(|row| instant(row, "since")));
    insta::assert_snapshot!(keys(&rows[0]), @"access_token address application browser city country derived expires family_id last_active logged_in login_address login_id login_type name own platform privileged security_level session_id session_types since user_id username");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sessions_of_an_attacker_are_found_by_his_address_and_by_his_victim() {
    let served = Served::start().await;
    let campaign = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now());
    let address = campaign.source_ips[0].replace('.', "[.]");
    let found = served.json("sessions", &["--ip", &address]).await;
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(one["family_id"], campaign.session_ids[0].to_string());
    assert_eq!(
        (one["username"].as_str(), one["address"].as_str()),
        (Some(&*campaign.username), Some(&*campaign.source_ips[0]))
    );
    let of_user = served.json("sessions", &["--user", &campaign.username.to_uppercase()]).await;
    assert!(texts(&of_user, "family_id").contains(&campaign.session_ids[0].to_string()));
    assert_eq!(texts(&of_user, "user_id"), BTreeSet::from([campaign.user_id.to_string()]));
    assert!(served.json("sessions", &["--ip", &address, "--app", "Data Loader"]).await.is_empty());
    assert!(served.json("sessions", &["--ip", &address, "--since", "2030-01-01"]).await.is_empty());
    let (_, out, err) = served.list("sessions", &["--ip", &address]).await;
    let country = one["country"].as_str().unwrap();
    let renamed =
        [(&*campaign.username, "USER"), (&*campaign.source_ips[0], "ADDRESS"), (country, "COUNTRY")];
    let table = words(&out, &renamed);
    let lines: Vec<_> = table.lines().collect();
    // Which columns follow depends on how long names and places are.
    assert!(lines[0].starts_with("User From Since (UTC) Active Application"), "{out}");
    assert!(lines[1].starts_with("USER ADDRESS TIME TIME N s ago Browser") && lines.len() == 2, "{out}");
    assert!(err.contains("Not shown for want of room: "), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_named_exactly_and_never_by_a_pattern() {
    let served = Served::start().await;
    let user =
        served.simulator.org().users().iter().find(|user| user.first_name != "Service").unwrap().clone();
    let name = format!("{} {}", user.first_name, user.last_name);
    for command in ["sessions", "tokens", "logins"] {
        let rows = served.json(command, &["--user", &name]).await;
        assert!(rows.iter().all(|row| row["user_id"] == user.id.to_string()), "{command}: {rows:?}");
        let (code, out, err) = served.list(command, &["--user", "%@acme.example' OR Name != '"]).await;
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains("has no user `%@acme.example' OR Name != '`"), "{err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_seen_is_blind_and_lists_nothing() {
    let served = Served::start().await;
    let document: Value =
        serde_json::from_str(&std::fs::read_to_string(&served.connection).unwrap()).unwrap();
    let name = |role: &str| document[role]["username"].as_str().unwrap().to_owned();
    let take = |role: &str, permission| served.simulator.org().remove_permission(&name(role), permission);
    // The revoker sees tokens, also where the scanner does not.
    take("scanner", Permission::CustomizeApplication);
    assert!(!served.json("tokens", &[]).await.is_empty());
    for role in ["scanner", "revoker"] {
        for permission in
            [Permission::ManageUsers, Permission::MonitorLoginHistory, Permission::CustomizeApplication]
        {
            take(role, permission);
        }
    }
    for (command, permission) in [
        ("sessions", "Manage Users"),
        ("tokens", "Customize Application"),
        ("logins", "Monitor Login History"),
    ] {
        let (code, out, err) = served.list(command, &["--output", "csv"]).await;
        assert_eq!((code, out.as_str()), (4, ""), "{command}: {err}");
        assert!(err.contains("blind") && err.contains(permission), "{command}: {err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_cannot_be_read_are_told_and_never_pass_for_none() {
    let served = Served::start().await;
    let torn = |served: &Served, object: &str, rows: usize| {
        let record = json!({ "Id": "0Ak5g00000AbCdEAAV", "AppName": "SECRET" });
        let page = json!({ "totalSize": rows, "done": true, "records": vec![record; rows] });
        let matcher = Matcher::any().path(&format!("FROM {object}"));
        // Of tokens the rows are counted first.
        let place = if object == "OauthToken" { 2 } else { 1 };
        let mut org = served.simulator.org();
        org.faults_mut().clear();
        org.faults_mut().add(Fault::on(matcher, Occurrence::Nth(place), Effect::Json(200, page)));
    };
    let tokens = served.simulator.org().tokens().len();
    for (command, object, rows, field) in
        [("sessions", "AuthSession", 2, "UsersId"), ("tokens", "OauthToken", tokens, "UserId")]
    {
        torn(&served, object, rows);
        let (code, out, err) = served.list(command, &["--output", "json"]).await;
        assert_eq!((code, out.as_str()), (4, ""), "{command}: {err}");
        let told = format!(
            "{rows} {command} could not be read and are not among these: missing field `{field}` ({rows})"
        );
        assert!(err.contains(&told) && !err.contains("SECRET"), "{command}: {err}");

        torn(&served, object, rows);
        let connection = served.connection.to_str().unwrap();
        let hunt = ["hunt", "--ip", "203.0.113.0/24", "--output", "json", "--connection", connection];
        let (code, out, err) = served.warden(&hunt).await;
        assert_eq!(code, 4, "{err}");
        let org = objects(&out).pop().unwrap();
        assert_eq!((&org["state"], &org["blind"]), (&"blind".into(), &json!([told])), "{err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_stream_in_order_and_are_filtered_here() {
    let served = Served::start().await;
    let campaign = served.simulator.org().launch(CampaignKind::BruteForce, SystemClock.now());
    let address = campaign.source_ips[0].clone();
    let found = served.json("logins", &["--since", "20d", "--ip", &format!("{address}/32")]).await;
    let expected: BTreeSet<_> = campaign.login_ids.iter().map(ToString::to_string).collect();
    assert_eq!(texts(&found, "login_id"), expected);
    let failed = served.json("logins", &["--ip", &address, "--status", "failed", "--app", "brow"]).await;
    assert_eq!(failed.len(), expected.len() - 1);
    let last = served.json("logins", &["--ip", &address, "--limit", "1"]).await;
    assert_eq!(last, [found.last().unwrap().clone()]);
    let all = served.json("logins", &["--since", "30d"]).await;
    assert!(all.is_sorted_by_key(|row| instant(row, "time")));
    let before = served.simulator.org().logins().len();
    assert!(all.len() > 1_000 && all.len() <= before && all.len() + 10 > before, "{} of {before}", all.len());
    let (_, table, err) = served.list("logins", &["--since", "30d"]).await;
    assert_eq!(table.lines().filter(|line| line.contains("202")).count(), 100);
    assert!(err.contains("earlier ones are not listed; --limit"), "{err}");
    insta::assert_snapshot!(keys(&all[0]), @"address application browser city country login_id login_sub_type login_type name outcome platform status time user_id username");
    let (_, csv, _) = served.list("logins", &["--limit", "1", "--output", "csv"]).await;
    insta::assert_snapshot!(csv.lines().next().unwrap(), @"login_id,time,user_id,username,name,outcome,status,address,country,city,application,browser,platform,login_type,login_sub_type");
    let (_, out, err) = served.list("logins", &["--ip", &address, "--limit", "2"]).await;
    assert!(words(&out, &[]).starts_with("Time (UTC) User Status From Application"), "{out}");
    assert!(err.contains(&format!("{} earlier ones are not listed", expected.len() - 2)), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn salesforce_is_asked_for_the_logins_of_one_user_alone() {
    let served = Served::start().await;
    let user =
        served.simulator.org().users().iter().find(|user| user.first_name != "Service").unwrap().clone();
    let rows = served.json("logins", &["--since", "30d", "--user", &user.username]).await;
    let of_user = |login: &&std::sync::Arc<salesforce_simulator::Login>| login.user_id == user.id;
    let expected = served.simulator.org().logins().iter().filter(of_user).count();
    assert!(rows.len() > 10 && rows.len() == expected, "{} of {expected}", rows.len());
    let org = served.simulator.org();
    let asked = format!("AND UserId = '{}' ORDER BY LoginTime, Id", user.id);
    assert!(org.requests().iter().any(|request| request.query.contains(&asked)), "{:#?}", org.requests());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_use_of_tokens_since_the_last_look_is_told_where_the_store_knows_it() {
    let served = Served::start().await;
    let (code, _, err) = served.run_once(None).await;
    assert!(code < 2, "{err}");
    let before = served.simulator.org().tokens().to_vec();
    served.simulator.org().launch(CampaignKind::StolenRefreshToken, SystemClock.now());
    let after = served.simulator.org().tokens().to_vec();
    let (was, token) = before.iter().zip(&after).find(|(was, now)| was.use_count < now.use_count).unwrap();
    let uses = token.use_count - was.use_count;
    let rows = served.json("tokens", &[]).await;
    let moved: Vec<_> = rows.iter().filter(|row| row["uses_since_look"] != 0).collect();
    assert_eq!((moved.len(), &moved[0]["uses_since_look"]), (1, &uses.into()), "{moved:#?}");
    assert_eq!(
        (&moved[0]["user_id"], &moved[0]["application"]),
        (&token.user_id.to_string().into(), &token.app.clone().into())
    );
    assert!(instant(moved[0], "looked_at") <= SystemClock.now());
    let by_app = served.json("tokens", &["--by", "app"]).await;
    assert_eq!(by_app.iter().map(|row| row["uses_since_look"].as_i64().unwrap()).sum::<i64>(), uses);
    let (_, table, err) = served.list("tokens", &["--app", &token.app]).await;
    assert!(words(&table, &[]).starts_with("User Application Last used (UTC) Uses Used since"), "{table}");
    assert!(err.contains("Use is counted since warden run looked last, at 20"), "{err}");
    let elsewhere = format!("sqlite:{}", served.path().join("other.sqlite").display());
    let (code, _, err) = served.list("tokens", &["--store", &elsewhere]).await;
    assert!(
        code == 2 && err.contains("there is no store") && !served.path().join("other.sqlite").exists(),
        "{err}"
    );
    let push = ["policy", "push", "empty.yaml", "--store", &elsewhere];
    std::fs::write(served.path().join("empty.yaml"), "{}").unwrap();
    assert_eq!(served.warden(&push).await.0, 0);
    let rows = served.json("tokens", &["--store", &elsewhere]).await;
    assert!(rows.iter().all(|row| row["uses_since_look"].is_null()), "a store that does not know the org");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_use_is_told_before_anything_is_asked() {
    let served = Served::start().await;
    for arguments in [
        &["logins", "--ip", "evil.example"][..],
        &["logins", "--since", "yesterday"],
        &["tokens", "--ip", "198.51.100.7"],
    ] {
        let (code, out, err) = served.list(arguments[0], &arguments[1..]).await;
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
    }
    let (code, _, err) = served.list("logins", &["--since", "1h", "--until", "2h"]).await;
    assert!(code == 2 && err.contains("is not before --until"), "{err}");
    assert!(served.simulator.org().requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_listed_and_summed_up_without_anything_that_opens_a_door() {
    let served = Served::start().await;
    let (user, username) = {
        let mut org = served.simulator.org();
        let user = org.users().iter().find(|user| user.is_active()).unwrap().clone();
        org.approve(user.id, HOSTILE).unwrap();
        (user.id, user.username.clone())
    };
    let rows = served.json("tokens", &[]).await;
    assert!(
        rows.iter().all(|row| row["uses_since_look"].is_null() && row["looked_at"].is_null()),
        "no look yet"
    );
    let tokens = served.simulator.org().tokens().to_vec();
    assert_eq!(rows.len(), tokens.len());
    let of_user = served.json("tokens", &["--user", user.as_ref(), "--app", "=1+1"]).await;
    assert_eq!((of_user.len(), of_user[0]["application"].as_str()), (1, Some(HOSTILE)));
    assert!(served.json("tokens", &["--since", "2030-01-01"]).await.is_empty());
    let by_app = served.json("tokens", &["--by", "app"]).await;
    assert_eq!(by_app.iter().map(|row| row["tokens"].as_u64().unwrap()).sum::<u64>(), tokens.len() as u64);
    let (code, table, err) = served.list("tokens", &["--app", "=1+1"]).await;
    assert_eq!(code, 0, "{err}");
    insta::assert_snapshot!(words(&table, &[(&username, "USER")]), @r"
    User Application Last used (UTC) Uses Granted (UTC)
    USER =1+1�[2J� never 0 TIME TIME
    Application Tokens Users Uses Last used (UTC) Last granted (UTC) First granted (UTC)
    =1+1�[2J� 1 1 0 never TIME TIME TIME TIME
    ");
    insta::assert_snapshot!(format!("{}\n{}", keys(&rows[0]), keys(&by_app[0])), @r"
    application created last_used looked_at name use_count user_id username uses_since_look
    application first_granted last_granted last_used tokens users uses uses_since_look
    ");
    assert!(err.contains(&format!("1 of {} tokens, as Salesforce counts them", tokens.len())), "{err}");
    let (_, csv, _) = served.list("tokens", &["--app", "=1+1", "--output", "csv"]).await;
    insta::assert_snapshot!(csv.lines().next().unwrap(), @"user_id,username,name,application,created,last_used,use_count,uses_since_look,looked_at");
    assert!(csv.contains(",'=1+1"), "{csv}");
    let (_, json, _) = served.list("tokens", &["--output", "json"]).await;
    for text in [&table, &csv, &json, &err] {
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        assert!(
            !tokens
                .iter()
                .any(|token| text.contains(&token.delete_token) || text.contains(&token.refresh_token))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_changes_nothing() {
    let served = Served::start().await;
    for command in ["sessions", "tokens", "logins"] {
        assert_eq!(served.list(command, &[]).await.0, 0, "{command}");
    }
    assert!(served.simulator.org().take_writes().is_empty());
    assert!(!served.path().join("session-warden").exists());
}
