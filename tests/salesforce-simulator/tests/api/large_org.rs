//! A world whose past is computed when it is looked at: what a query answers is what a full enumeration, filtered by hand, has.

use crate::support::Api;
use jiff::Timestamp;
use salesforce_simulator::{
    CampaignKind, Clock, LargeSeed, Login, Org, Permission, Simulator, Write, generate_large,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

fn now() -> Timestamp {
    "2026-11-23T15:00:00Z".parse().unwrap()
}

fn small() -> LargeSeed {
    LargeSeed { users: 900, logins: Some(120_000), days: 40, now: now(), ..LargeSeed::default() }
}

fn large(seed: &LargeSeed) -> Org {
    let mut org = generate_large(seed);
    org.set_clock(Clock::Fixed(now()));
    org
}

/// Served, with rows behind the past that lie in its middle and at its end; and every row there is.
async fn served() -> (Simulator, Api, Vec<Arc<Login>>) {
    let mut org = large(&small());
    let days_ago = |days: i64| Timestamp::from_second(now().as_second() - days * 86_400).unwrap();
    for (kind, days) in
        [(CampaignKind::BruteForce, 20), (CampaignKind::PhishedSso, 3), (CampaignKind::StolenRefreshToken, 0)]
    {
        org.launch(kind, days_ago(days));
    }
    org.set_clock(Clock::System);
    let simulator = Simulator::start(org).await.unwrap();
    let api = crate::support::log_in(&simulator, "scanner").await;
    let rows: Vec<_> = simulator.org().every_login().collect();
    (simulator, api, rows)
}

/// What a condition picks, by hand.
type Keep = Box<dyn Fn(&Login) -> bool>;

fn ids(records: &[Value]) -> Vec<String> {
    records.iter().map(|record| record["Id"].as_str().unwrap().to_owned()).collect()
}

fn by_hand(rows: &[Arc<Login>], keep: impl Fn(&Login) -> bool) -> Vec<String> {
    let mut kept: Vec<_> = rows.iter().filter(|login| keep(login)).collect();
    kept.sort_by_key(|login| (login.login_time, login.id));
    kept.into_iter().map(|login| login.id.to_string()).collect()
}

#[test]
fn the_same_seed_gives_the_same_world() {
    let seed = LargeSeed { logins: Some(3_000), ..small() };
    let told = |org: &Org| {
        let logins: Vec<_> = org.every_login().collect();
        format!("{:?}{logins:?}{:?}{:?}", org.users(), org.sessions(), org.tokens())
    };
    let first = told(&large(&seed));
    assert!(first == told(&large(&seed)));
    assert!(first != told(&large(&LargeSeed { seed: 2, ..seed })));
}

#[test]
fn the_past_is_in_order_plausible_and_of_the_size_that_was_asked_for() {
    let org = large(&small());
    let logins: Vec<_> = org.every_login().collect();
    assert_eq!((logins.len(), org.login_count(), org.user_count()), (120_000, 120_000, 900));
    assert!(org.logins().is_empty());
    assert!(logins.is_sorted_by_key(|login| (login.login_time, login.id)));
    assert!(
        logins.iter().all(|login| login.login_time <= now() && org.login(&login.id).as_ref() == Some(login))
    );
    assert!(
        logins.iter().all(|login| login.geo.as_ref().is_some_and(|geo| geo.login_time == login.login_time))
    );
    let failed = logins.iter().filter(|login| !login.succeeded()).count();
    assert!((200..3_000).contains(&failed), "{failed}");
    let users: BTreeSet<_> = logins.iter().map(|login| login.user_id).collect();
    assert!(users.len() > 880 && users.iter().all(|id| org.user(id).unwrap().is_active()), "{}", users.len());
    for login in logins.iter().rev().filter(|login| login.succeeded()).take(50) {
        let user = org.user(&login.user_id).unwrap();
        assert!(user.last_login >= Some(login.login_time));
        assert_eq!(org.user_by_name(&user.username).unwrap().id, user.id);
    }
    assert!(org.sessions().iter().filter(|session| session.is_live(now())).count() > 50);
    assert!(org.tokens().iter().all(|token| token.use_count > 0 && token.last_used <= Some(now())));
}

#[test]
fn a_world_of_any_size_can_be_made_and_attacked() {
    for (users, logins, days) in
        [(0, Some(0), 0), (1, Some(1), 1), (250, None, 2), (100_000, Some(10_000_000), 180)]
    {
        let mut org = large(&LargeSeed { users, logins, days, ..small() });
        let before = org.login_count();
        for kind in CampaignKind::ALL {
            org.launch(kind, now());
        }
        assert!(org.login_count() > before && org.logins().len() == org.login_count() - before);
    }
}

#[tokio::test]
async fn a_window_holds_the_rows_that_a_full_reading_has_in_it() {
    let (simulator, api, rows) = served().await;
    let times: Vec<_> =
        [0, 1, 999, 60_000, 100_004, 119_999].map(|place: usize| rows[place].login_time).into();
    for (from, until) in times.iter().flat_map(|from| times.iter().map(move |until| (from, until))) {
        let window = format!("FROM LoginHistory WHERE LoginTime >= {from} AND LoginTime < {until}");
        let expected = by_hand(&rows, |login| *from <= login.login_time && login.login_time < *until);
        let (_, count) = api.query(&format!("SELECT COUNT() {window}")).await;
        assert_eq!(count["totalSize"], expected.len());
        let (_, page) = api.query(&format!("SELECT Id {window} ORDER BY LoginTime, Id")).await;
        assert_eq!(ids(page["records"].as_array().unwrap()), expected[..expected.len().min(2_000)]);
        assert_eq!(page["totalSize"], expected.len());
        let (_, page) =
            api.query(&format!("SELECT Id {window} ORDER BY LoginTime DESC, Id DESC LIMIT 300")).await;
        let last: Vec<_> = expected.iter().rev().take(300).cloned().collect();
        assert_eq!(ids(page["records"].as_array().unwrap()), last);
    }
    simulator.finish().unwrap();
}

#[tokio::test]
async fn every_row_comes_once_and_in_order_with_equal_times_across_page_borders() {
    let (simulator, api, rows) = served().await;
    let all = by_hand(&rows, |_| true);
    let records = api.records("SELECT Id, LoginTime FROM LoginHistory ORDER BY LoginTime, Id").await;
    assert!(ids(&records) == all);
    let borders = (2_000..records.len()).step_by(2_000);
    let same = borders.filter(|at| records[*at]["LoginTime"] == records[*at - 1]["LoginTime"]).count();
    assert!(same >= 5, "{same} page borders between equal times");
    let mut backward =
        ids(&api.records("SELECT Id FROM LoginHistory ORDER BY LoginTime DESC, Id DESC").await);
    backward.reverse();
    assert!(backward == all);
    let unordered = ids(&api.records("SELECT Id FROM LoginHistory").await);
    assert!(unordered.is_sorted() && unordered.len() == all.len());
    simulator.finish().unwrap();
}

#[tokio::test]
async fn any_condition_picks_the_rows_it_should() {
    let (simulator, api, rows) = served().await;
    let (user, machine) =
        (rows[70_000].user_id, simulator.org().user_by_name("drift-connector@acme.example").unwrap().id);
    let attacked = simulator.org().ground_truth()[0].user_id;
    let (first, middle, last) = (rows[0].id, rows[50_000].id, rows[rows.len() - 1].id);
    let time = rows[90_000].login_time;
    let late = rows[119_000].login_time;
    let table: Vec<(String, Keep)> = vec![
        (format!("UserId = '{user}'"), Box::new(move |login| login.user_id == user)),
        (format!("UserId = '{attacked}'"), Box::new(move |login| login.user_id == attacked)),
        (
            format!("UserId IN ('{user}', '{machine}') AND LoginTime >= {time}"),
            Box::new(move |login| [user, machine].contains(&login.user_id) && login.login_time >= time),
        ),
        (
            format!("UserId != '{machine}' AND LoginTime > {late}"),
            Box::new(move |login| login.user_id != machine && login.login_time > late),
        ),
        (
            format!("Id IN ('{first}', '{middle}', '{last}', '0YaKj0000zzzzzz')"),
            Box::new(move |login| [first, middle, last].contains(&login.id)),
        ),
        (
            format!("Id > '{middle}' AND Id <= '{last}' AND UserId = '{user}'"),
            Box::new(move |login| login.id > middle && login.user_id == user),
        ),
        (
            format!("LoginTime > {time} OR (LoginTime = {time} AND Id > '{middle}')"),
            Box::new(move |login| login.login_time > time || login.login_time == time && login.id > middle),
        ),
        (
            format!("NOT (LoginTime >= {time} OR UserId = '{user}')"),
            Box::new(move |login| login.login_time < time && login.user_id != user),
        ),
        (
            format!("CountryIso = 'IE' AND LoginTime >= {late}"),
            Box::new(move |login| login.country_iso.as_deref() == Some("IE") && login.login_time >= late),
        ),
        (
            "LoginGeo.City = 'Mysuru'".to_owned(),
            Box::new(|login| login.geo.as_ref().is_some_and(|geo| geo.city == "Mysuru")),
        ),
        (
            "LoginTime != null AND LoginType LIKE 'SAML%'".to_owned(),
            Box::new(|login| login.login_type.starts_with("SAML")),
        ),
    ];
    for (condition, keep) in table {
        let expected = by_hand(&rows, keep);
        assert!(!expected.is_empty(), "{condition}");
        let found = api
            .records(&format!("SELECT Id FROM LoginHistory WHERE {condition} ORDER BY LoginTime, Id"))
            .await;
        assert!(ids(&found) == expected, "{condition}: {} of {}", found.len(), expected.len());
    }
    simulator.finish().unwrap();
}

#[tokio::test]
async fn sums_over_the_past_are_its_sums() {
    let (simulator, api, rows) = served().await;
    let (_, body) = api.query("SELECT COUNT(Id) n, MAX(LoginTime) last, LoginType FROM LoginHistory GROUP BY LoginType ORDER BY LoginType").await;
    let groups = body["records"].as_array().unwrap();
    let total: u64 = groups.iter().map(|group| group["n"].as_u64().unwrap()).sum();
    assert_eq!(total as usize, rows.len());
    let types: BTreeSet<_> = rows.iter().map(|login| login.login_type.to_string()).collect();
    assert_eq!(groups.len(), types.len());
    for (group, login_type) in groups.iter().zip(types) {
        assert_eq!(group["LoginType"], *login_type);
        let last =
            rows.iter().filter(|login| login.login_type == login_type).map(|login| login.login_time).max();
        assert_eq!(group["last"], last.unwrap().strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string());
    }
    let (status, body) = api.query("SELECT Id FROM LoginHistory ORDER BY SourceIp LIMIT 5").await;
    assert_eq!((status, body["records"].as_array().unwrap().len()), (200, 5));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn users_who_are_not_held_are_users_like_others() {
    let (simulator, api, rows) = served().await;
    let crowd = rows.iter().rev().find(|login| {
        let org = simulator.org();
        !org.users().iter().any(|user| user.id == login.user_id)
    });
    let id = crowd.unwrap().user_id;
    let all = api.records("SELECT Id, Username, Profile.Name, LastLoginDate FROM User").await;
    assert_eq!(ids(&all).into_iter().collect::<BTreeSet<_>>().len(), 900);
    assert!(all.iter().all(|user| user["Profile"]["Name"].is_string()));
    let one =
        api.records(&format!("SELECT Id, Username, LastLoginDate FROM User WHERE Id IN ('{id}')")).await;
    assert_eq!(one[0]["Username"], simulator.org().user(&id).unwrap().username);
    let found = all.iter().find(|user| user["Id"] == *id.as_str()).unwrap();
    assert_eq!(found["LastLoginDate"], one[0]["LastLoginDate"]);
    assert_eq!(api.records("SELECT Id FROM UserLogin").await.len(), 900);
    let given = format!(
        "SELECT PermissionSet.IsOwnedByProfile FROM PermissionSetAssignment WHERE AssigneeId = '{id}'"
    );
    assert_eq!(api.records(&given).await[0]["PermissionSet"]["IsOwnedByProfile"], true);

    let state = api.records(&format!("SELECT Id, IsFrozen FROM UserLogin WHERE UserId = '{id}'")).await;
    assert_eq!(state[0]["IsFrozen"], false);
    let revoker = crate::support::log_in(&simulator, "revoker").await;
    let (status, _) =
        revoker.freeze(state[0]["Id"].as_str().unwrap(), serde_json::json!({"IsFrozen": true})).await;
    assert_eq!(status, 204);
    let state = api.records(&format!("SELECT IsFrozen FROM UserLogin WHERE UserId = '{id}'")).await;
    assert_eq!(state[0]["IsFrozen"], true);
    assert!(simulator.org().is_frozen(&id));
    let frozen = Write::SetFrozen { user_id: id.to_string(), frozen: true };
    assert_eq!(simulator.org().take_writes(), [frozen]);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn who_may_see_only_his_own_sees_nothing_of_the_past() {
    let (simulator, api, _) = served().await;
    let scanner = simulator.connection_document()["scanner"]["username"].as_str().unwrap().to_owned();
    for permission in [Permission::ManageUsers, Permission::MonitorLoginHistory] {
        simulator.org().remove_permission(&scanner, permission);
    }
    let own = api.records("SELECT UserId FROM LoginHistory").await;
    let id = simulator.org().user_by_name(&scanner).unwrap().id;
    assert!(!own.is_empty() && own.iter().all(|login| login["UserId"] == *id.as_str()));
    simulator.finish().unwrap();
}
