//! Makes a user's password invalid. Source: REST API Developer Guide, "sObject User Password".

use reqwest::Method;

use super::client::{Call, Salesforce};
use super::error::SalesforceError;
use super::soql::is_record_id;
use crate::observation::UserId;

const OBJECT: &str = "the reset of a password";

impl Salesforce {
    /// Makes a user's password invalid; Salesforce sends him a link by e-mail. What it answers may be a new password, and
    /// is dropped unread.
    pub async fn reset_password(&self, user: &UserId) -> Result<(), SalesforceError> {
        let call = Call {
            method: Method::DELETE,
            ..Call::get(OBJECT, self.path(&format!("sobjects/User/{}/password", user.as_str())))
        };
        if !is_record_id(user.as_str()) {
            let reason = "the user's id is no record id".to_owned();
            return Err(SalesforceError::UnexpectedAnswer { object: OBJECT.to_owned(), status: 0, reason });
        }
        self.send(&call).await.map(drop)
    }
}
