//! The newest row of the login history about one user: from where Salesforce saw him come, and why it refused him.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::client::Salesforce;
use super::datetime::{Instant, literal};
use super::error::SalesforceError;
use super::query::record;
use super::soql::quote;
use super::wire::Text;
use crate::observation::{Source, UserId};

/// A row of the login history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastLogin {
    /// LoginTime.
    pub time: Timestamp,
    /// The address as Salesforce saw it.
    pub source: Source,
    /// In Salesforce's words.
    pub status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    login_time: Instant,
    source_ip: Option<String>,
    #[serde(default)]
    status: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dormant {
    id: UserId,
}

impl Salesforce {
    /// The active users who were there before then and have not logged in since.
    pub async fn dormant_users(&self, since: Timestamp) -> Result<BTreeSet<UserId>, SalesforceError> {
        let since = literal(since);
        let soql = format!(
            "SELECT Id FROM User WHERE IsActive = true AND CreatedDate < {since} AND \
             (LastLoginDate < {since} OR LastLoginDate = null)"
        );
        let rows = self.rows("User", soql, record::<Dormant>).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// The newest attempt of a user since then; `None` without one, or where its row is not visible yet.
    pub async fn last_login(
        &self,
        user: &UserId,
        since: Timestamp,
    ) -> Result<Option<LastLogin>, SalesforceError> {
        let (user, since) = (quote(user.as_str()), literal(since));
        let soql = format!(
            "SELECT LoginTime, SourceIp, Status FROM LoginHistory WHERE UserId = {user} AND LoginTime >= {since} \
             ORDER BY LoginTime DESC LIMIT 1"
        );
        let rows = self.rows("LoginHistory", soql, record::<Record>).await?;
        Ok(rows.into_iter().next().map(|row| LastLogin {
            time: row.login_time.0,
            source: Source::from(row.source_ip.unwrap_or_default()),
            status: row.status.0,
        }))
    }
}
