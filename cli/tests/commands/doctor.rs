//! `warden doctor`: each permission that is missing is named with what it costs, and every other trouble with its cause.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::support::Served;
use jiff::SignedDuration;
use salesforce_simulator::{Activity, Clock, Effect, Fault, Frost, Permission as Simulated};
use serde_json::{Value, json};
use session_warden::clock::{Clock as _, SystemClock};
use session_warden::salesforce::{Ability, Permission, Role, Sight, Visibility, Weight};

/// Exit code, the document of the one org, and standard error.
async fn doctor(served: &Served) -> (i32, Value, String) {
    let connection = served.connection.to_str().unwrap();
    let (code, out, err) = served.warden(&["doctor", "--output", "json", "--connection", connection]).await;
    let mut orgs: Vec<Value> =
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
    assert_eq!(orgs.len(), 1);
    (code, orgs.remove(0), err)
}

/// The check of this name of one identity.
fn check<'v>(org: &'v Value, role: Role, name: &str) -> &'v Value {
    let identities = org["identities"].as_array().unwrap();
    let identity = identities.iter().find(|identity| identity["identity"] == role.to_string()).unwrap();
    let mut checks = identity["checks"].as_array().unwrap().iter();
    checks.find(|check| check["check"] == name).unwrap_or_else(|| panic!("no {name} in {identity:#}"))
}

fn username(served: &Served, role: Role) -> String {
    served.simulator.connection_document()[role.to_string()]["username"].as_str().unwrap().to_owned()
}

fn user_id(served: &Served, role: Role) -> String {
    served.simulator.org().user_by_name(&username(served, role)).unwrap().id.to_string()
}

fn take(served: &Served, role: Role, permissions: &[Permission]) {
    let username = username(served, role);
    for permission in permissions {
        let simulated =
            Simulated::ALL.into_iter().find(|one| one.api_name() == permission.api_name()).unwrap();
        served.simulator.org().remove_permission(&username, simulated);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well() {
    let served = Served::start().await;
    let (code, org, err) = doctor(&served).await;
    assert_eq!((code, &org["exit_code"]), (0, &json!(0)), "{org:#}{err}");
    let off = ["anonymous-network", "hosting-login", "new-provider", "listed-indicator"];
    assert_eq!(org["detections_off"], json!(off), "no pack is declared");
    let egress = check(&org, Role::Scanner, "egress")["seen"].as_str().unwrap();
    assert!(egress.contains(served.simulator.org().client_address()), "{egress}");
    assert!(served.simulator.org().take_writes().is_empty());
    served.simulator.finish().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_permission_that_is_missing_is_named_with_what_is_blind() {
    for role in [Role::Scanner, Role::Revoker] {
        let used = Ability::ALL.into_iter().filter(|ability| ability.weight(role).is_some());
        let sets: BTreeSet<_> = used.map(Ability::permissions).collect();
        for taken in sets {
            let served = Served::start().await;
            take(&served, role, taken);
            let (code, org, _) = doctor(&served).await;
            let is_needed = assert_blind(&served, &org, role);
            assert_eq!(code, if is_needed { 4 } else { 1 }, "{role} without {taken:?}: {org:#}");
        }
    }
}

/// Whether the identity still has a permission in the org.
fn has(served: &Served, role: Role, permission: Permission) -> bool {
    let id = user_id(served, role);
    let held = served.simulator.org().permissions_of(&id);
    Simulated::ALL.into_iter().any(|one| one.api_name() == permission.api_name() && held.contains(one))
}

/// Whether something that is needed is blind; blind is exactly what no permission in the org shows.
fn assert_blind(served: &Served, org: &Value, role: Role) -> bool {
    let mut is_needed = false;
    for ability in Ability::ALL {
        let Some(weight) = ability.weight(role) else { continue };
        let check = check(org, role, ability.id());
        let is_lost = !ability.permissions().iter().any(|permission| has(served, role, *permission));
        assert_eq!(check["state"], if is_lost { "blind" } else { "ok" }, "{check:#}");
        if is_lost {
            is_needed |= weight == Weight::Needed;
            for permission in ability.permissions() {
                let missing = json!({ "permission": permission.label(), "api_name": permission.api_name() });
                assert!(check["missing"].as_array().unwrap().contains(&missing), "{check:#}");
                assert!(check["todo"].as_str().unwrap().contains(permission.label()), "{check:#}");
            }
        }
    }
    is_needed
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gravest_permissions_by_name() {
    for (role, permission, blind) in [
        (Role::Scanner, Permission::ManageUsers, "sessions"),
        (Role::Scanner, Permission::CustomizeApplication, "tokens"),
        (Role::Revoker, Permission::ManageUsers, "delete-sessions"),
        (Role::Revoker, Permission::CustomizeApplication, "revoke-tokens"),
    ] {
        let served = Served::start().await;
        take(&served, role, &[permission]);
        let (code, org, _) = doctor(&served).await;
        let check = check(&org, role, blind);
        assert_eq!((code, &check["state"]), (4, &json!("blind")), "{check:#}");
        assert!(check["todo"].as_str().unwrap().contains(permission.label()), "{check:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_api_everything_is_blind() {
    for role in [Role::Scanner, Role::Revoker] {
        let served = Served::start().await;
        take(&served, role, &[Permission::ApiEnabled]);
        let (code, org, _) = doctor(&served).await;
        let check = check(&org, role, "permissions");
        assert_eq!((code, &check["state"]), (4, &json!("blind")), "{check:#}");
        assert!(check["todo"].as_str().unwrap().contains("API Enabled"), "{check:#}");
        assert!(check["seen"].as_str().unwrap().contains("sessions"), "{check:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_that_cannot_be_read_are_blindness_and_not_health() {
    let served = Served::start().await;
    let refusal = json!([{ "errorCode": "INVALID_TYPE", "message": "not supported" }]);
    let fault = Fault::new("GET", "FROM UserPermissionAccess", 2, Effect::Json(400, refusal));
    served.simulator.org().faults_mut().add(fault);
    let (code, org, _) = doctor(&served).await;
    assert_eq!(code, 4, "{org:#}");
    assert_eq!(check(&org, Role::Scanner, "permissions")["state"], "blind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_has_expired_is_told_where_salesforce_minds_it() {
    let served = Served::start().await;
    let refusal = Effect::refusal(403, "INVALID_OPERATION_WITH_EXPIRED_PASSWORD");
    served.simulator.org().faults_mut().add(Fault::new("GET", "UserPermissionAccess", 4, refusal));
    let (code, org, _) = doctor(&served).await;
    let permissions = check(&org, Role::Scanner, "permissions");
    assert_eq!((code, &permissions["state"]), (4, &json!("blind")), "{permissions:#}");
    assert!(permissions["seen"].as_str().unwrap().contains("Password Never Expires"), "{permissions:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_not_let_in_is_explained_by_the_other_identity() {
    for (role, other) in [(Role::Scanner, Role::Revoker), (Role::Revoker, Role::Scanner)] {
        let served = Served::start().await;
        let id = user_id(&served, role);
        served.simulator.org().set_frozen(&id, Frost::Frozen);
        let (code, org, _) = doctor(&served).await;
        let login = check(&org, role, "login");
        assert_eq!((code, &login["state"]), (2, &json!("failed")), "{login:#}");
        assert!(login["seen"].as_str().unwrap().contains("frozen"), "{login:#}");
        assert!(login["todo"].as_str().unwrap().contains("Unfreeze"), "{login:#}");
        assert_eq!(check(&org, other, "login")["state"], "ok");
        served.simulator.org().set_frozen(&id, Frost::Thawed);
        served.simulator.org().set_activity(&id, Activity::Inactive);
        let (code, org, _) = doctor(&served).await;
        assert_eq!(code, 2);
        assert!(check(&org, role, "login")["seen"].as_str().unwrap().contains("inactive"));
    }
}

type Spoil<'a> = &'a dyn Fn(&mut Value);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_credential_is_told_without_showing_it() {
    let served = Served::start().await;
    let document = served.simulator.connection_document();
    let revokers_key = document["revoker"]["private_key"].clone();
    let cases: [(&str, Spoil<'_>, &str); 5] = [
        ("wrong key", &|it| it["scanner"]["private_key"] = revokers_key.clone(), "certificate"),
        (
            "no key",
            &|it| it["scanner"]["private_key"] = json!("SECRET-THAT-IS-NO-KEY"),
            "connection document",
        ),
        ("wrong audience", &|it| it["audience"] = json!("https://wrong.example"), "`audience`"),
        ("wrong client", &|it| it["scanner"]["client_id"] = json!("3MVG9unknown"), "`client_id`"),
        ("wrong user", &|it| it["scanner"]["username"] = json!("nobody@acme.example"), "Pre-authorise"),
    ];
    for (name, spoil, todo) in cases {
        served.rewrite(spoil);
        let (code, org, err) = doctor(&served).await;
        let login = check(&org, Role::Scanner, "login");
        assert_eq!((code, &login["state"]), (2, &json!("failed")), "{name}: {login:#}{err}");
        assert!(login["todo"].as_str().unwrap().contains(todo), "{name}: {login:#}");
        assert_eq!(check(&org, Role::Scanner, "permissions")["state"], "blind", "{name}");
        let shown = format!("{org}{err}");
        let keys = revokers_key.as_str().unwrap().lines().filter(|line| !line.starts_with('-'));
        assert!(keys.chain(["SECRET-THAT"]).all(|secret| !shown.contains(secret)), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_there_is_unreachable_and_delays_nobody() {
    let served = Served::start().await;
    let gone = served.path().join("gone.json");
    let mut document = served.simulator.connection_document();
    document["login_url"] = json!("http://127.0.0.1:9");
    document["org_alias"] = json!("gone");
    std::fs::write(&gone, document.to_string()).unwrap();
    std::fs::write(served.path().join("torn.json"), "{").unwrap();
    let connection = served.connection.to_str().unwrap();
    let run = ["doctor", "--output", "json", "--connection", "gone.json", connection];
    let (code, out, err) = served.warden(&run).await;
    let orgs: Vec<Value> = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &orgs[0]["exit_code"], &orgs[1]["exit_code"]), (3, &json!(3), &json!(0)), "{out}{err}");
    assert_eq!(check(&orgs[0], Role::Scanner, "login")["state"], "unreachable");
    let (code, out, err) = served.warden(&[&run[..], &["torn.json"]].concat()).await;
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("torn.json") && out.contains("\"simulated\""), "{out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_the_org_does_not_serve_is_named() {
    let served = Served::start().await;
    served.rewrite(|document| document["api_version"] = json!("99.0"));
    let (code, org, _) = doctor(&served).await;
    let version = check(&org, Role::Scanner, "api-version");
    assert_eq!((code, &version["state"]), (2, &json!("failed")), "{org:#}");
    assert!(version["seen"].as_str().unwrap().contains("99.0"), "{version:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_told_and_one_that_is_too_wrong_fails() {
    let served = Served::start().await;
    let ahead = |seconds| Clock::Fixed(SystemClock.now() + SignedDuration::from_secs(seconds));
    served.simulator.org().set_clock(ahead(100));
    let (code, org, _) = doctor(&served).await;
    assert_eq!((code, &check(&org, Role::Scanner, "clock")["state"]), (1, &json!("warning")), "{org:#}");
    served.simulator.org().set_clock(ahead(400));
    let (code, org, _) = doctor(&served).await;
    assert_eq!((code, &check(&org, Role::Scanner, "clock")["state"]), (2, &json!("failed")), "{org:#}");
    assert!(check(&org, Role::Scanner, "login")["todo"].as_str().unwrap().contains("clock"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_is_used_up_is_told() {
    let served = Served::start().await;
    served.simulator.org().set_daily_calls(0);
    let (code, org, _) = doctor(&served).await;
    assert_eq!(code, 3, "{org:#}");
    let api = check(&org, Role::Revoker, "api");
    assert!(api["seen"].as_str().unwrap().contains("API request limit"), "{api:#}");
    served.simulator.org().set_daily_calls(3_000);
    let (code, org, _) = doctor(&served).await;
    let budget = check(&org, Role::Scanner, "api-budget");
    assert_eq!((code, &budget["state"]), (1, &json!("warning")), "a round a minute costs more: {org:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_for_both_is_warned_of() {
    let served = Served::start().await;
    served.rewrite(|document| document["scanner"] = document["revoker"].clone());
    let (_, org, _) = doctor(&served).await;
    let checks = org["checks"].as_array().unwrap();
    let apart = checks.iter().find(|check| check["check"] == "two-identities").unwrap();
    assert_eq!(apart["state"], "warning", "{apart:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_alone_is_a_set_up_and_what_it_does_without_is_off() {
    let served = Served::start().await;
    take(&served, Role::Scanner, &[Permission::ManageUsers]);
    served.rewrite(|document| {
        document.as_object_mut().unwrap().remove("revoker");
        document["off"] = json!(["places", "sessions", "verifications"]);
    });
    let (code, org, _) = doctor(&served).await;
    assert_eq!(code, 1, "{org:#}");
    assert_eq!(check(&org, Role::Scanner, "sessions")["state"], "off");
    assert_eq!(check(&org, Role::Scanner, "logins")["state"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_org_lacks_is_named_with_what_is_lost() {
    let served = Served::start().await;
    for (object, field) in
        [("OauthToken", "LastUsedDate"), ("UserPermissionAccess", "PermissionsManageEncryptionKeys")]
    {
        served.simulator.org().remove_field(object, field).unwrap();
    }
    take(&served, Role::Scanner, &[Permission::ManageUsers]);
    let (_, org, _) = doctor(&served).await;
    let told = |role| check(&org, role, "schema")["seen"].as_str().unwrap();
    for lost in [
        "LoginHistory.LoginGeo (places are known by country only",
        "OauthToken.LastUsedDate (the use of a token without a login is not seen)",
        "PermissionsManageEncryptionKeys",
    ] {
        assert!(told(Role::Scanner).contains(lost), "{lost}: {}", told(Role::Scanner));
    }
    assert!(!told(Role::Revoker).contains("LoginHistory"), "it reads none: {}", told(Role::Revoker));
    assert_eq!(check(&org, Role::Scanner, "schema")["state"], "ok", "what is blind stands at its permission");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_without_which_nothing_is_read_is_blindness() {
    let served = Served::start().await;
    served.simulator.org().remove_field("AuthSession", "NumSecondsValid").unwrap();
    let (code, org, _) = doctor(&served).await;
    for role in [Role::Scanner, Role::Revoker] {
        let schema = check(&org, role, "schema");
        assert_eq!((code, &schema["state"]), (4, &json!("blind")), "{schema:#}");
        assert!(schema["seen"].as_str().unwrap().contains("AuthSession.NumSecondsValid"), "{schema:#}");
    }
}

const PAGE: &str = include_str!("../../../docs/identities.md");

#[test]
fn the_documented_tables_are_what_doctor_says() {
    for (name, table) in [("abilities", abilities()), ("prices", prices())] {
        let expected = format!("<!-- {name} -->\n{table}<!-- /{name} -->");
        assert!(PAGE.contains(&expected), "docs/identities.md should have\n{expected}");
    }
}

fn abilities() -> String {
    let mut table = "| Ability | Object | Any one of these permissions | Scanner | Revoker | Without it |\n\
                     |---|---|---|---|---|---|\n"
        .to_owned();
    let weight = |role, ability: Ability| match ability.weight(role) {
        Some(Weight::Needed) => "needed",
        Some(Weight::Useful) => "useful",
        None => "",
    };
    for ability in Ability::ALL {
        let permissions: Vec<_> = ability.permissions().iter().map(|permission| permission.label()).collect();
        writeln!(
            table,
            "| `{ability}` | {} | {} | {} | {} | {} |",
            ability.object(),
            permissions.join(", "),
            weight(Role::Scanner, ability),
            weight(Role::Revoker, ability),
            ability.lost()
        )
        .unwrap();
    }
    table
}

fn prices() -> String {
    use Permission::{
        CustomizeApplication, FreezeUsers, ManageTwoFactor, ManageUsers, MonitorLoginHistory, ResetPasswords,
        ViewAllUsers, ViewSetup,
    };
    let mut table = "| Identity | It holds | It does without |\n|---|---|---|\n".to_owned();
    let sets: [(Role, &[Permission]); 8] = [
        (Role::Scanner, &[ManageUsers, CustomizeApplication, ViewSetup, ManageTwoFactor]),
        (Role::Scanner, &[ManageUsers, ViewSetup]),
        (Role::Scanner, &[ManageUsers]),
        (Role::Scanner, &[MonitorLoginHistory, ViewAllUsers, ViewSetup]),
        (Role::Scanner, &[MonitorLoginHistory]),
        (Role::Revoker, &[ManageUsers, CustomizeApplication, ViewSetup, ResetPasswords]),
        (Role::Revoker, &[ManageUsers]),
        (Role::Revoker, &[FreezeUsers]),
    ];
    for (role, held) in sets {
        let labels: Vec<_> = held.iter().map(|permission| permission.label()).collect();
        let lost = without(role, held);
        let lost = if lost.is_empty() { "nothing".to_owned() } else { lost.join(", ") };
        writeln!(table, "| {role} | {} | {lost} |", labels.join(", ")).unwrap();
    }
    table
}

/// What is neither seen nor done with these permissions, in bold where that makes it blind.
fn without(role: Role, held: &[Permission]) -> Vec<String> {
    let visibility = Visibility::of_permissions(held.iter().copied());
    let used = Ability::ALL.into_iter().filter_map(|ability| Some((ability, ability.weight(role)?)));
    used.filter(|(ability, _)| visibility.of(*ability) != Sight::Seeing)
        .map(|(ability, weight)| match weight {
            Weight::Needed => format!("**`{ability}`**"),
            Weight::Useful => format!("`{ability}`"),
        })
        .collect()
}
