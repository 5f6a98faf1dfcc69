//! LoginIp: addresses from which a user need not confirm who he is. Whoever came in once with a stolen password and
//! passed the challenge has left one. Source: Object Reference, LoginIp.

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::client::{Call, Salesforce};
use super::datetime::Instant;
use super::describe::Wanted;
use super::error::SalesforceError;
use super::query::record;
use super::soql::{is_record_id, quote};
use super::{Applied, Whose};
use crate::observation::{Source, UserId};

const OBJECT: &str = "LoginIp";
pub(super) const WANTED: Wanted = Wanted {
    object: OBJECT,
    required: &["Id", "UsersId", "SourceIp"],
    optional: &["CreatedDate", "IsAuthenticated"],
};

/// An address that Salesforce knows a user by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAddress {
    /// The record.
    pub id: String,
    /// Whose.
    pub user_id: UserId,
    /// The address.
    pub source: Source,
    /// Whether the user has confirmed it.
    pub trust: Trust,
    /// Since when.
    pub created: Option<Timestamp>,
}

/// Whether an address spares its user the challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It does: a challenge was passed (`IsAuthenticated`).
    Confirmed,
    /// A challenge was asked for.
    Pending,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    id: String,
    users_id: UserId,
    source_ip: Option<String>,
    created_date: Option<Instant>,
    is_authenticated: Option<bool>,
}

/// Reads a LoginIp record as the REST API writes it.
///
/// # Errors
/// Says what keeps the record from being read, without repeating its content.
pub fn known_address_from_record(value: Value) -> Result<KnownAddress, String> {
    let record: Record = record(value)?;
    Ok(KnownAddress {
        id: record.id,
        user_id: record.users_id,
        source: Source::from(record.source_ip.unwrap_or_default()),
        // Where it is not told, the graver is assumed.
        trust: if record.is_authenticated == Some(false) { Trust::Pending } else { Trust::Confirmed },
        created: record.created_date.map(|instant| instant.0),
    })
}

impl Salesforce {
    /// The addresses that users are known by.
    ///
    /// # Errors
    /// Among others [`SalesforceError::UnreadableRow`] when one of a single user's rows cannot be read; among
    /// everyone's, such a row is told to the log.
    pub async fn known_addresses(&self, whose: Whose<'_>) -> Result<Vec<KnownAddress>, SalesforceError> {
        let select = self.seen(&WANTED).await?.select();
        match whose {
            Whose::Everyone => self.rows(OBJECT, select, known_address_from_record).await,
            Whose::User(user) => {
                let soql = format!("{select} WHERE UsersId = {}", quote(user.as_str()));
                self.every_row(OBJECT, soql, known_address_from_record).await
            }
        }
    }

    /// Makes Salesforce forget an address, so that the next login from it is challenged. Record ids are no secrets and
    /// may stand in a path.
    pub async fn forget_address(&self, address: &KnownAddress) -> Result<Applied, SalesforceError> {
        if !is_record_id(&address.id) {
            let reason = "its id is no record id".to_owned();
            return Err(SalesforceError::UnreadableRow { object: OBJECT.to_owned(), id: None, reason });
        }
        let path = self.path(&format!("sobjects/LoginIp/{}", address.id));
        let call = Call { method: Method::DELETE, ..Call::get("the deletion of LoginIp", path) };
        super::session_delete::unless_gone(self.send(&call).await)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_whose_trust_is_not_told_counts_as_trusted() {
        let row = json!({ "Id": "710000000000001AAA", "UsersId": "005", "SourceIp": "198.18.4.7" });
        let address = known_address_from_record(row.clone()).unwrap();
        assert_eq!((address.trust, address.source), (Trust::Confirmed, Source::from("198.18.4.7")));
        let mut pending = row;
        pending["IsAuthenticated"] = json!(false);
        assert_eq!(known_address_from_record(pending).unwrap().trust, Trust::Pending);
    }
}
