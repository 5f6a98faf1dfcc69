//! AuthSession: the live sessions. Source: Object Reference, AuthSession.

use std::collections::{BTreeSet, HashMap};

use futures::{Stream, stream};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Whose;
use super::client::Salesforce;
use super::datetime::Instant;
use super::describe::Wanted;
use super::error::SalesforceError;
use super::login_geo::Geo;
use super::query::{Cursor, Page, record};
use super::soql::quote;
use super::wire::Text;
use crate::observation::{
    AccessToken, CountryCode, LoginId, Session, SessionId, SessionLogin, Source, UserId,
};

pub(super) const OBJECT: &str = "AuthSession";
pub(super) const WANTED: Wanted = Wanted {
    object: OBJECT,
    required: &[
        "Id",
        "UsersId",
        "ParentId",
        "SessionType",
        "SourceIp",
        "NumSecondsValid",
        "CreatedDate",
        "LastModifiedDate",
        "IsCurrent",
    ],
    optional: &[
        "SessionSecurityLevel",
        "LoginType",
        "LoginHistoryId",
        "IsAssociatedWithJwtAccessToken",
        "LoginGeo.Latitude",
        "LoginGeo.Longitude",
        "LoginGeo.City",
        "LoginGeo.CountryIso",
    ],
};
/// A hundred years: a session whose validity Salesforce does not tell counts as live.
const VALIDITY_UNTOLD: i64 = 100 * 365 * 24 * 60 * 60;

/// A session, and whether it is this client's own.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundSession {
    /// The session.
    pub session: Session,
    /// Whose work it carries.
    pub owned: Owned,
}

/// How a session stands to this client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owned {
    /// It belongs to the family this client works through (`IsCurrent`): ending it ends this client's own work.
    ByUs,
    /// It is another family of this client's own user: another process of ours, or somebody who has our key.
    ByOurUser,
    /// Anybody else's.
    ByOthers,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    id: SessionId,
    users_id: UserId,
    parent_id: Option<SessionId>,
    #[serde(default)]
    session_type: Text,
    #[serde(default)]
    login_type: Text,
    #[serde(default)]
    session_security_level: Text,
    source_ip: Option<String>,
    login_geo: Option<Geo>,
    login_history_id: Option<LoginId>,
    num_seconds_valid: Option<i64>,
    created_date: Instant,
    last_modified_date: Instant,
    is_current: Option<bool>,
    is_associated_with_jwt_access_token: Option<bool>,
}

/// Reads an AuthSession record as the REST API writes it; its login's time and address are not in it.
///
/// # Errors
/// Says what keeps the record from being read, without repeating its content.
pub fn session_from_record(value: Value) -> Result<FoundSession, String> {
    let record: Record = record(value)?;
    let geo = record.login_geo;
    let country = geo.as_ref().and_then(|geo| geo.country_iso.as_deref()).and_then(CountryCode::parse);
    Ok(FoundSession {
        owned: if record.is_current == Some(true) { Owned::ByUs } else { Owned::ByOthers },
        session: Session {
            parent_id: record.parent_id.unwrap_or_else(|| record.id.clone()),
            id: record.id,
            user_id: record.users_id,
            session_type: record.session_type.0,
            login_type: record.login_type.0,
            security_level: record.session_security_level.0,
            access_token: access_token(record.is_associated_with_jwt_access_token),
            source: Source::from(record.source_ip.unwrap_or_default()),
            place: geo.and_then(|geo| geo.place(country)),
            login: record.login_history_id.map(|id| SessionLogin { id, read: None }),
            first_login: None,
            created: record.created_date.0,
            last_modified: record.last_modified_date.0,
            seconds_valid: record.num_seconds_valid.unwrap_or(VALIDITY_UNTOLD),
            origin: None,
        },
    })
}

fn access_token(is_jwt: Option<bool>) -> AccessToken {
    match is_jwt {
        Some(true) => AccessToken::Jwt,
        Some(false) => AccessToken::Opaque,
        None => AccessToken::Untold,
    }
}

impl Salesforce {
    /// The sessions of [`session_pages`](Self::session_pages), all at once; a list that breaks off is read anew.
    ///
    /// # Errors
    /// Among others [`SalesforceError::UnreadableRow`] when one of a single user's rows cannot be read; among
    /// everyone's, such a row is told to the log.
    pub async fn sessions(&self, whose: Whose<'_>) -> Result<Vec<FoundSession>, SalesforceError> {
        let all = self.session_rows(whose).await?;
        match whose {
            Whose::Everyone => Ok(all.into_rows(OBJECT)),
            Whose::User(_) => all.into_every_row(OBJECT),
        }
    }

    /// As [`sessions`](Self::sessions), with the rows that could not be read beside them.
    pub async fn session_rows(&self, whose: Whose<'_>) -> Result<Page<FoundSession>, SalesforceError> {
        let soql = self.session_soql(whose).await?;
        let mut all = self.query(OBJECT, soql, session_from_record).await?;
        self.complete(&mut all.rows).await?;
        Ok(all)
    }

    /// The sessions in the order of their ids, with the logins they point to; one page is held at a time. Rows may
    /// linger after their expiry. A login that this identity cannot see stays unread; the session is there all the
    /// same.
    pub fn session_pages<'a>(
        &'a self,
        whose: Whose<'a>,
    ) -> impl Stream<Item = Result<Page<FoundSession>, SalesforceError>> + Send + 'a {
        stream::try_unfold(None, move |cursor| async move {
            let cursor = match cursor {
                None => Cursor::Start(self.session_soql(whose).await?),
                Some(cursor) => cursor,
            };
            let Some((mut page, next)) = self.page(OBJECT, cursor, session_from_record).await? else {
                return Ok(None);
            };
            self.complete(&mut page.rows).await?;
            Ok(Some((page, Some(next))))
        })
    }

    async fn session_soql(&self, whose: Whose<'_>) -> Result<String, SalesforceError> {
        let select = self.seen(&WANTED).await?.select();
        Ok(match whose {
            Whose::Everyone => format!("{select} ORDER BY Id"),
            Whose::User(user) => format!("{select} WHERE UsersId = {} ORDER BY Id", quote(user.as_str())),
        })
    }

    /// Adds what the rows themselves do not hold.
    async fn complete(&self, found: &mut [FoundSession]) -> Result<(), SalesforceError> {
        self.mark_own(found).await?;
        let logins = self.logins_of(found).await?;
        for login in found.iter_mut().filter_map(|found| found.session.login.as_mut()) {
            login.read = logins.get(&login.id).cloned();
        }
        Ok(())
    }

    pub(super) async fn mark_own(&self, found: &mut [FoundSession]) -> Result<(), SalesforceError> {
        let own = self.own_user().await?;
        for session in found.iter_mut().filter(|found| found.session.user_id == own) {
            session.owned = if session.owned == Owned::ByUs { Owned::ByUs } else { Owned::ByOurUser };
        }
        Ok(())
    }

    async fn logins_of(
        &self,
        found: &[FoundSession],
    ) -> Result<HashMap<LoginId, (Timestamp, Source)>, SalesforceError> {
        let logins = found.iter().filter_map(|found| found.session.login.as_ref());
        let ids: BTreeSet<_> = logins.map(|login| login.id.clone()).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        match self.logins_by_id(&ids).await {
            Err(error @ (SalesforceError::Api { .. } | SalesforceError::NotVisible { .. }))
                if !error.retryable() =>
            {
                tracing::warn!(error = %error, "sessions are read without their logins");
                Ok(HashMap::new())
            }
            outcome => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::json;

    use super::*;

    fn full() -> Value {
        json!({
            "Id": "0Ak5g00000AbCdEAAV", "UsersId": "0055g00000AbCdEAAV", "ParentId": null, "SessionType": "UI",
            "SessionSecurityLevel": "STANDARD", "SourceIp": "Salesforce.com IP",
            "LoginHistoryId": "0Ya5g00000AbCdEAAV", "NumSecondsValid": 7200, "IsCurrent": true,
            "CreatedDate": "2026-11-23T18:43:00.000+0000", "LastModifiedDate": "2026-11-23T18:44:00.000+0000",
        })
    }

    #[test]
    fn a_session_without_a_parent_is_its_own() {
        let found = session_from_record(full()).unwrap();
        assert!(found.session.is_root());
        assert_eq!(found.owned, Owned::ByUs);
        assert_eq!(found.session.login.unwrap().read, None);
    }

    #[test]
    fn a_session_whose_validity_is_not_told_counts_as_live() {
        let (mut null, mut missing) = (full(), full());
        null["NumSecondsValid"] = json!(null);
        missing.as_object_mut().unwrap().remove("NumSecondsValid");
        for record in [null, missing] {
            let session = session_from_record(record).unwrap().session;
            assert!(session.expires() > session.last_modified + SignedDuration::from_hours(24 * 365));
        }
    }

    #[test]
    fn a_row_that_names_nobody_is_refused() {
        let mut record = full();
        record["UsersId"] = json!(null);
        assert!(session_from_record(record).is_err());
    }

    #[test]
    fn what_newer_versions_and_more_permissions_show_is_read() {
        let plain = session_from_record(full()).unwrap().session;
        assert_eq!(
            (plain.access_token, plain.place, plain.login_type.as_str()),
            (AccessToken::Untold, None, "")
        );
        let mut record = full();
        record["IsAssociatedWithJwtAccessToken"] = json!(true);
        record["LoginType"] = json!("Remote Access 2.0");
        record["LoginGeo"] =
            json!({ "Latitude": 48.1, "Longitude": 11.6, "City": "Munich", "CountryIso": "DE" });
        let session = session_from_record(record).unwrap().session;
        assert_eq!(session.access_token, AccessToken::Jwt);
        assert_eq!(session.login_type, "Remote Access 2.0");
        assert_eq!(session.place.unwrap().city.as_deref(), Some("Munich"));
    }
}
