//! The org's settings, as Health Check holds them against Salesforce's baseline.

use crate::org::Org;

/// One setting. Tooling API: `tooling_api_objects_securityhealthcheckrisks.htm`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecuritySetting {
    /// Such as `SessionSettings`.
    pub group: &'static str,
    /// Such as `Timeout Value`.
    pub name: &'static str,
    /// What Salesforce recommends.
    pub standard: &'static str,
    /// What the org has.
    pub value: String,
}

impl SecuritySetting {
    /// Whether the org does as Salesforce recommends.
    pub fn meets_standard(&self) -> bool {
        self.value == self.standard
    }
}

/// An org that follows the baseline.
pub(crate) fn baseline() -> Vec<SecuritySetting> {
    let setting = |group, name, standard: &'static str| SecuritySetting {
        group,
        name,
        standard,
        value: standard.to_owned(),
    };
    vec![
        setting("SessionSettings", "Timeout Value", "2 hours"),
        setting("SessionSettings", "Force logout on session timeout", "Enabled"),
        setting("SessionSettings", "Enforce login IP ranges on every request", "Enabled"),
        setting("SessionSettings", "Lock sessions to the domain in which they were first used", "Enabled"),
        setting("PasswordPolicies", "User passwords expire in", "90 days"),
        setting("PasswordPolicies", "Minimum password length", "8 characters"),
        setting("PasswordPolicies", "Maximum invalid login attempts", "3"),
    ]
}

impl Org {
    /// The settings that Health Check shows.
    pub fn security_settings(&self) -> &[SecuritySetting] {
        &self.security_settings
    }

    /// Sets what the org has of a setting that Health Check shows.
    pub fn set_security_setting(&mut self, name: &str, value: &str) {
        for setting in self.security_settings.iter_mut().filter(|setting| setting.name == name) {
            value.clone_into(&mut setting.value);
        }
    }
}
