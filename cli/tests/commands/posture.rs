//! `warden posture`: what is found, what is in order, and what cannot be seen.

use crate::support::{Served, keys, objects};
use jiff::SignedDuration;
use salesforce_simulator::{Frost, Permission, PermittedUsers};
use serde_json::Value;

/// Exit code, lines, and what stood on standard error.
async fn posture(served: &Served, more: &[&str]) -> (i32, Vec<Value>, String) {
    let connection = served.connection.to_str().unwrap();
    let arguments = ["posture", "--output", "json", "--connection", connection];
    let (code, out, err) = served.warden(&[&arguments, more].concat()).await;
    (code, objects(&out), err)
}

/// The lines of a check, as state, subject and detail.
fn of<'v>(rows: &'v [Value], check: &str) -> Vec<(&'v str, &'v str, &'v str)> {
    let text = |row: &'v Value, key: &str| row[key].as_str().unwrap_or_default();
    let rows = rows.iter().filter(|row| row["check"] == check);
    rows.map(|row| (text(row, "state"), text(row, "subject"), text(row, "detail"))).collect()
}

fn subjects<'v>(rows: &'v [Value], check: &str) -> Vec<&'v str> {
    of(rows, check)
        .into_iter()
        .filter(|(state, ..)| *state == "found")
        .map(|(_, subject, _)| subject)
        .collect()
}

fn clean(rows: &[Value], check: &str) -> bool {
    of(rows, check).iter().all(|(state, ..)| *state == "clean")
}

/// Puts everything in order that a small org has out of order.
fn put_in_order(served: &Served) {
    let mut org = served.simulator.org();
    let users: Vec<_> = org.users().to_vec();
    for user in &users {
        org.register_method(user.id, "Totp");
        org.remove_permission(&user.username, Permission::PasswordNeverExpires);
        let now = org.now();
        org.set_last_login(&user.id, Some(now));
    }
    for profile in
        ["System Administrator", "Standard User", "Sales User", "Minimum Access - API Only Integrations"]
    {
        org.set_login_ranges(profile, &[("198.18.0.0", "198.18.255.255")]);
    }
    let apps: std::collections::BTreeSet<_> = org.tokens().iter().map(|token| token.app.clone()).collect();
    for app in apps {
        org.install_app(&app, PermittedUsers::AdminApproved);
    }
}

const EVERYTHING_THAT_CAN_BE_READ: [&str; 2] = ["--without", "app-without-ip-limits"];

#[tokio::test(flavor = "multi_thread")]
async fn an_org_in_order_is_clean_and_changes_nothing() {
    let served = Served::start().await;
    put_in_order(&served);
    let (code, rows, err) = posture(&served, &EVERYTHING_THAT_CAN_BE_READ).await;
    assert_eq!(code, 0, "{rows:#?}{err}");
    assert_eq!(of(&rows, "app-without-ip-limits"), [("off", "", "")]);
    assert!(of(&rows, "profile-without-ip-ranges")[0].2.starts_with("4 "), "{rows:#?}");
    insta::assert_snapshot!(keys(&rows[0]), @"check detail fix org state subject title why");
    assert!(served.simulator.org().take_writes().is_empty());
    served.simulator.finish().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_out_of_order_is_found() {
    let served = Served::start().await;
    put_in_order(&served);
    let holder = {
        let mut org = served.simulator.org();
        let mut users = org.users().iter();
        let holder =
            users.find(|user| user.is_active() && !org.tokens_of(&user.id).is_empty()).unwrap().clone();
        let long_ago = org.now() - SignedDuration::from_hours(100 * 24);
        org.set_frozen(&holder.id, Frost::Frozen);
        org.set_last_login(&holder.id, Some(long_ago));
        org.grant_permission(&holder.username, Permission::PasswordNeverExpires);
        org.install_app("Report Exporter", PermittedUsers::SelfAuthorised);
        org.set_security_setting("Timeout Value", "24 hours");
        org.set_login_ranges("Sales User", &[]);
        holder
    };
    let administrator = served.simulator.org().break_glass().unwrap().username.clone();
    served.simulator.org().grant_permission(&administrator, Permission::BypassMFAForUiLogins);
    let (code, rows, err) = posture(&served, &EVERYTHING_THAT_CAN_BE_READ).await;
    assert_eq!(code, 1, "{err}");
    for check in ["ended-account-with-access", "dormant-with-access", "password-never-expires"] {
        assert_eq!(subjects(&rows, check), [holder.username.as_str()], "{check}: {rows:#?}");
    }
    assert_eq!(subjects(&rows, "privileged-without-mfa"), [administrator.as_str()]);
    assert_eq!(subjects(&rows, "app-self-authorised"), ["Report Exporter"]);
    assert_eq!(subjects(&rows, "session-settings"), ["Timeout Value"]);
    assert_eq!(subjects(&rows, "profile-without-ip-ranges"), ["Sales User"]);
    assert!(clean(&rows, "old-tokens"), "{rows:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_permission_that_is_missing_makes_its_checks_unreadable_and_none_clean() {
    for (permission, label, blind) in [
        (Permission::ManageUsers, "Manage Users", &["ended-account-with-access", "dormant-with-access"][..]),
        (
            Permission::CustomizeApplication,
            "Customize Application",
            &["ended-account-with-access", "dormant-with-access", "old-tokens", "app-self-authorised"],
        ),
        (
            Permission::ViewSetup,
            "View Setup and Configuration",
            &["profile-without-ip-ranges", "session-settings", "password-never-expires"],
        ),
        (
            Permission::ManageTwoFactor,
            "Manage Multi-Factor Authentication in API",
            &["privileged-without-mfa"],
        ),
    ] {
        let served = Served::start().await;
        put_in_order(&served);
        let document = served.simulator.connection_document();
        let scanner = document["scanner"]["username"].as_str().unwrap();
        served.simulator.org().remove_permission(scanner, permission);
        let (code, rows, _) = posture(&served, &EVERYTHING_THAT_CAN_BE_READ).await;
        assert_eq!(code, 4, "{label}");
        for check in blind {
            let told = of(&rows, check);
            let is_named = |(state, _, detail): &(&str, &str, &str)| {
                *state == "unreadable" && detail.contains(&format!("needs {label}"))
            };
            assert!(told.iter().any(is_named) && !clean(&rows, check), "{check}: {told:?}");
        }
        served.simulator.finish().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_query_shows_is_said_and_hostile_names_do_no_harm() {
    let served = Served::start().await;
    put_in_order(&served);
    served.simulator.org().install_app("=1+1\u{1b}[2J", PermittedUsers::SelfAuthorised);
    let connection = served.connection.to_str().unwrap();
    let (code, table, err) = served.warden(&["posture", "--connection", connection]).await;
    assert_eq!(code, 4, "{err}");
    assert!(table.lines().all(|line| line.chars().count() <= 110) && !table.contains('\u{1b}'), "{table}");
    assert!(table.contains("unreadable") && table.contains("IP relaxation of"), "{table}");
    let (code, csv, _) = served.warden(&["posture", "--output", "csv", "--connection", connection]).await;
    assert_eq!(code, 4);
    assert!(csv.starts_with("org,check,title,state,subject,detail,why,fix\n"), "{csv}");
    assert!(csv.contains(",found,'=1+1\u{fffd}[2J,installed; all users may self-authorize,"), "{csv}");
    let (_, rows, _) = posture(&served, &[]).await;
    let told = of(&rows, "app-without-ip-limits");
    assert!(
        matches!(told[..], [("unreadable", "", needs)] if needs.contains("needs the Metadata API")),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_fails_is_told_beside_the_others() {
    let served = Served::start().await;
    put_in_order(&served);
    let mut document = served.simulator.connection_document();
    document["login_url"] = "http://127.0.0.1:9".into();
    document["org_alias"] = "gone".into();
    std::fs::write(served.path().join("gone.json"), document.to_string()).unwrap();
    let (code, rows, err) = posture(&served, &["gone.json", "--without", "app-without-ip-limits"]).await;
    assert_eq!(code, 3, "{err}");
    let of_org = |org: &str| rows.iter().filter(|row| row["org"] == org).collect::<Vec<_>>();
    assert_eq!((of_org("gone").len(), of_org("gone")[0]["state"].as_str()), (1, Some("failed")));
    assert!(of_org("simulated").len() >= 9 && err.contains("Org gone"), "{rows:#?}{err}");
    let (code, rows, err) = posture(&served, &["--without", "nothing"]).await;
    assert_eq!((code, rows.len()), (2, 0));
    assert!(err.contains("privileged-without-mfa"), "{err}");
}
