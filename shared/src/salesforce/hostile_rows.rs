//! Rows that are not as documented, of every object: no panic, and no error that repeats what a row holds.

use serde_json::{Value, json};

use super::*;

const HOSTILE: &str = "HOSTILE'\u{1b}[2J<script>";

type Reading = fn(Value) -> Result<String, String>;

/// A record of each object with every field, and what reads it.
fn objects() -> Vec<(&'static str, Value, Reading)> {
    let at = "2026-11-23T18:43:00.000+0000";
    vec![
        (
            "AuthSession",
            json!({ "Id": "0Ak5g00000AbCdEAAV", "UsersId": "0055g00000AbCdEAAV", "ParentId": "0Ak5g00000AbCdEAAV",
                "SessionType": "UI", "LoginType": "Application", "SessionSecurityLevel": "STANDARD",
                "SourceIp": "198.18.4.7", "LoginHistoryId": "0Ya5g00000AbCdEAAV", "NumSecondsValid": 7200,
                "CreatedDate": at, "LastModifiedDate": at, "IsCurrent": false, "IsAssociatedWithJwtAccessToken": true,
                "LoginGeo": { "Latitude": 1.0, "Longitude": 2.0, "City": "x", "CountryIso": "DE" } }),
            |row| session_from_record(row).map(|read| format!("{read:?}")),
        ),
        (
            "OauthToken",
            json!({ "UserId": "0055g00000AbCdEAAV", "AppName": "Data Loader", "DeleteToken": "secret", "UseCount": 3,
                "LastUsedDate": at, "CreatedDate": at }),
            |row| token_from_record(row, &TokenHashKey::new([7; 32])).map(|read| format!("{read:?}")),
        ),
        (
            "User",
            json!({ "Id": "0055g00000AbCdEAAV", "Username": "ada", "Name": "Ada", "IsActive": true,
                "Profile": { "Name": "Standard" }, "ProfileId": "00e", "UserType": "Standard",
                "FederationIdentifier": "x", "LastPasswordChangeDate": at, "TimeZoneSidKey": "Europe/Berlin",
                "ManagerId": "0055g00000AbCdEAAV" }),
            |row| user_from_record(row).map(|read| format!("{read:?}")),
        ),
        (
            "VerificationHistory",
            json!({ "Id": "0qK", "VerificationTime": at, "UserId": "005", "Activity": "Login", "Status": "Succeeded",
                "SourceIp": "198.18.4.7", "LoginHistoryId": "0Ya", "Policy": "ProfilePolicy",
                "VerificationMethod": "Totp", "Remarks": "x", "EventGroup": 1 }),
            |row| verification_from_record(row).map(|read| format!("{read:?}")),
        ),
        (
            "LoginIp",
            json!({ "Id": "710", "UsersId": "005", "SourceIp": "198.18.4.7", "CreatedDate": at, "IsAuthenticated": true }),
            |row| known_address_from_record(row).map(|read| format!("{read:?}")),
        ),
        (
            "SetupAuditTrail",
            json!({ "Id": "0Ym", "Action": "x", "Section": "x", "Display": "x", "CreatedById": "005",
                "CreatedDate": at, "DelegateUser": "x" }),
            |row| setup_change_from_record(row).map(|read| format!("{read:?}")),
        ),
        ("TwoFactorMethodsInfo", json!({ "UserId": "005", "HasTotp": true, "HasU2F": false }), |row| {
            factors_from_record(row).map(|read| format!("{read:?}"))
        }),
        (
            "ConnectedApplication",
            json!({ "Id": "0H4", "Name": "x", "OptionsAllowAdminApprovedUsersOnly": true,
                "RefreshTokenValidityPeriod": 30 }),
            |row| connected_app_from_record(row).map(|read| format!("{read:?}")),
        ),
    ]
}

fn hostile_values() -> [Value; 9] {
    let long = HOSTILE.repeat(20_000);
    [
        json!(null),
        json!(HOSTILE),
        json!(long),
        json!([HOSTILE]),
        json!({ "Name": HOSTILE, HOSTILE: 1 }),
        json!(-1),
        json!(i64::MAX),
        json!(1e300),
        json!(true),
    ]
}

#[test]
fn whole_records_are_read() {
    for (object, record, read) in objects() {
        assert!(read(record).is_ok(), "{object}");
    }
}

#[test]
fn a_field_that_is_missing_or_hostile_is_refused_without_its_content() {
    for (object, record, read) in objects() {
        let fields: Vec<_> = record.as_object().unwrap().keys().cloned().collect();
        for field in fields {
            let mut missing = record.clone();
            missing.as_object_mut().unwrap().remove(&field);
            let _ = read(missing);
            for value in hostile_values() {
                let mut hostile = record.clone();
                hostile[&field] = value;
                match read(hostile) {
                    Err(reason) => assert!(!reason.contains("HOSTILE"), "{object}.{field}: {reason}"),
                    Ok(told) => assert!(!told.contains("\"secret\""), "{object}.{field}"),
                }
            }
        }
    }
}

#[test]
fn what_is_no_record_is_refused() {
    for (object, _, read) in objects() {
        for row in hostile_values().into_iter().chain([json!({})]) {
            let reason = read(row).expect_err(object);
            assert!(!reason.contains("HOSTILE"), "{object}: {reason}");
        }
    }
}

#[test]
fn long_texts_are_cut() {
    for (object, record, read) in objects() {
        let texts = ["AppName", "Name", "Remarks", "Display", "SessionType"];
        for field in texts.into_iter().filter(|field| record.get(field).is_some()) {
            let mut long = record.clone();
            long[field] = json!("x".repeat(1_000_000));
            assert!(read(long).unwrap().len() < 4_000, "{object}.{field}");
        }
    }
}
