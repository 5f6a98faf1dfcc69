//! ConnectedApplication: the connected apps that this org has installed, and what it demands of them. Apps that users
//! approved without their being installed have tokens and no row here. Source: Object Reference, ConnectedApplication.

use serde::Deserialize;
use serde_json::Value;

use super::client::Salesforce;
use super::describe::Wanted;
use super::error::SalesforceError;
use super::query::record;
use super::wire::Text;

const OBJECT: &str = "ConnectedApplication";
pub(super) const WANTED: Wanted = Wanted {
    object: OBJECT,
    required: &["Id", "Name"],
    optional: &["OptionsAllowAdminApprovedUsersOnly", "RefreshTokenValidityPeriod"],
};

/// A connected app that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectedApp {
    /// The record, `0H4…`.
    pub id: String,
    /// Its label, as tokens name it.
    pub name: String,
    /// Who may use it; `None` where this identity does not see it.
    pub permitted: Option<Permitted>,
    /// `RefreshTokenValidityPeriod`, in the unit that the app's policy names; `None` for tokens that do not expire, or
    /// where this identity does not see it.
    pub refresh_token_validity: Option<i64>,
}

/// Who may use a connected app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permitted {
    /// Users to whom an administrator gave it.
    AdminApproved,
    /// Whoever approves it himself: what consent phishing needs.
    SelfAuthorised,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    id: String,
    #[serde(default)]
    name: Text,
    options_allow_admin_approved_users_only: Option<bool>,
    refresh_token_validity_period: Option<i64>,
}

/// Reads a ConnectedApplication record as the REST API writes it.
///
/// # Errors
/// Says what keeps the record from being read, without repeating its content.
pub fn connected_app_from_record(value: Value) -> Result<ConnectedApp, String> {
    let record: Record = record(value)?;
    let permitted =
        |only_approved| if only_approved { Permitted::AdminApproved } else { Permitted::SelfAuthorised };
    Ok(ConnectedApp {
        id: record.id,
        name: record.name.0,
        permitted: record.options_allow_admin_approved_users_only.map(permitted),
        refresh_token_validity: record.refresh_token_validity_period,
    })
}

impl Salesforce {
    /// The connected apps that are installed.
    pub async fn connected_apps(&self) -> Result<Vec<ConnectedApp>, SalesforceError> {
        let soql = self.seen(&WANTED).await?.select();
        self.rows(OBJECT, soql, connected_app_from_record).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_may_use_an_app_is_told_or_unknown() {
        let app = |only_approved: Value| {
            let row = json!({ "Id": "0H4", "Name": "Data Loader", "OptionsAllowAdminApprovedUsersOnly": only_approved });
            connected_app_from_record(row).unwrap().permitted
        };
        assert_eq!(app(json!(true)), Some(Permitted::AdminApproved));
        assert_eq!(app(json!(false)), Some(Permitted::SelfAuthorised));
        assert_eq!(app(json!(null)), None);
    }
}
