//! LoginHistory rows by their ids, for whatever points to them, and the newest of a user.

use jiff::Timestamp;

use super::client::Salesforce;
use super::datetime::literal;
use super::error::SalesforceError;
use super::login_record::{OBJECT, login};
use super::soql::{IDS_PER_QUERY, list, quote};
use crate::observation::{Login, LoginId, UserId};

const SELECT: &str = "SELECT Id, UserId, LoginTime, LoginType, LoginSubType, Status, SourceIp, CountryIso, Application, \
                      Browser, Platform FROM LoginHistory";

impl Salesforce {
    /// These logins, with their country alone as their place; one that is gone or cannot be seen is absent from the
    /// answer.
    pub async fn logins_with_ids(&self, ids: &[LoginId]) -> Result<Vec<Login>, SalesforceError> {
        let mut logins = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(IDS_PER_QUERY) {
            let soql = format!("{SELECT} WHERE Id IN {}", list(chunk.iter().map(LoginId::as_str)));
            logins.extend(self.rows(OBJECT, soql, login).await?);
        }
        Ok(logins)
    }

    /// The newest logins of a user since then, at most `limit`, the newest first; with their country alone as their place.
    pub(crate) async fn newest_logins(
        &self,
        user: &UserId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Login>, SalesforceError> {
        let (user, since) = (quote(user.as_str()), literal(since));
        let soql = format!(
            "{SELECT} WHERE UserId = {user} AND LoginTime >= {since} ORDER BY LoginTime DESC LIMIT {limit}"
        );
        self.rows(OBJECT, soql, login).await
    }
}
