//! LoginHistory. Source: Object Reference, LoginHistory. `Status`, `Application`, `Browser` and `Platform` cannot be
//! filtered, so WHERE names only LoginTime and Id and the rest is judged here.

use std::collections::HashMap;

use futures::{Stream, stream};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::client::Salesforce;
use super::datetime::{Instant, literal};
use super::error::SalesforceError;
use super::query::{Cursor, Page, record};
use super::soql::{IDS_PER_QUERY, list};
use super::wire::Text;
use crate::observation::{Client, CountryCode, Login, LoginId, Outcome, Place, Source, UserId};

const OBJECT: &str = "LoginHistory";
const FIELDS: &str = "Id, UserId, LoginTime, LoginType, LoginSubType, Status, SourceIp, CountryIso, TlsProtocol, \
                      CipherSuite, Application, Browser, Platform";
/// Needs Manage Users; without it the whole query is refused.
const PLACE_FIELDS: &str = "LoginGeo.Latitude, LoginGeo.Longitude, LoginGeo.City";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    id: LoginId,
    user_id: Option<UserId>,
    login_time: Instant,
    #[serde(default)]
    login_type: Text,
    #[serde(default)]
    login_sub_type: Text,
    #[serde(default)]
    status: Text,
    source_ip: Option<String>,
    country_iso: Option<String>,
    login_geo: Option<Geo>,
    #[serde(default)]
    tls_protocol: Text,
    #[serde(default)]
    cipher_suite: Text,
    #[serde(default)]
    application: Text,
    #[serde(default)]
    browser: Text,
    #[serde(default)]
    platform: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Geo {
    latitude: Option<f64>,
    longitude: Option<f64>,
    #[serde(default)]
    city: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Join {
    id: LoginId,
    login_time: Instant,
    source_ip: Option<String>,
}

/// Reads a LoginHistory record as the REST API writes it.
///
/// # Errors
/// Says what keeps the record from being read, without repeating its content.
pub fn login_from_record(value: Value) -> Result<Login, String> {
    let record: Record = record(value)?;
    let status = record.status.0;
    Ok(Login {
        id: record.id,
        time: record.login_time.0,
        user_id: record.user_id,
        outcome: Outcome::from_status(&status),
        status,
        login_type: record.login_type.0,
        login_sub_type: record.login_sub_type.0,
        source: source(record.source_ip),
        place: place(record.country_iso.as_deref(), record.login_geo),
        application: record.application.0,
        client: Client {
            browser: record.browser.0,
            platform: record.platform.0,
            tls_protocol: record.tls_protocol.0,
            cipher_suite: record.cipher_suite.0,
        },
    })
}

fn source(source_ip: Option<String>) -> Source {
    Source::from(source_ip.unwrap_or_default())
}

fn place(country_iso: Option<&str>, geo: Option<Geo>) -> Option<Place> {
    let country = country_iso.and_then(CountryCode::parse);
    let coordinates = geo.as_ref().and_then(|geo| geo.latitude.zip(geo.longitude));
    Place::from_parts(coordinates, country, geo.map(|geo| geo.city.0))
}

impl Salesforce {
    /// The logins with `from` <= LoginTime < `until`, both taken to whole seconds, ordered by LoginTime and Id. Holds
    /// one page at a time. Where this identity may not see LoginGeo, places come from the country alone.
    pub fn logins(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Stream<Item = Result<Page<Login>, SalesforceError>> + Send + '_ {
        let window = format!(
            "FROM LoginHistory WHERE LoginTime >= {} AND LoginTime < {} ORDER BY LoginTime, Id",
            literal(from),
            literal(until)
        );
        stream::try_unfold(Cursor::Start(window), move |cursor| self.login_page(cursor))
    }

    async fn login_page(&self, cursor: Cursor) -> Result<Option<(Page<Login>, Cursor)>, SalesforceError> {
        let Cursor::Start(window) = cursor else { return self.page(OBJECT, cursor, login_from_record).await };
        let select = |fields: &str| Cursor::Start(format!("SELECT {fields} {window}"));
        if self.no_places.get().is_none() {
            let with_places = select(&format!("{FIELDS}, {PLACE_FIELDS}"));
            match self.page(OBJECT, with_places, login_from_record).await {
                Err(error) if error.code() == Some("INVALID_FIELD") => {}
                outcome => return outcome,
            }
        }
        let page = self.page(OBJECT, select(FIELDS), login_from_record).await?;
        if self.no_places.set(()).is_ok() {
            tracing::warn!("this identity may not see LoginGeo; places come from the country alone");
        }
        Ok(page)
    }

    /// Time and address of these logins; a login that cannot be seen is absent from the answer.
    pub async fn logins_by_id(
        &self,
        ids: &[LoginId],
    ) -> Result<HashMap<LoginId, (Timestamp, Source)>, SalesforceError> {
        let mut found = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(IDS_PER_QUERY) {
            let ids = list(chunk.iter().map(LoginId::as_str));
            let soql = format!("SELECT Id, LoginTime, SourceIp FROM LoginHistory WHERE Id IN {ids}");
            let rows = self.rows(OBJECT, soql, record::<Join>).await?;
            found.extend(rows.into_iter().map(|row| (row.id, (row.login_time.0, source(row.source_ip)))));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn full() -> Value {
        json!({
            "attributes": { "type": "LoginHistory", "url": "/services/data/v67.0/sobjects/LoginHistory/0Ya" },
            "Id": "0Ya5g00000AbCdEAAV", "UserId": "0055g00000AbCdEAAV",
            "LoginTime": "2026-11-23T18:43:00.000+0000", "LoginType": "Application", "LoginSubType": null,
            "Status": "Invalid Password", "SourceIp": "198.18.4.7", "CountryIso": "FR",
            "LoginGeo": { "attributes": {}, "Latitude": 45.76, "Longitude": 4.84, "City": "Lyon" },
            "TlsProtocol": "TLS 1.3", "CipherSuite": "TLS_AES_256_GCM_SHA384", "Application": "Browser",
            "Browser": "Chrome 141", "Platform": "Windows 11",
        })
    }

    #[test]
    fn a_full_record() {
        let login = login_from_record(full()).unwrap();
        assert_eq!(login.outcome, Outcome::WrongPassword);
        assert_eq!(login.source, Source::from("198.18.4.7"));
        assert_eq!(login.place.unwrap().label(), "Lyon, FR");
        assert_eq!(login.client.browser, "Chrome 141");
    }

    #[test]
    fn an_id_and_a_time_are_enough() {
        let login = json!({ "Id": "0Ya5g00000AbCdEAAV", "LoginTime": "2026-11-23T18:43:00.000Z" });
        let login = login_from_record(login).unwrap();
        assert_eq!((login.user_id, login.source, login.place), (None, Source::Missing, None));
    }

    #[test]
    fn broken_records_are_refused_without_their_content() {
        let broken = |field: &str, value: Value| {
            let mut record = full();
            record[field] = value;
            login_from_record(record).unwrap_err()
        };
        assert!(!broken("LoginTime", json!("HOSTILE")).contains("HOSTILE"));
        assert!(!broken("Status", json!({ "HOSTILE": 1 })).contains("HOSTILE"));
        broken("Id", json!(null));
        assert!(login_from_record(json!([])).is_err());
    }

    #[test]
    fn overlong_text_is_cut() {
        let mut record = full();
        record["Application"] = json!("é".repeat(100_000));
        assert_eq!(login_from_record(record).unwrap().application.chars().count(), 255);
    }
}
