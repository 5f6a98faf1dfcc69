//! `warden hunt`: an attacker that others have seen is found wherever he was, and no org passes for clean unseen.

use std::collections::BTreeSet;

use crate::support::{Served, keys, objects, words};
use salesforce_simulator::{Campaign, CampaignKind, Permission};
use serde_json::{Value, json};
use session_warden::clock::{Clock, SystemClock};

impl Served {
    fn attacked(&self, kind: CampaignKind) -> Campaign {
        self.simulator.org().launch(kind, SystemClock.now())
    }

    async fn hunt(&self, more: &[&str]) -> (i32, String, String) {
        let connection = self.connection.to_str().unwrap();
        self.warden(&[&["hunt", "--connection", connection], more].concat()).await
    }

    fn write(&self, name: &str, content: &str) -> String {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// Hits and the orgs' records.
fn records(out: &str) -> (Vec<Value>, Vec<Value>) {
    objects(out).into_iter().partition(|record| record["record"] == "hit")
}

fn ids(hits: &[Value], kinds: &[&str]) -> BTreeSet<String> {
    let of_kind = hits.iter().filter(|hit| kinds.contains(&hit["kind"].as_str().unwrap()));
    of_kind.map(|hit| hit["record_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_an_advisory_is_found_in_the_org_where_it_was() {
    let (attacked, quiet) = (Served::start().await, Served::start().await);
    let campaign = attacked.attacked(CampaignKind::BruteForce);
    let advisory = attacked.write(
        "iocs.txt",
        &format!(
            "# an advisory\nhxxp://{}/ # C2\n203.0.113.0/24\n",
            campaign.source_ips[0].replace('.', "[.]")
        ),
    );
    let both = [quiet.connection.to_str().unwrap(), "--iocs", &advisory];
    let (code, out, err) = attacked.hunt(&[&both[..], &["--output", "json"]].concat()).await;
    assert_eq!(code, 1, "{err}");
    let (hits, orgs) = records(&out);
    let logins: BTreeSet<_> = campaign.login_ids.iter().map(ToString::to_string).collect();
    assert_eq!(ids(&hits, &["login", "failed_login"]), logins);
    assert_eq!(ids(&hits, &["live_session"]), BTreeSet::from([campaign.session_ids[0].to_string()]));
    let states: Vec<_> = orgs.iter().map(|org| org["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["found", "clean"]);
    let found = &orgs[0]["found"][0];
    assert_eq!((found["logins"].as_u64(), found["successes"].as_u64()), (Some(logins.len() as u64), Some(1)));
    assert_eq!(
        (found["live_sessions"].as_u64(), found["users"].clone()),
        (Some(1), json!([campaign.username]))
    );
    assert_eq!((found["source"].as_str(), found["validity"].as_str()), (Some("C2"), Some("current")));
    assert!(found["provenance"][0].as_str().unwrap().ends_with("iocs.txt, line 2"), "{found}");
    assert_eq!(found["last_seen"].as_str().unwrap()[..10], SystemClock.now().to_string()[..10]);
    insta::assert_snapshot!([keys(&hits[0]), keys(&orgs[0]), keys(found)].join("\n"), @r"
    address application browser city country indicators kind name org platform record record_id status time user_id username
    blind error found indicators logins_read org org_id record since state until
    confidence first_seen indicator kind last_seen live_sessions logins org provenance source successes tokens users users_total validity
    ");
    let (_, out, _) = attacked.hunt(&both).await;
    let shown = words(&out, &[(&campaign.username, "USER"), (&campaign.source_ips[0], "ADDRESS")]);
    // Which columns follow depends on how long names are.
    for line in [
        "Org Indicator Logins Got in Sessions now Tokens now Users",
        &format!("simulated ADDRESS {} 1 1 0 USER", logins.len()),
        "Time (UTC) Seen in User From Application",
        "TIME TIME login USER ADDRESS Browser",
        "TIME TIME LIVE SESSION USER ADDRESS Browser",
    ] {
        assert!(shown.lines().any(|shown| shown.starts_with(line)), "{line}\n{out}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_behind_a_login_is_named_so_that_it_can_be_revoked() {
    let served = Served::start().await;
    let campaign = served.attacked(CampaignKind::StolenRefreshToken);
    let (code, out, err) = served.hunt(&["--ip", &campaign.source_ips[0], "--output", "json"]).await;
    assert_eq!(code, 1, "{err}");
    let (hits, orgs) = records(&out);
    let tokens: Vec<_> = hits.iter().filter(|hit| hit["kind"] == "refresh_token").collect();
    let [token] = tokens.as_slice() else { panic!("{hits:?}") };
    assert_eq!(token["user_id"], campaign.user_id.to_string());
    assert_eq!(
        (orgs[0]["found"][0]["tokens"].as_u64(), orgs[0]["found"][0]["live_sessions"].as_u64()),
        (Some(1), Some(1))
    );
    // By its application alone it is found as well, and by its user.
    let application = token["application"].as_str().unwrap();
    for indicator in [["--app", application], ["--user-agent", application], ["--user", &campaign.username]] {
        let (code, out, err) = served.hunt(&[&indicator[..], &["--output", "json"]].concat()).await;
        assert_eq!(code, 1, "{err}");
        let (hits, _) = records(&out);
        assert!(
            hits.iter()
                .any(|hit| hit["kind"] == "refresh_token" && hit["user_id"] == campaign.user_id.to_string()),
            "{indicator:?}"
        );
        assert!(ids(&hits, &["login"]).contains(&campaign.login_ids[0].to_string()), "{indicator:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_fails_does_not_hide_what_another_shows() {
    let served = Served::start().await;
    let campaign = served.attacked(CampaignKind::PhishedSso);
    let gone = Served::start().await;
    let document = gone.connection.to_str().unwrap().to_owned();
    let (directory, simulator) = (gone.directory, gone.simulator);
    simulator.finish().unwrap();
    let (code, out, err) =
        served.hunt(&[&document, "--ip", &campaign.source_ips[0], "--output", "json"]).await;
    assert_eq!(code, 3, "{err}");
    let (hits, orgs) = records(&out);
    assert!(ids(&hits, &["login"]).contains(&campaign.login_ids[campaign.login_ids.len() - 1].to_string()));
    let states: Vec<_> = orgs.iter().map(|org| org["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["found", "failed"]);
    assert!(orgs[1]["error"].as_str().unwrap().contains("cannot be reached"), "{out}");
    assert!(err.contains("cannot be reached"), "{err}");
    drop(directory);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_cannot_be_seen_is_never_clean() {
    let served = Served::start().await;
    let (code, out, err) = served.hunt(&["--ip", "203.0.113.7", "--output", "json"]).await;
    assert_eq!(code, 0, "{err}");
    assert_eq!(records(&out).1[0]["state"], "clean");
    let (_, out, _) = served.hunt(&["--ip", "203.0.113.7"]).await;
    assert_eq!(out, "Nothing found.\n");
    let document: Value =
        serde_json::from_str(&std::fs::read_to_string(&served.connection).unwrap()).unwrap();
    for role in ["scanner", "revoker"] {
        let name = document[role]["username"].as_str().unwrap();
        served.simulator.org().remove_permission(name, Permission::CustomizeApplication);
    }
    let (code, out, err) = served.hunt(&["--ip", "203.0.113.7"]).await;
    assert_eq!((code, out.as_str()), (4, "Nothing found in what could be seen.\n"), "{err}");
    assert!(
        err.contains("blind: the refresh tokens of others cannot be seen: Customize Application is missing"),
        "{err}"
    );
    let (_, out, _) = served.hunt(&["--ip", "203.0.113.7", "--output", "json"]).await;
    assert_eq!(records(&out).1[0]["state"], "blind");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_entries_are_named_and_only_if_none_is_left_is_it_wrong_use() {
    let served = Served::start().await;
    let campaign = served.attacked(CampaignKind::BruteForce);
    let table = format!(
        "type,value,valid_until,source\nip,{},2026-01-01,\"=an \u{1b}[2J advisory\"\ndomain,evil.example,,\nip,198.51.100.7,soon,\n",
        campaign.source_ips[0]
    );
    let table = served.write("feed.csv", &table);
    let (code, out, err) = served.hunt(&["--iocs", &table]).await;
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("feed.csv, line 3: Salesforce records nothing of the type `domain`"), "{err}");
    assert!(err.contains("feed.csv, line 4: `soon` is no instant"), "{err}");
    assert!(out.contains("(expired)") && !out.contains('\u{1b}'), "{out}");
    let stix = json!({ "type": "bundle", "objects": [
        { "type": "indicator", "id": "indicator--1", "pattern": "[file:name = 'x']" } ] });
    let stix = served.write("bundle.json", &stix.to_string());
    let (code, out, err) = served.hunt(&["--iocs", &stix]).await;
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(
        err.contains("bundle.json, indicator--1: ") && err.contains("none of the 1 entries can be used"),
        "{err}"
    );
    // Beside one that can be used, the same file is no failure.
    let (code, _, err) = served.hunt(&["--iocs", &stix, "--ip", "203.0.113.7"]).await;
    assert_eq!(code, 0, "{err}");
    for wrong in [&["--iocs", "nowhere.txt"][..], &["--ip", "evil.example"], &["--user-agent", "x"], &[]] {
        let (code, out, err) = served.hunt(wrong).await;
        assert_eq!((code, out.as_str()), (2, ""), "{wrong:?} {err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spreadsheet_gets_every_hit() {
    let served = Served::start().await;
    let (code, out, err) = served.hunt(&["--user-agent", "chrome", "--output", "csv"]).await;
    assert_eq!(code, 1, "{err}");
    insta::assert_snapshot!(out.lines().next().unwrap(), @"org,kind,time,user_id,username,name,indicators,status,address,country,city,application,browser,platform,record_id");
    let chrome =
        served.simulator.org().logins().iter().filter(|login| login.browser.contains("Chrome")).count();
    let logins =
        out.lines().filter(|line| line.contains(",login,") || line.contains(",failed_login,")).count();
    assert!(chrome > 200 && logins == chrome, "{logins} of {chrome}");
    let (_, table, err) = served.hunt(&["--user-agent", "chrome"]).await;
    assert!(table.contains("login") && err.contains("earlier ones are not listed"), "{table}{err}");
}
