//! SecurityHealthCheckRisks: how the org's security settings compare with Salesforce's baseline. The settings themselves
//! (Metadata API, SecuritySettings) are no records; this is the only place where a query shows them. Source: Tooling API,
//! SecurityHealthCheckRisks; needs View Setup and Configuration.

use serde::Deserialize;

use super::client::Salesforce;
use super::error::SalesforceError;
use super::wire::Text;

const OBJECT: &str = "SecurityHealthCheckRisks";

/// One setting. Its texts are labels in the language of whoever reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecuritySetting {
    /// The group it stands in, such as `SessionSettings`.
    pub group: String,
    /// Its name, such as `Timeout Value`.
    pub name: String,
    /// What the org has.
    pub org_value: String,
    /// What Salesforce recommends.
    pub standard_value: String,
    /// How the one stands to the other.
    pub standard: Standard,
}

/// How a setting stands to the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// `MEETS_STANDARD`.
    Met,
    /// Anything else: `HIGH_RISK`, `MEDIUM_RISK`, what later versions add, or no word at all.
    Missed,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    #[serde(default)]
    setting_group: Text,
    #[serde(default)]
    setting: Text,
    #[serde(default)]
    org_value: Text,
    #[serde(default)]
    standard_value: Text,
    #[serde(default)]
    risk_type: Text,
}

impl From<Record> for SecuritySetting {
    fn from(record: Record) -> Self {
        let meets = record.risk_type.0.eq_ignore_ascii_case("MEETS_STANDARD");
        Self {
            group: record.setting_group.0,
            name: record.setting.0,
            org_value: record.org_value.0,
            standard_value: record.standard_value.0,
            standard: if meets { Standard::Met } else { Standard::Missed },
        }
    }
}

impl SecuritySetting {
    /// Whether it stands in this group; Salesforce spells groups with and without blanks.
    pub fn is_of(&self, group: &str) -> bool {
        let letters: String = self.group.chars().filter(char::is_ascii_alphabetic).collect();
        letters.eq_ignore_ascii_case(group)
    }
}

impl Salesforce {
    /// Every setting of the org's health check.
    pub async fn security_settings(&self) -> Result<Vec<SecuritySetting>, SalesforceError> {
        let soql = format!("SELECT Setting, SettingGroup, OrgValue, StandardValue, RiskType FROM {OBJECT}");
        self.tooling_rows(OBJECT, soql, |record: Record| Ok(SecuritySetting::from(record))).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::query::record;
    use super::*;

    fn setting(group: &str, risk: &Value) -> SecuritySetting {
        let row = json!({ "SettingGroup": group, "Setting": "Timeout Value", "RiskType": risk });
        record::<Record>(row).unwrap().into()
    }

    #[test]
    fn only_what_meets_the_standard_meets_it() {
        assert_eq!(setting("x", &json!("MEETS_STANDARD")).standard, Standard::Met);
        for risk in [json!("HIGH_RISK"), json!("LOW_RISK"), json!("new"), json!(null)] {
            assert_eq!(setting("x", &risk).standard, Standard::Missed, "{risk}");
        }
    }

    #[test]
    fn groups_are_known_with_and_without_blanks() {
        for group in ["SessionSettings", "Session Settings"] {
            assert!(setting(group, &json!(null)).is_of("SessionSettings"), "{group}");
        }
        assert!(!setting("PasswordPolicies", &json!(null)).is_of("SessionSettings"));
    }
}
