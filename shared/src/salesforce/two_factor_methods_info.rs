//! TwoFactorMethodsInfo: which ways of verifying a user has registered; needs Manage Multi-Factor Authentication in API.
//! Source: Object Reference, TwoFactorMethodsInfo.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::client::Salesforce;
use super::describe::Wanted;
use super::error::SalesforceError;
use super::query::record;
use super::soql::{IDS_PER_QUERY, list};
use crate::observation::UserId;

const OBJECT: &str = "TwoFactorMethodsInfo";
pub(super) const WANTED: Wanted = Wanted {
    object: OBJECT,
    required: &["UserId"],
    optional: &[
        "HasBuiltInAuthenticator",
        "HasSalesforceAuthenticator",
        "HasSecurityKey",
        "HasTotp",
        "HasU2F",
        "HasTempCode",
        "HasUserVerifiedEmailAddress",
        "HasUserVerifiedMobileNumber",
    ],
};

/// A way of verifying, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Factor {
    /// A security key (WebAuthn or U2F): resists phishing.
    SecurityKey,
    /// The device's own, such as a fingerprint: resists phishing.
    BuiltIn,
    /// Salesforce Authenticator.
    SalesforceAuthenticator,
    /// A one-time-password app.
    Totp,
    /// A code that an administrator made.
    TemporaryCode,
    /// A code by text message.
    Mobile,
    /// A code by e-mail.
    Email,
}

const FIELDS: [(&str, Factor); 8] = [
    ("HasSecurityKey", Factor::SecurityKey),
    ("HasU2F", Factor::SecurityKey),
    ("HasBuiltInAuthenticator", Factor::BuiltIn),
    ("HasSalesforceAuthenticator", Factor::SalesforceAuthenticator),
    ("HasTotp", Factor::Totp),
    ("HasTempCode", Factor::TemporaryCode),
    ("HasUserVerifiedMobileNumber", Factor::Mobile),
    ("HasUserVerifiedEmailAddress", Factor::Email),
];

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "UserId")]
    user_id: UserId,
    #[serde(flatten)]
    methods: Map<String, Value>,
}

/// Reads a TwoFactorMethodsInfo record as the REST API writes it.
///
/// # Errors
/// Says what keeps the record from being read, without repeating its content.
pub fn factors_from_record(value: Value) -> Result<(UserId, BTreeSet<Factor>), String> {
    let record: Record = record(value)?;
    let has = |field: &str| record.methods.get(field) == Some(&Value::Bool(true));
    let factors = FIELDS.iter().filter(|(field, _)| has(field)).map(|(_, factor)| *factor).collect();
    Ok((record.user_id, factors))
}

impl Salesforce {
    /// What these users have registered; one whose row this identity does not see is absent from the answer.
    pub async fn factors(
        &self,
        users: &[UserId],
    ) -> Result<BTreeMap<UserId, BTreeSet<Factor>>, SalesforceError> {
        let select = self.seen(&WANTED).await?.select();
        let mut factors = BTreeMap::new();
        for chunk in users.chunks(IDS_PER_QUERY) {
            let soql = format!("{select} WHERE UserId IN {}", list(chunk.iter().map(UserId::as_str)));
            factors.extend(self.rows(OBJECT, soql, factors_from_record).await?);
        }
        Ok(factors)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_true_is_registered() {
        let row = json!({ "UserId": "005", "HasTotp": true, "HasU2F": true, "HasSecurityKey": true, "HasTempCode": false,
            "HasBuiltInAuthenticator": null, "HasSalesforceAuthenticator": "true" });
        let (_, factors) = factors_from_record(row).unwrap();
        assert_eq!(factors, BTreeSet::from([Factor::SecurityKey, Factor::Totp]));
    }
}
