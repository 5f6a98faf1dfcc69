//! E-mail addresses of users. Source: Object Reference, User.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::client::Salesforce;
use super::error::SalesforceError;
use super::query::record;
use super::soql::list;
use super::wire::Text;
use crate::observation::UserId;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    id: UserId,
    #[serde(default)]
    email: Text,
}

impl Salesforce {
    /// The e-mail addresses of some users, as far as they have one.
    ///
    /// # Errors
    /// Also where this identity does not see the field.
    pub async fn emails(&self, ids: &[UserId]) -> Result<BTreeMap<UserId, String>, SalesforceError> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let soql = format!("SELECT Id, Email FROM User WHERE Id IN {}", list(ids.iter().map(UserId::as_str)));
        let rows = self.rows("User", soql, record::<Record>).await?;
        let told = rows.into_iter().filter(|row| !row.email.0.trim().is_empty());
        Ok(told.map(|row| (row.id, row.email.0)).collect())
    }
}
