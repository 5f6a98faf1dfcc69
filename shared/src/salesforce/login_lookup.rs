//! LoginHistory rows by their ids, for whatever points to them.

use super::client::Salesforce;
use super::error::SalesforceError;
use super::login_record::{OBJECT, login};
use super::soql::{IDS_PER_QUERY, list};
use crate::observation::{Login, LoginId};

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
}
