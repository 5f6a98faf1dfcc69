//! A LoginHistory record as the REST API writes it. Source: Object Reference, LoginHistory.

use serde::Deserialize;

use super::datetime::Instant;
use super::describe::Wanted;
use super::error::SalesforceError;
use super::query::{Page, read_page, record_from};
use super::wire::{Address, Country, Field};
use crate::observation::{Client, Login, LoginDetail, LoginId, Outcome, Place, Text, UserId};

pub(super) const OBJECT: &str = "LoginHistory";
pub(super) const WANTED: Wanted = Wanted {
    object: OBJECT,
    required: &["Id", "UserId", "LoginTime", "LoginType", "Status", "SourceIp"],
    optional: &[
        "LoginSubType",
        "CountryIso",
        "TlsProtocol",
        "CipherSuite",
        "Application",
        "Browser",
        "Platform",
        // Needs Manage Users.
        "LoginGeo.Latitude",
        "LoginGeo.Longitude",
        "LoginGeo.City",
        "ForwardedForIp",
        "AuthContextClassRef",
        "AuthMethodReference",
        "AuthenticationServiceId",
        "LoginUrl",
        "ApiType",
        "ApiVersion",
        "ClientVersion",
        "OptionsIsGet",
    ],
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Record {
    pub(super) id: LoginId,
    pub(super) user_id: Option<UserId>,
    pub(super) login_time: Instant,
    #[serde(default)]
    pub(super) login_type: Field<Text>,
    #[serde(default)]
    pub(super) login_sub_type: Field<Text>,
    #[serde(default)]
    pub(super) status: Field<Text>,
    #[serde(default)]
    pub(super) source_ip: Address,
    #[serde(default)]
    pub(super) country_iso: Country,
    pub(super) login_geo: Option<Geo>,
    #[serde(default)]
    pub(super) tls_protocol: Field<Text>,
    #[serde(default)]
    pub(super) cipher_suite: Field<Text>,
    #[serde(default)]
    pub(super) application: Field<Text>,
    #[serde(default)]
    pub(super) browser: Field<Text>,
    #[serde(default)]
    pub(super) platform: Field<Text>,
    #[serde(default)]
    pub(super) forwarded_for_ip: Field<Text>,
    #[serde(default)]
    pub(super) auth_method_reference: Field<Text>,
    #[serde(default)]
    pub(super) auth_context_class_ref: Field<Text>,
    #[serde(default)]
    pub(super) authentication_service_id: Field<Text>,
    #[serde(default)]
    pub(super) login_url: Field<Text>,
    #[serde(default)]
    pub(super) api_type: Field<Text>,
    #[serde(default)]
    pub(super) api_version: Field<Text>,
    #[serde(default)]
    pub(super) client_version: Field<Text>,
    pub(super) options_is_get: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Geo {
    pub(super) latitude: Option<f64>,
    pub(super) longitude: Option<f64>,
    #[serde(default)]
    pub(super) city: Field<Text>,
}

/// Reads a LoginHistory record as the REST API writes it.
///
/// # Errors
/// Says what keeps the record from being read, without repeating its content.
pub fn login_from_json(text: &str) -> Result<Login, String> {
    login(record_from(text)?)
}

/// Reads a page of LoginHistory records as the query resource answers it.
///
/// # Errors
/// When the page as a whole is not what the API documents; a record that cannot be read is set aside in it.
pub fn logins_from_page(body: &[u8]) -> Result<Page<Login>, SalesforceError> {
    read_page(OBJECT, body, 0, &login).map(|(page, _)| page)
}

#[expect(clippy::unnecessary_wraps, reason = "the form of every reader of records")]
pub(super) fn login(record: Record) -> Result<Login, String> {
    let status = record.status.0;
    let geo = record.login_geo;
    let coordinates = geo.as_ref().and_then(|geo| geo.latitude.zip(geo.longitude));
    Ok(Login {
        id: record.id,
        time: record.login_time.0,
        user_id: record.user_id,
        outcome: Outcome::from_status(&status),
        status,
        login_type: record.login_type.0,
        login_sub_type: record.login_sub_type.0,
        source: record.source_ip.0,
        place: Place::from_parts(coordinates, record.country_iso.0, geo.map(|geo| geo.city.0)),
        application: record.application.0,
        client: Client {
            browser: record.browser.0,
            platform: record.platform.0,
            tls_protocol: record.tls_protocol.0,
            cipher_suite: record.cipher_suite.0,
        },
        detail: LoginDetail {
            forwarded_for: record.forwarded_for_ip.0,
            auth_method: record.auth_method_reference.0,
            auth_context: record.auth_context_class_ref.0,
            auth_service_id: record.authentication_service_id.0,
            login_url: record.login_url.0,
            api_type: applicable(record.api_type),
            api_version: applicable(record.api_version),
            client_version: applicable(record.client_version),
            by_get: record.options_is_get.unwrap_or_default(),
            relayed: false,
            login_key: Text::default(),
            origin: None,
        },
    })
}

/// Logins that came over no API say so with `N/A`.
fn applicable(text: Field<Text>) -> Text {
    if text.0 == "N/A" { Text::default() } else { text.0 }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::observation::Source;

    fn full() -> Value {
        json!({
            "attributes": { "type": "LoginHistory", "url": "/services/data/v67.0/sobjects/LoginHistory/0Ya" },
            "Id": "0Ya5g00000AbCdEAAV", "UserId": "0055g00000AbCdEAAV",
            "LoginTime": "2026-11-23T18:43:00.000+0000", "LoginType": "Application", "LoginSubType": null,
            "Status": "Invalid Password", "SourceIp": "198.18.4.7", "CountryIso": "FR",
            "LoginGeo": { "attributes": {}, "Latitude": 45.76, "Longitude": 4.84, "City": "Lyon" },
            "TlsProtocol": "TLS 1.3", "CipherSuite": "TLS_AES_256_GCM_SHA384", "Application": "Browser",
            "Browser": "Chrome 141", "Platform": "Windows 11", "ForwardedForIp": "10.0.0.1, unknown",
            "AuthMethodReference": null, "AuthContextClassRef": "urn:oasis:names:tc:SAML:2.0:ac:classes:X509",
            "AuthenticationServiceId": "0LE5g00000AbCdEAAV", "LoginUrl": "acme.my.salesforce.com",
            "ApiType": "N/A", "ApiVersion": "N/A", "ClientVersion": "N/A", "OptionsIsGet": true,
        })
    }

    #[test]
    fn a_full_record() {
        let login = login_from_json(&full().to_string()).unwrap();
        assert_eq!(login.outcome, Outcome::WrongPassword);
        assert_eq!(login.source, Source::from("198.18.4.7"));
        assert_eq!(login.place.unwrap().label(), "Lyon, FR");
        assert_eq!(login.client.browser, "Chrome 141");
        let detail = LoginDetail {
            forwarded_for: "10.0.0.1, unknown".into(),
            auth_context: "urn:oasis:names:tc:SAML:2.0:ac:classes:X509".into(),
            auth_service_id: "0LE5g00000AbCdEAAV".into(),
            login_url: "acme.my.salesforce.com".into(),
            by_get: true,
            ..LoginDetail::default()
        };
        assert_eq!(login.detail, detail);
    }

    #[test]
    fn an_id_and_a_time_are_enough() {
        let login = json!({ "Id": "0Ya5g00000AbCdEAAV", "LoginTime": "2026-11-23T18:43:00.000Z" });
        let login = login_from_json(&login.to_string()).unwrap();
        assert_eq!((login.user_id, login.source, login.place), (None, Source::Missing, None));
        assert!(login.detail.is_empty());
    }

    #[test]
    fn broken_records_are_refused_without_their_content() {
        let broken = |field: &str, value: Value| {
            let mut record = full();
            record[field] = value;
            login_from_json(&record.to_string()).unwrap_err()
        };
        assert_eq!(broken("LoginTime", json!("HOSTILE")), "LoginTime is not of its documented type");
        assert_eq!(broken("Status", json!({ "HOSTILE": 1 })), "Status is not of its documented type");
        broken("Id", json!(null));
        assert!(login_from_json("[]").is_err());
    }

    #[test]
    fn overlong_text_is_cut() {
        let mut record = full();
        record["Application"] = json!("é".repeat(100_000));
        assert_eq!(login_from_json(&record.to_string()).unwrap().application.chars().count(), 255);
    }

    #[test]
    fn a_page_is_read_as_its_records_are() {
        let mut broken = full();
        broken["LoginTime"] = json!(7);
        for records in [json!([full(), full()]), json!([full(), broken])] {
            let one_by_one: Vec<_> = records
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|row| login_from_json(&row.to_string()))
                .collect();
            let body = json!({ "totalSize": 2, "done": true, "records": records }).to_string();
            let page = logins_from_page(body.as_bytes()).unwrap();
            assert_eq!((page.rows, page.rejected.len()), (one_by_one.clone(), 2 - one_by_one.len()));
        }
    }
}
