//! Profile in the Tooling API: from which addresses its users may log in. Source: Tooling API, Profile, whose `Metadata`
//! comes only with one record at a time; Metadata API, Profile, `loginIpRanges`.

use std::net::IpAddr;

use serde::Deserialize;

use super::client::Salesforce;
use super::error::SalesforceError;
use super::soql::quote;
use super::wire::Text;

const OBJECT: &str = "Profile (Tooling API)";

/// From where the users of a profile may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginRanges {
    /// The profile's name.
    pub profile: String,
    /// Without any, every address may.
    pub ranges: Vec<AddressRange>,
}

/// Addresses from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressRange {
    /// The first.
    #[serde(rename = "startAddress")]
    pub first: IpAddr,
    /// The last.
    #[serde(rename = "endAddress")]
    pub last: IpAddr,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    #[serde(default)]
    name: Text,
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    login_ip_ranges: Vec<AddressRange>,
}

impl From<Record> for LoginRanges {
    fn from(record: Record) -> Self {
        Self { profile: record.name.0, ranges: record.metadata.login_ip_ranges }
    }
}

impl Salesforce {
    /// The login IP ranges of a profile, `00e…`; one call. `None` where there is no such profile.
    ///
    /// # Errors
    /// [`SalesforceError::UnreadableRow`] where this identity is not shown the ranges: that is not the same as none.
    pub async fn login_ranges(&self, profile_id: &str) -> Result<Option<LoginRanges>, SalesforceError> {
        let soql = format!("SELECT Name, Metadata FROM Profile WHERE Id = {}", quote(profile_id));
        let rows = self.tooling_rows(OBJECT, soql, |record: Record| Ok(LoginRanges::from(record))).await?;
        Ok(rows.into_iter().next())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::query::record;
    use super::*;

    #[test]
    fn ranges_that_are_not_shown_are_not_none() {
        let read = |metadata: Value| {
            let record: Record = record(json!({ "Name": "Sales", "Metadata": metadata }))?;
            Ok::<_, String>(LoginRanges::from(record).ranges.len())
        };
        assert!(read(json!(null)).is_err());
        assert!(read(json!({ "custom": true })).is_err());
        let range =
            json!({ "startAddress": "198.18.0.1", "endAddress": "198.18.0.9", "description": "office" });
        assert_eq!(read(json!({ "loginIpRanges": [range] })), Ok(1));
        assert_eq!(read(json!({ "loginIpRanges": [] })), Ok(0));
    }
}
