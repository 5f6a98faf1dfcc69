//! VerificationHistory: how identities were verified. Source: Object Reference, VerificationHistory.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::client::Salesforce;
use super::datetime::{Instant, literal};
use super::describe::Wanted;
use super::error::SalesforceError;
use super::query::record;
use super::soql::quote;
use super::wire::Text;
use crate::observation::{LoginId, Source, UserId, Verification, VerificationId};

const OBJECT: &str = "VerificationHistory";
pub(super) const WANTED: Wanted = Wanted {
    object: OBJECT,
    required: &["Id", "VerificationTime", "UserId", "Activity", "Status"],
    optional: &["SourceIp", "LoginHistoryId", "Policy", "VerificationMethod", "Remarks", "EventGroup"],
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    id: VerificationId,
    verification_time: Instant,
    user_id: UserId,
    #[serde(default)]
    activity: Text,
    #[serde(default)]
    status: Text,
    source_ip: Option<String>,
    login_history_id: Option<LoginId>,
    #[serde(default)]
    policy: Text,
    #[serde(default)]
    verification_method: Text,
    #[serde(default)]
    remarks: Text,
    event_group: Option<i64>,
}

/// Reads a VerificationHistory record as the REST API writes it.
///
/// # Errors
/// Says what keeps the record from being read, without repeating its content.
pub fn verification_from_record(value: Value) -> Result<Verification, String> {
    let record: Record = record(value)?;
    Ok(Verification {
        id: record.id,
        time: record.verification_time.0,
        user_id: record.user_id,
        activity: record.activity.0,
        status: record.status.0,
        source: Source::from(record.source_ip.unwrap_or_default()),
        login_id: record.login_history_id,
        policy: record.policy.0,
        method: record.verification_method.0,
        remarks: record.remarks.0,
        event_group: record.event_group,
    })
}

impl Salesforce {
    /// The verifications with `from` <= VerificationTime < `until`, both taken to whole seconds, in order of time.
    pub async fn verifications(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Verification>, SalesforceError> {
        let soql = format!(
            "{} WHERE VerificationTime >= {} AND VerificationTime < {}",
            self.seen(&WANTED).await?.select(),
            literal(from),
            literal(until)
        );
        let mut found = self.rows(OBJECT, soql, verification_from_record).await?;
        found.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        Ok(found)
    }

    /// The newest verifications of a user since then, at most `limit`, the newest first.
    pub(crate) async fn newest_verifications(
        &self,
        user: &UserId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Verification>, SalesforceError> {
        let (select, user) = (self.seen(&WANTED).await?.select(), quote(user.as_str()));
        let soql = format!(
            "{select} WHERE UserId = {user} AND VerificationTime >= {} ORDER BY VerificationTime DESC LIMIT {limit}",
            literal(since)
        );
        self.rows(OBJECT, soql, verification_from_record).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_read() {
        let row = json!({ "Id": "0Yx5g00000AbCdEAAV", "VerificationTime": "2026-11-23T18:43:00.000+0000",
            "UserId": "0055g00000AbCdEAAV", "Activity": "ConnectTotp", "Status": "Succeeded",
            "SourceIp": "198.18.4.7", "LoginHistoryId": "0Ya5g00000AbCdEAAV", "Policy": "TwoFactorAuthentication",
            "VerificationMethod": null, "Remarks": "x".repeat(9_000), "EventGroup": 7 });
        let verification = verification_from_record(row).unwrap();
        assert_eq!((verification.activity.as_str(), verification.method.as_str()), ("ConnectTotp", ""));
        assert_eq!(
            (verification.policy.as_str(), verification.event_group),
            ("TwoFactorAuthentication", Some(7))
        );
        assert_eq!(verification.login_id.unwrap().as_str(), "0Ya5g00000AbCdEAAV");
        assert_eq!(verification.remarks.len(), 255);
        assert!(verification_from_record(json!({ "Id": "x" })).is_err());
    }
}
