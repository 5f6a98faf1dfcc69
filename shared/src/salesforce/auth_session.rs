//! AuthSession: the live sessions. Source: Object Reference, AuthSession.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Whose;
use super::client::Salesforce;
use super::datetime::Instant;
use super::error::SalesforceError;
use super::query::record;
use super::soql::quote;
use super::wire::Text;
use crate::observation::{LoginId, Session, SessionId, SessionLogin, Source, UserId};

const OBJECT: &str = "AuthSession";
/// No field of a relationship: one that the identity may not see would refuse the whole query.
const SELECT: &str = "SELECT Id, UsersId, ParentId, SessionType, SessionSecurityLevel, SourceIp, LoginHistoryId, \
                      NumSecondsValid, CreatedDate, LastModifiedDate, IsCurrent FROM AuthSession";
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

/// Whether a session belongs to the family this client works through (`IsCurrent`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owned {
    /// Ending it ends this client's own work.
    ByUs,
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
    session_security_level: Text,
    source_ip: Option<String>,
    login_history_id: Option<LoginId>,
    num_seconds_valid: Option<i64>,
    created_date: Instant,
    last_modified_date: Instant,
    is_current: Option<bool>,
}

/// Reads an AuthSession record as the REST API writes it; its login's time and address are not in it.
///
/// # Errors
/// Says what keeps the record from being read, without repeating its content.
pub fn session_from_record(value: Value) -> Result<FoundSession, String> {
    let record: Record = record(value)?;
    Ok(FoundSession {
        owned: if record.is_current == Some(true) { Owned::ByUs } else { Owned::ByOthers },
        session: Session {
            parent_id: record.parent_id.unwrap_or_else(|| record.id.clone()),
            id: record.id,
            user_id: record.users_id,
            session_type: record.session_type.0,
            security_level: record.session_security_level.0,
            source: Source::from(record.source_ip.unwrap_or_default()),
            login: record.login_history_id.map(|id| SessionLogin { id, read: None }),
            created: record.created_date.0,
            last_modified: record.last_modified_date.0,
            seconds_valid: record.num_seconds_valid.unwrap_or(VALIDITY_UNTOLD),
        },
    })
}

impl Salesforce {
    /// The live sessions, with the logins they point to. Rows may linger after their expiry. A login that this
    /// identity cannot see stays unread; the session is there all the same.
    ///
    /// # Errors
    /// Among others [`SalesforceError::UnreadableRow`] when one of a single user's rows cannot be read; among
    /// everyone's, such a row is told to the log.
    pub async fn sessions(&self, whose: Whose<'_>) -> Result<Vec<FoundSession>, SalesforceError> {
        let mut found = match whose {
            Whose::Everyone => self.rows(OBJECT, soql(whose), session_from_record).await?,
            Whose::User(_) => self.every_row(OBJECT, soql(whose), session_from_record).await?,
        };
        let logins = self.logins_of(&found).await?;
        for login in found.iter_mut().filter_map(|found| found.session.login.as_mut()) {
            login.read = logins.get(&login.id).cloned();
        }
        Ok(found)
    }

    async fn logins_of(
        &self,
        found: &[FoundSession],
    ) -> Result<HashMap<LoginId, (Timestamp, Source)>, SalesforceError> {
        let logins = found.iter().filter_map(|found| found.session.login.as_ref());
        let ids: HashSet<_> = logins.map(|login| login.id.clone()).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        match self.logins_by_id(&ids).await {
            Err(error @ SalesforceError::Api { .. }) if !error.retryable() => {
                tracing::warn!(error = %error, "sessions are read without their logins");
                Ok(HashMap::new())
            }
            outcome => outcome,
        }
    }
}

fn soql(whose: Whose<'_>) -> String {
    match whose {
        Whose::Everyone => SELECT.to_owned(),
        Whose::User(user) => format!("{SELECT} WHERE UsersId = {}", quote(user.as_str())),
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
    fn a_hostile_user_id_stays_a_literal() {
        let user = UserId::new("x' OR Id != '");
        assert!(soql(Whose::User(&user)).ends_with(r"WHERE UsersId = 'x\' OR Id != \''"));
    }
}
