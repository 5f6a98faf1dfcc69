//! Every query goes through the parser, the checks and the evaluator, against one small org.

use super::{Answer, Template, run};
use crate::arrival::{Arrival, Client, Method, SUCCESS, Source};
use crate::clock::Clock;
use crate::generate::cities::city;
use crate::generate::{Seed, generate};
use crate::id::Id;
use crate::objects::{Caller, Row, View};
use crate::org::Org;
use crate::permission::Permissions;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use std::sync::Arc;

fn org() -> Org {
    let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    let mut org = generate(&Seed { users: 40, days: 0, now, ..Seed::default() });
    org.set_clock(Clock::Fixed(now));
    let rows = [
        ("2026-11-20T09:00:00Z", "198.18.10.10", "Success", Some(0)),
        ("2026-11-22T09:00:00Z", "198.18.10.11", "Invalid Password", Some(4)),
        ("2026-11-22T09:00:00Z", "2001:db8::7", "Success", None),
        ("2026-11-23T11:59:59Z", "198.18.10.10", "Success", Some(4)),
    ];
    for (time, ip, status, place) in rows {
        let user_id = org.break_glass().unwrap().id;
        let status = if status == "Success" { SUCCESS } else { status.into() };
        let source = Source { ip: ip.into(), city: place.map(city) };
        let (time, method, client) =
            (time.parse().unwrap(), Method::PASSWORD, Client::app("O'Brien \\ Sons_100%"));
        org.record(Arrival { user_id, time, method, source, client, status, challenge: None });
    }
    org
}

fn caller(org: &Org, permissions: Permissions) -> Caller {
    let user = org.break_glass().unwrap();
    Caller { user_id: user.id, username: user.username.clone(), permissions, root: None, app: None }
}

fn ask_as(org: &Org, permissions: Permissions, query: &str) -> Result<Json, String> {
    let caller = caller(org, permissions);
    let view = View { org, caller: &caller, now: org.now(), version: "67.0" };
    match run(query, &view).map_err(|error| format!("{}: {}", error.code, error.message))? {
        Answer::Count(count) => Ok(json!(count)),
        Answer::Groups(groups) => Ok(Json::Array(groups)),
        Answer::Rows { object, columns, rows } => {
            let template = Template::new(object, &columns, view.version);
            let rendered = |row: Arc<dyn Row>| {
                let mut text = Vec::new();
                template.write(&row, &view, &mut text);
                serde_json::from_slice::<Json>(&text).unwrap()
            };
            Ok(rows.rows(0..rows.len()).map(rendered).collect())
        }
    }
}

fn ask(org: &Org, query: &str) -> Result<Json, String> {
    ask_as(org, Permissions::administrator(), query)
}

#[test]
fn conditions_pick_the_rows_they_should() {
    let org = org();
    let id = org.logins()[1].id;
    let short = id.short().to_owned();
    let by_id = format!("Id = '{id}'");
    let by_short_id = format!("Id IN ('{short}')");
    let table: [(&str, u64); 31] = [
        ("LoginTime > 2026-11-20T09:00:00Z", 3),
        ("LoginTime >= 2026-11-20T10:00:00+01:00", 4),
        ("LoginTime < 2026-11-22T09:00:00.000Z", 1),
        ("LoginTime <= 2026-11-22T09:00:00Z", 3),
        ("LoginTime = 2026-11-22T09:00:00Z", 2),
        ("LoginTime != 2026-11-22T09:00:00Z", 2),
        ("LoginTime = LAST_N_DAYS:1", 3),
        ("LoginTime >= LAST_N_DAYS:3", 4),
        ("LoginTime < LAST_N_DAYS:2", 1),
        ("LoginTime = TODAY", 1),
        ("SourceIp = '198.18.10.10'", 2),
        ("SourceIp != '198.18.10.10'", 2),
        ("SourceIp IN ('198.18.10.10', '2001:DB8::7')", 3),
        ("SourceIp NOT IN ('198.18.10.10')", 2),
        ("CountryIso = null", 1),
        ("CountryIso != null", 3),
        ("CountryIso = 'us'", 2),
        ("CountryIso != 'US'", 2),
        ("CountryIso LIKE 'd_'", 1),
        ("CountryIso LIKE '%s'", 2),
        ("LoginUrl LIKE 'simulated%force%'", 4),
        ("LoginUrl LIKE 'simulated_force'", 0),
        ("LoginGeo.City = 'Austin'", 2),
        ("LoginGeo.Latitude > 50.5", 1),
        ("LoginGeo.Latitude < -1", 0),
        ("OptionsIsPost = true", 4),
        ("OptionsIsPost = FALSE", 0),
        ("(SourceIp = '198.18.10.10' OR CountryIso = null) AND LoginTime > 2026-11-21T00:00:00Z", 2),
        ("NOT (CountryIso = 'US' OR CountryIso = 'DE')", 1),
        (&by_id, 1),
        (&by_short_id, 1),
    ];
    for (condition, expected) in table {
        let count = ask(&org, &format!("SELECT COUNT() FROM LoginHistory WHERE {condition}"));
        assert_eq!(count, Ok(json!(expected)), "{condition}");
    }
}

#[test]
fn what_salesforce_refuses_is_refused() {
    let org = org();
    let table = [
        ("SELECT Nope FROM LoginHistory", "INVALID_FIELD: No such column 'Nope' on entity 'LoginHistory'"),
        ("SELECT User.Username FROM LoginHistory", "INVALID_FIELD: Didn't understand relationship 'User'"),
        ("SELECT Parent.Id FROM AuthSession", "INVALID_FIELD: Didn't understand relationship 'Parent'"),
        ("SELECT Id FROM Nope", "INVALID_TYPE: sObject type 'Nope' is not supported."),
        (
            "SELECT Id FROM LoginHistory WHERE Status != 'Success'",
            "INVALID_FIELD: field 'Status' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM LoginHistory WHERE Application = 'x'",
            "INVALID_FIELD: field 'Application' can not be filtered",
        ),
        (
            "SELECT Id FROM LoginHistory WHERE Browser LIKE 'x'",
            "INVALID_FIELD: field 'Browser' can not be filtered",
        ),
        (
            "SELECT Id FROM LoginHistory WHERE Platform IN ('x')",
            "INVALID_FIELD: field 'Platform' can not be filtered",
        ),
        (
            "SELECT Id FROM LoginHistory WHERE ClientVersion = ''",
            "INVALID_FIELD: field 'ClientVersion' can not be filtered",
        ),
        (
            "SELECT Id FROM LoginHistory WHERE ApiType = ''",
            "INVALID_FIELD: field 'ApiType' can not be filtered",
        ),
        (
            "SELECT Id FROM LoginHistory WHERE ApiVersion = ''",
            "INVALID_FIELD: field 'ApiVersion' can not be filtered",
        ),
        (
            "SELECT Id FROM LoginHistory WHERE SourceIp LIKE '198.%'",
            "INVALID_FIELD: invalid operator 'LIKE' on field 'SourceIp'",
        ),
        (
            "SELECT Id FROM LoginHistory WHERE LoginTime > '2026-11-20T09:00:00Z'",
            "INVALID_FIELD: value of filter criterion for field 'LoginTime' must be of type dateTime",
        ),
        (
            "SELECT Id FROM LoginHistory WHERE SourceIp = 7",
            "INVALID_FIELD: value of filter criterion for field 'SourceIp' must be of type string",
        ),
        (
            "SELECT Id FROM LoginHistory WHERE OptionsIsGet = 'true'",
            "INVALID_FIELD: value of filter criterion for field 'OptionsIsGet' must be of type boolean",
        ),
        (
            "SELECT Id FROM LoginHistory WHERE UserId = 'me'",
            "INVALID_QUERY_FILTER_OPERATOR: invalid ID field: me",
        ),
        (
            "SELECT COUNT(Id) FROM LoginHistory GROUP BY LoginTime",
            "INVALID_FIELD: field 'LoginTime' can not be grouped",
        ),
        ("SELECT UserId, COUNT(Id) FROM LoginHistory", "MALFORMED_QUERY: Field must be grouped"),
        (
            "SELECT COUNT_DISTINCT(UserId) FROM OauthToken",
            "MALFORMED_QUERY: field UserId does not support aggregate",
        ),
        ("SELECT Id FROM LoginHistory OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("SELECT Id LoginHistory", "MALFORMED_QUERY"),
        ("SELECT FROM LoginHistory", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoginHistory WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoginHistory WHERE (Id = null", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoginHistory WHERE Id = null AND Id = null OR Id = null", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoginHistory WHERE LoginUrl = 'open", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoginHistory WHERE LoginUrl = '\\q'", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoginHistory LIMIT many", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoginHistory LIMIT -1", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoginHistory; DELETE", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
        ("'", "MALFORMED_QUERY"),
    ];
    for (query, expected) in table {
        let error = ask(&org, query).unwrap_err();
        assert!(error.starts_with(expected), "{query}: {error}");
    }
}

#[test]
fn depth_is_bounded() {
    let query =
        format!("SELECT Id FROM LoginHistory WHERE {}Id = null{}", "(".repeat(9_000), ")".repeat(9_000));
    assert!(ask(&org(), &query).unwrap_err().starts_with("QUERY_TOO_COMPLICATED"));
}

#[test]
fn rows_come_ordered_and_cut() {
    let org = org();
    let ips = |tail: &str| -> Vec<String> {
        let rows = ask(&org, &format!("SELECT SourceIp FROM LoginHistory {tail}")).unwrap();
        rows.as_array().unwrap().iter().map(|row| row["SourceIp"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ips("ORDER BY LoginTime DESC, Id ASC LIMIT 2"), ["198.18.10.10", "198.18.10.11"]);
    assert_eq!(ips("ORDER BY LoginTime LIMIT 2 OFFSET 1"), ["198.18.10.11", "2001:db8::7"]);
    assert_eq!(ips("ORDER BY CountryIso LIMIT 1"), ["2001:db8::7"]);
    assert_eq!(ips("ORDER BY CountryIso ASC NULLS LAST, LoginTime DESC")[3], "2001:db8::7");
    assert_eq!(ips("ORDER BY CountryIso DESC NULLS LAST, LoginTime DESC LIMIT 1"), ["198.18.10.10"]);
    assert_eq!(ips("LIMIT 0"), [""; 0]);
}

#[test]
fn records_read_as_salesforce_writes_them() {
    let org = org();
    let query = "SELECT Id, LoginTime, ForwardedForIp, LoginGeo.City, LoginGeo.Latitude FROM LoginHistory ORDER BY Id LIMIT 1";
    let (login, geo) = (org.logins()[0].id, org.logins()[0].geo.as_ref().unwrap().id);
    let expected = json!([{
        "attributes": {"type": "LoginHistory", "url": format!("/services/data/v67.0/sobjects/LoginHistory/{login}")},
        "Id": login.as_str(),
        "LoginTime": "2026-11-20T09:00:00.000+0000",
        "ForwardedForIp": null,
        "LoginGeo": {
            "attributes": {"type": "LoginGeo", "url": format!("/services/data/v67.0/sobjects/LoginGeo/{geo}")},
            "City": "Berlin",
            "Latitude": 52.52,
        },
    }]);
    assert_eq!(ask(&org, query), Ok(expected));
    let none = ask(&org, "SELECT LoginGeo.City, LoginGeo.Country FROM LoginHistory WHERE CountryIso = null")
        .unwrap();
    assert_eq!(none[0]["LoginGeo"], Json::Null);
}

#[test]
fn groups_count_and_compare() {
    let org = org();
    let groups = ask(&org, "SELECT SourceIp, COUNT(Id), MAX(LoginTime) latest, MIN(LoginTime) FROM LoginHistory GROUP BY SourceIp ORDER BY COUNT(Id) DESC").unwrap();
    assert_eq!(
        groups[0],
        json!({
            "attributes": {"type": "AggregateResult"},
            "SourceIp": "198.18.10.10",
            "expr0": 2,
            "latest": "2026-11-23T11:59:59.000+0000",
            "expr1": "2026-11-20T09:00:00.000+0000",
        })
    );
    assert_eq!(groups.as_array().unwrap().len(), 3);
    let statuses = ask(&org, "SELECT Status, COUNT(Id) n FROM LoginHistory GROUP BY Status").unwrap();
    assert_eq!(statuses.as_array().unwrap().len(), 2);
    let all = ask(&org, "SELECT COUNT(CountryIso), COUNT_DISTINCT(SourceIp) FROM LoginHistory").unwrap();
    assert_eq!((&all[0]["expr0"], &all[0]["expr1"]), (&json!(3), &json!(3)));
    let empty = ask(&org, "SELECT COUNT(Id) FROM LoginHistory WHERE Id = null").unwrap();
    assert_eq!(empty[0]["expr0"], 0);
}

#[test]
fn text_literals_are_taken_literally() {
    let mut org = org();
    let user = org.add_user_named(r"o'brien\_100%");
    let count =
        |condition: &str| ask(&org, &format!("SELECT COUNT() FROM User WHERE LastName {condition}")).unwrap();
    assert_eq!(count(r"= 'o\'brien\\_100%'"), 1);
    assert_eq!(count(r"LIKE 'o\'brien\\\\\_100\%'"), 0);
    assert_eq!(count(r"LIKE 'o\'brien\\\_100\%'"), 1);
    assert_eq!(count(r"LIKE '%\_100\%'"), 1);
    assert_eq!(count(r"LIKE '%\_200\%'"), 0);
    assert!(user.starts_with("005"));
}

impl Org {
    fn add_user_named(&mut self, name: &str) -> Id {
        let profile = self.profiles.all()[0].id;
        self.add_user(crate::generate::Account::service(name, profile, self.now()))
    }
}

#[test]
fn without_permissions_little_is_seen() {
    let org = org();
    let nobody = Permissions::default();
    let refused = |query: &str| ask_as(&org, nobody, query).unwrap_err();
    assert!(refused("SELECT LoginGeoId FROM LoginHistory").starts_with("INVALID_FIELD"));
    assert!(refused("SELECT LoginGeo.City FROM LoginHistory").starts_with("INVALID_FIELD"));
    assert!(refused("SELECT Id FROM VerificationHistory").starts_with("INVALID_TYPE"));
    assert!(refused("SELECT Id FROM LoginGeo").starts_with("INVALID_TYPE"));
    assert_eq!(ask_as(&org, nobody, "SELECT COUNT() FROM LoginHistory"), Ok(json!(4)));
    assert_eq!(ask_as(&org, nobody, "SELECT COUNT() FROM OauthToken"), Ok(json!(0)));
}

#[test]
fn no_text_makes_it_panic() {
    let org = org();
    let good = "SELECT Id, LoginGeo.City FROM LoginHistory WHERE (LoginTime >= 2026-11-20T10:00:00+01:00 AND SourceIp IN ('a\\'b')) ORDER BY Id DESC NULLS LAST LIMIT 3 OFFSET 1";
    for end in 0..good.len() {
        let _ = ask(&org, &good[..end]);
        let _ = ask(&org, &good[end..]);
        let _ = ask(&org, &good.replace(&good[end..=end], "\u{1f980}"));
    }
    for odd in [
        "SELECT Id FROM User WHERE Name LIKE '\\",
        "SELECT . FROM .",
        "SELECT a..b FROM User",
        "SELECT Id FROM User LIMIT 99999999999999999999",
    ] {
        let _ = ask(&org, odd);
    }
}
