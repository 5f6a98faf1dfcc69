//! What surrounds logins, sessions and tokens: privileges, known addresses, changes of the setup, installed apps.

use futures::TryStreamExt;
use jiff::SignedDuration;
use salesforce_simulator::{Permission, PermittedUsers, Write};
use session_warden::observation::{AccountKind, SignOn, UserId};
use session_warden::salesforce::{Applied, Permitted, SalesforceError, Whose};

use crate::support::{revoker, scanner, small, somebody, username};

#[tokio::test]
async fn every_user_is_read_with_details() {
    let simulator = small().await;
    let pages: Vec<_> = scanner(&simulator).user_pages().try_collect().await.unwrap();
    let users: Vec<_> = pages.into_iter().flat_map(|page| page.rows).collect();
    let org = simulator.org();
    assert_eq!(users.len(), org.users().len());
    assert!(users.is_sorted_by_key(|user| user.id.clone()));
    for user in &users {
        let there = org.user(user.id.as_str()).unwrap();
        let is_federated = user.details.sign_on == SignOn::Federated;
        assert_eq!(is_federated, there.federation_identifier.is_some());
        assert_eq!(user.details.time_zone, there.time_zone);
        assert_eq!(user.details.profile_id, there.profile_id.as_str());
    }
    assert!(users.iter().any(|user| user.kind == AccountKind::Integration));
}

#[tokio::test]
async fn privileges_come_from_profiles_and_permission_sets_in_one_query() {
    let simulator = small().await;
    let client = scanner(&simulator);
    let privileges = client.privileges().await.unwrap();
    let org = simulator.org();
    for user in org.users().iter().filter(|user| user.is_active()) {
        let id = UserId::new(user.id.as_str());
        let held = org.permissions_of(&user.id);
        for permission in
            [Permission::ManageUsers, Permission::ModifyAllData, Permission::CustomizeApplication]
        {
            let told = privileges.holds(&id, permission.api_name());
            assert_eq!(told, held.contains(permission), "{} {permission:?}", user.username);
        }
    }
    let queries = org.requests().iter().filter(|request| request.query.contains("PermissionsModifyAllData"));
    assert_eq!(queries.count(), 1);
}

#[tokio::test]
async fn known_addresses_are_listed_and_forgotten() {
    let simulator = small().await;
    let user = somebody(&simulator);
    simulator.org().trust_address(user, "203.0.113.9");
    let client = revoker(&simulator);
    let known = client.known_addresses(Whose::User(&UserId::new(user.as_str()))).await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(client.forget_address(&known[0]).await, Ok(Applied::Done));
    assert_eq!(client.forget_address(&known[0]).await, Ok(Applied::AlreadySo));
    assert!(simulator.org().login_ips().is_empty());
    let writes = simulator.org().take_writes();
    assert!(writes.iter().all(|write| matches!(write, Write::DeletedLoginIp { .. })));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn changes_of_the_setup_come_in_order() {
    let simulator = small().await;
    let user = somebody(&simulator);
    let from = simulator.org().now() - SignedDuration::from_mins(1);
    simulator.org().change_setup(Some(user), "PermSetAssign", "Manage Users", "Assigned <script> to Ada");
    simulator.org().change_setup(None, "suOrgAdminLogin", "Manage Users", "Logged in");
    let until = from + SignedDuration::from_hours(1);
    let pages: Vec<_> = scanner(&simulator).setup_changes(from, until).try_collect().await.unwrap();
    let changes: Vec<_> = pages.into_iter().flat_map(|page| page.rows).collect();
    let actions: Vec<_> = changes.iter().map(|change| change.action.as_str()).collect();
    assert_eq!(actions, ["PermSetAssign", "suOrgAdminLogin"]);
    assert_eq!(changes[0].user_id, Some(UserId::new(user.as_str())));
    let org = simulator.org();
    let filters: Vec<_> =
        org.requests().iter().filter_map(|request| request.query.split_once("WHERE")).collect();
    assert!(filters.iter().all(|(_, filter)| !filter.contains("Display")));
}

#[tokio::test]
async fn installed_apps_say_who_may_use_them() {
    let simulator = small().await;
    simulator.org().install_app("Data Loader", PermittedUsers::SelfAuthorised);
    simulator.org().install_app("Payroll", PermittedUsers::AdminApproved);
    let apps = scanner(&simulator).connected_apps().await.unwrap();
    let told: Vec<_> = apps.iter().map(|app| (app.name.as_str(), app.permitted)).collect();
    assert_eq!(
        told,
        [("Data Loader", Some(Permitted::SelfAuthorised)), ("Payroll", Some(Permitted::AdminApproved))]
    );
    simulator.finish().unwrap();
}

#[tokio::test]
async fn what_an_identity_may_not_see_is_named() {
    let simulator = small().await;
    let name = username(&simulator, "scanner");
    for taken in [Permission::ViewSetup, Permission::ManageTwoFactor] {
        simulator.org().remove_permission(&name, taken);
    }
    let client = scanner(&simulator);
    let now = simulator.org().now();
    let changes: Result<Vec<_>, _> = client.setup_changes(now, now).try_collect().await;
    assert_eq!(changes.unwrap_err(), SalesforceError::NotVisible { what: "SetupAuditTrail".to_owned() });
    let factors = client.factors(&[UserId::new(somebody(&simulator).as_str())]).await;
    assert_eq!(factors.unwrap_err(), SalesforceError::NotVisible { what: "TwoFactorMethodsInfo".to_owned() });
    simulator.finish().unwrap();
}
