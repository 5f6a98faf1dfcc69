//! Every object answers with its rows and its relationships.

use crate::support::{log_in, started};
use salesforce_simulator::{Simulator, generate};
use serde_json::{Value, json};

#[tokio::test]
async fn every_object_can_be_queried_and_read() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    for (object, fields) in [
        (
            "AuthSession",
            "Id, UsersId, UserType, SourceIp, LoginType, SessionType, SessionSecurityLevel, LogoutUrl, ParentId, LoginHistoryId, LoginGeoId, IsCurrent, IsAssociatedWithJwtAccessToken, NumSecondsValid, CreatedDate, LastModifiedDate, Users.Username, Users.Profile.Name, LoginHistory.Status, LoginGeo.City",
        ),
        (
            "LoginGeo",
            "Id, LoginTime, City, Country, CountryIso, Subdivision, PostalCode, Latitude, Longitude",
        ),
        (
            "LoginHistory",
            "Id, UserId, LoginTime, LoginType, LoginSubType, Status, SourceIp, ForwardedForIp, CountryIso, LoginGeoId, AuthenticationServiceId, AuthMethodReference, AuthContextClassRef, LoginUrl, TlsProtocol, CipherSuite, OptionsIsGet, OptionsIsPost, Application, Browser, Platform, ClientVersion, ApiType, ApiVersion, LoginGeo.Latitude, LoginGeo.Longitude",
        ),
        (
            "Organization",
            "Id, Name, OrganizationType, InstanceName, IsSandbox, NamespacePrefix, TrialExpirationDate",
        ),
        ("PermissionSet", "Id, Name, Label, IsOwnedByProfile, Type, PermissionsManageUsers, Profile.Name"),
        (
            "PermissionSetAssignment",
            "Id, AssigneeId, Assignee.Username, PermissionSet.Name, PermissionSet.IsOwnedByProfile",
        ),
        ("Profile", "Id, Name, UserType, PermissionsModifyAllData"),
        (
            "User",
            "Id, Username, Email, Name, FirstName, LastName, Alias, IsActive, ProfileId, Profile.Name, Profile.PermissionsManageUsers, UserType, FederationIdentifier, Department, CreatedDate, LastLoginDate, LastPasswordChangeDate, NumberOfFailedLogins, TimeZoneSidKey, LocaleSidKey",
        ),
        ("UserLogin", "Id, UserId, IsFrozen, IsPasswordLocked, LastModifiedDate, LastModifiedById"),
        (
            "UserPermissionAccess",
            "Id, PermissionsManageUsers, PermissionsApiEnabled, PermissionsModifyAllData",
        ),
        (
            "VerificationHistory",
            "Id, EventGroup, VerificationTime, UserId, LoginHistoryId, SourceIp, Remarks, ResourceId, Activity, Status, Policy, VerificationMethod, User.Username, LoginGeo.City, LoginHistory.LoginTime",
        ),
    ] {
        let rows = api.records(&format!("SELECT {fields} FROM {object} LIMIT 3")).await;
        assert!(!rows.is_empty(), "{object}");
        assert_eq!(rows[0]["attributes"]["type"], object);
        let url = rows[0]["attributes"]["url"].as_str().unwrap().to_owned();
        let answer = api.call(reqwest::Method::GET, &url, &[]).await;
        let record: Value = answer.json().await.unwrap();
        assert_eq!(record["Id"], rows[0]["Id"], "{object}");
    }
    let tokens = api.records("SELECT Id, UserId, AppName, AppMenuItemId, AccessToken, RequestToken, DeleteToken, LastUsedDate, CreatedDate, UseCount, User.Username FROM OauthToken").await;
    assert!(tokens.iter().all(|token| token["Id"].is_null() && token["DeleteToken"].is_string()));
    assert!(tokens.len() > 5);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn the_privileged_are_found_in_one_query() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    let query = "SELECT AssigneeId, Assignee.Username, PermissionSet.Name, PermissionSet.IsOwnedByProfile \
        FROM PermissionSetAssignment WHERE Assignee.IsActive = true AND \
        (PermissionSet.PermissionsModifyAllData = true OR PermissionSet.PermissionsManageUsers = true)";
    let rows = api.records(query).await;
    let names: Vec<&str> = rows.iter().map(|row| row["Assignee"]["Username"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 7, "{names:?}");
    assert!(names.iter().any(|name| name.starts_with("break-glass@")));
}

#[tokio::test]
async fn a_family_is_one_root_and_its_children() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    let roots = api
        .records(
            "SELECT Id, ParentId FROM AuthSession WHERE SessionType = 'UI' ORDER BY CreatedDate DESC LIMIT 1",
        )
        .await;
    assert_eq!(roots[0]["Id"], roots[0]["ParentId"]);
    let id = roots[0]["Id"].as_str().unwrap();
    let children = api.records(&format!("SELECT SessionType, LoginType FROM AuthSession WHERE ParentId = '{id}' AND Id != '{id}' ORDER BY Id")).await;
    let types: Vec<&str> = children.iter().map(|child| child["SessionType"].as_str().unwrap()).collect();
    assert_eq!(types, ["Aura", "Content", "API", "TempUIFrontdoor"]);
    assert_eq!(children[2]["LoginType"], "Unknown");
}

#[tokio::test]
async fn token_pages_are_small_and_end_early() {
    let mut org = generate(&salesforce_simulator::Seed { users: 40, days: 0, ..Default::default() });
    let user = org.users()[5].id;
    for number in 0..2_700 {
        org.approve(user, &format!("App {number}"));
    }
    let simulator = Simulator::start(org).await.unwrap();
    let api = log_in(&simulator, "scanner").await;
    let (_, first) = api.query("SELECT AppName FROM OauthToken").await;
    assert_eq!((first["records"].as_array().unwrap().len(), &first["done"]), (500, &json!(false)));
    assert_eq!(api.records("SELECT AppName FROM OauthToken").await.len(), 2_500);
    assert_eq!(api.query("SELECT COUNT() FROM OauthToken").await.1["totalSize"], 2_700);
}

#[tokio::test]
async fn a_record_that_is_not_there_is_not_found() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    for path in ["User/005Kj0zzzzzzzzz", "User/nobody", "AuthSession/%00"] {
        let answer =
            api.call(reqwest::Method::GET, &format!("/services/data/v67.0/sobjects/{path}"), &[]).await;
        assert_eq!(answer.status(), 404, "{path}");
    }
    simulator.finish().unwrap();
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    assert_eq!(api.delete("User", &simulator.connection_document()["org_alias"].to_string()).await.0, 403);
    assert_eq!(api.delete("Account", "001").await.0, 404);
    assert_eq!(simulator.finish().unwrap_err().writes.len(), 2);
}
