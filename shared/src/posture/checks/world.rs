//! An org in order, to be spoilt one thing at a time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::CHECKS;
use crate::observation::{AccountDetails, AccountKind, AppKind, Session, SignOn, Token, User, UserId};
use crate::posture::check::Examined;
use crate::posture::facts::Facts;
use crate::salesforce::{
    AddressRange, ConnectedApp, Factor, LoginRanges, Permitted, Privileges, SecuritySetting, Standard,
    TokenHashKey, session_from_record, token_from_record,
};

fn now() -> Timestamp {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

fn id(name: &str) -> UserId {
    UserId::new(format!("0055g0000000{name}"))
}

fn user(name: &str) -> (UserId, User) {
    let user = User {
        id: id(name),
        username: format!("{name}@acme.example"),
        name: name.to_owned(),
        is_active: true,
        kind: AccountKind::Human,
        profile: "Sales".to_owned(),
        details: AccountDetails::default(),
    };
    (user.id.clone(), user)
}

/// Granted and last used so many days ago.
fn token(holder: &str, granted: i64, used: Option<i64>) -> Token {
    let ago = |days: i64| (now() - SignedDuration::from_hours(24 * days)).to_string();
    let row = json!({ "UserId": id(holder), "AppName": "Data Loader", "DeleteToken": holder, "UseCount": used.map_or(0, |_| 3),
        "LastUsedDate": used.map(ago), "CreatedDate": ago(granted) });
    token_from_record(row, &TokenHashKey::new([7; 32])).unwrap().token
}

fn session(user: &str, id: &str, parent: &str) -> Session {
    let at = now().to_string();
    let row = json!({ "Id": id, "UsersId": self::id(user), "ParentId": parent, "SessionType": "UI",
        "SourceIp": "198.18.0.1", "NumSecondsValid": 7_200, "CreatedDate": at, "LastModifiedDate": at });
    session_from_record(row).unwrap().session
}

fn range(first: &str, last: &str) -> LoginRanges {
    let range = AddressRange { first: first.parse().unwrap(), last: last.parse().unwrap() };
    LoginRanges { profile: "Sales".to_owned(), ranges: vec![range] }
}

fn app(name: &str, permitted: Option<Permitted>) -> ConnectedApp {
    ConnectedApp { id: "0H4".into(), name: name.to_owned(), permitted, refresh_token_validity: None }
}

fn setting(group: &str, org_value: &str, standard: Standard) -> SecuritySetting {
    SecuritySetting {
        group: group.to_owned(),
        name: "Timeout Value".to_owned(),
        org_value: org_value.to_owned(),
        standard_value: "2 hours".to_owned(),
        standard,
    }
}

/// Ada is an administrator with a security key; Bob sells.
fn in_order() -> Facts {
    Facts {
        now: now(),
        users: Ok(BTreeMap::from([user("ada"), user("bob")])),
        privileges: Ok(Privileges::granted(&[
            (id("ada"), "PermissionsManageUsers"),
            (id("bob"), "PermissionsExportReport"),
        ])),
        factors: Ok(BTreeMap::from([(id("ada"), BTreeSet::from([Factor::SecurityKey]))])),
        dormant: Ok(BTreeSet::new()),
        frozen: Ok(BTreeSet::new()),
        sessions: Ok(vec![session("ada", "0Ak1", "0Ak1"), session("ada", "0Ak2", "0Ak1")]),
        tokens: Ok(vec![token("bob", 300, Some(1))]),
        ranges: Ok(vec![range("198.18.0.0", "198.18.0.255")]),
        apps: Ok(vec![app("Data Loader", Some(Permitted::AdminApproved))]),
        settings: Ok(vec![
            setting("SessionSettings", "2 hours", Standard::Met),
            setting("PasswordPolicies", "90 days", Standard::Missed),
        ]),
    }
}

fn examined(facts: &Facts, check: &str) -> Examined {
    CHECKS.iter().find(|one| one.id == check).unwrap_or_else(|| panic!("no {check}")).examine(facts)
}

fn with_user(facts: &mut Facts, name: &str, change: impl FnOnce(&mut User)) {
    change(facts.users.as_mut().unwrap().get_mut(&id(name)).unwrap());
}

fn privileged(facts: &mut Facts, held: &[(&str, &str)]) {
    let held: Vec<_> = held.iter().map(|(name, privilege)| (id(name), *privilege)).collect();
    facts.privileges = Ok(Privileges::granted(&held));
}

type Spoil = fn(&mut Facts);

const FOUND: &[(&str, Spoil, &str)] = &[
    (
        "ended-account-with-access",
        |f| with_user(f, "bob", |bob| bob.is_active = false),
        "bob@acme.example: inactive: 0 live sessions, 1 refresh tokens",
    ),
    (
        "ended-account-with-access",
        |f| f.frozen = Ok(BTreeSet::from([id("ada")])),
        "ada@acme.example: frozen: 1 live sessions, 0 refresh tokens",
    ),
    (
        "privileged-without-mfa",
        |f| f.factors = Ok(BTreeMap::new()),
        "ada@acme.example: has registered none; holds Manage Users",
    ),
    (
        "privileged-without-mfa",
        |f| f.factors = Ok(BTreeMap::from([(id("ada"), BTreeSet::from([Factor::Email]))])),
        "ada@acme.example: has registered none; holds Manage Users",
    ),
    (
        "privileged-without-mfa",
        |f| privileged(f, &[("ada", "PermissionsAuthorApex"), ("ada", "PermissionsBypassMFAForUiLogins")]),
        "ada@acme.example: is never asked for one; holds Author Apex",
    ),
    (
        "dormant-with-access",
        |f| f.dormant = Ok(BTreeSet::from([id("ada"), id("eve")])),
        "ada@acme.example: 1 live sessions, 0 refresh tokens",
    ),
    (
        "app-self-authorised",
        |f| f.apps.as_mut().unwrap().push(app("ERP", Some(Permitted::SelfAuthorised))),
        "ERP: installed; all users may self-authorize",
    ),
    ("app-self-authorised", |f| f.apps = Ok(Vec::new()), "Data Loader: not installed, and let in by 1 users"),
    (
        "profile-without-ip-ranges",
        |f| f.ranges.as_mut().unwrap()[0].ranges.clear(),
        "Sales: no range; 2 active users",
    ),
    (
        "profile-without-ip-ranges",
        |f| f.ranges = Ok(vec![range("0.0.0.0", "255.255.255.255")]),
        "Sales: a range that holds every address; 2 active users",
    ),
    (
        "profile-without-ip-ranges",
        |f| f.ranges = Ok(vec![range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]),
        "Sales: a range that holds every address; 2 active users",
    ),
    (
        "session-settings",
        |f| f.settings = Ok(vec![setting("Session Settings", "24 hours", Standard::Missed)]),
        "Timeout Value: is \"24 hours\"; the baseline is \"2 hours\"",
    ),
    ("old-tokens", |f| f.tokens = Ok(vec![token("bob", 91, None)]), "Data Loader: 1 not used for 90 days"),
    (
        "old-tokens",
        |f| f.tokens = Ok(vec![token("bob", 500, Some(91)), token("bob", 366, Some(1))]),
        "Data Loader: 1 not used for 90 days, 1 in use and older than a year",
    ),
    (
        "password-never-expires",
        |f| privileged(f, &[("bob", "PermissionsPasswordNeverExpires")]),
        "bob@acme.example: by permission; profile Sales",
    ),
    (
        "password-never-expires",
        |f| f.settings = Ok(vec![setting("PasswordPolicies", "Never expires", Standard::Missed)]),
        "Timeout Value: is \"Never expires\" for the whole org",
    ),
];

#[test]
fn each_thing_out_of_order_is_found_by_its_check() {
    for (check, spoil, expected) in FOUND {
        let mut facts = in_order();
        spoil(&mut facts);
        let found = examined(&facts, check).findings;
        let told: Vec<_> = found.iter().map(|found| format!("{}: {}", found.subject, found.detail)).collect();
        assert_eq!(told, [*expected], "{check}");
    }
}

#[test]
fn an_org_in_order_is_clean_except_for_what_no_query_shows() {
    let facts = in_order();
    for check in CHECKS {
        let Examined { findings, unreadable, .. } = check.examine(&facts);
        assert!(findings.is_empty(), "{}: {findings:?}", check.id);
        let is_untold = check.id == "app-without-ip-limits";
        assert_eq!(!unreadable.is_empty(), is_untold, "{}: {unreadable:?}", check.id);
        assert!(
            unreadable
                .iter()
                .all(|needs| needs.contains("1 applications (Data Loader): needs the Metadata API"))
        );
    }
    let nothing = Facts { apps: Ok(Vec::new()), tokens: Ok(Vec::new()), ..facts };
    assert!(examined(&nothing, "app-without-ip-limits").unreadable.is_empty(), "no application, no question");
}

const HARMLESS: &[(&str, Spoil)] = &[
    ("ended-account-with-access", |f| {
        f.frozen = Ok(BTreeSet::from([id("bob")]));
        f.tokens = Ok(Vec::new());
    }),
    ("privileged-without-mfa", |f| {
        f.factors = Ok(BTreeMap::new());
        with_user(f, "ada", |ada| ada.details.sign_on = SignOn::Federated);
    }),
    ("privileged-without-mfa", |f| {
        f.factors = Ok(BTreeMap::new());
        with_user(f, "ada", |ada| ada.kind = AccountKind::Integration);
    }),
    ("app-self-authorised", |f| {
        f.apps = Ok(Vec::new());
        f.tokens.as_mut().unwrap()[0].app = AppKind::ExternalClient;
    }),
    ("old-tokens", |f| f.tokens = Ok(vec![token("bob", 90, None), token("bob", 365, Some(90))])),
    ("password-never-expires", |f| {
        privileged(f, &[("bob", "PermissionsPasswordNeverExpires")]);
        with_user(f, "bob", |bob| bob.is_active = false);
    }),
];

#[test]
fn what_is_guarded_otherwise_is_not_found() {
    for (check, spoil) in HARMLESS {
        let mut facts = in_order();
        spoil(&mut facts);
        let Examined { findings, unreadable, .. } = examined(&facts, check);
        assert!(findings.is_empty() && unreadable.is_empty(), "{check}: {findings:?} {unreadable:?}");
    }
}

fn no<T>() -> Result<T, String> {
    Err("X: needs a permission".to_owned())
}

const UNREADABLE: &[(&str, Spoil)] = &[
    ("ended-account-with-access", |f| f.users = no()),
    ("ended-account-with-access", |f| f.frozen = no()),
    ("ended-account-with-access", |f| f.sessions = no()),
    ("ended-account-with-access", |f| f.tokens = no()),
    ("privileged-without-mfa", |f| f.users = no()),
    ("privileged-without-mfa", |f| f.factors = no()),
    ("privileged-without-mfa", |f| f.privileges = no()),
    ("dormant-with-access", |f| f.dormant = no()),
    ("dormant-with-access", |f| f.sessions = no()),
    ("dormant-with-access", |f| f.tokens = no()),
    ("app-self-authorised", |f| f.apps = no()),
    ("app-self-authorised", |f| f.tokens = no()),
    ("app-self-authorised", |f| f.apps = Ok(vec![app("Data Loader", None)])),
    ("profile-without-ip-ranges", |f| f.ranges = no()),
    ("app-without-ip-limits", |f| f.apps = no()),
    ("session-settings", |f| f.settings = no()),
    ("session-settings", |f| f.settings = Ok(vec![setting("PasswordPolicies", "8", Standard::Met)])),
    ("old-tokens", |f| f.tokens = no()),
    ("old-tokens", |f| {
        let token = &mut f.tokens.as_mut().unwrap()[0];
        (token.created, token.last_used) = (None, None);
    }),
    ("password-never-expires", |f| f.privileges = no()),
    ("password-never-expires", |f| f.settings = no()),
];

#[test]
fn what_cannot_be_read_is_never_fine() {
    for (check, spoil) in UNREADABLE {
        let mut facts = in_order();
        spoil(&mut facts);
        assert!(!examined(&facts, check).unreadable.is_empty(), "{check}");
    }
}

#[test]
fn what_is_found_is_told_beside_what_cannot_be_read() {
    let mut facts = in_order();
    with_user(&mut facts, "bob", |bob| bob.is_active = false);
    (facts.frozen, facts.sessions) = (no(), no());
    let Examined { findings, unreadable, .. } = examined(&facts, "ended-account-with-access");
    assert_eq!((findings.len(), unreadable.len()), (1, 1), "{findings:?} {unreadable:?}");
}

#[test]
fn every_check_has_a_name_of_its_own_and_says_why_and_what_to_do() {
    let names: BTreeSet<_> = CHECKS.iter().map(|check| check.id).collect();
    assert_eq!(names.len(), CHECKS.len());
    for check in CHECKS {
        assert!(![check.title, check.why, check.fix].contains(&""), "{}", check.id);
    }
}
