//! The policy document. Omitted keys take the defaults written here; unknown keys are errors.

use std::path::Path;

use ipnet::IpNet;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Detections, PolicyError};
use crate::detection::{Exemption, Level, Severity};

/// How far automatic acts go. A person's own act is not governed by this.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A detection in this mode does not run.
    Off,
    /// Findings are recorded and told; the plan is made and nothing is done.
    #[default]
    Observe,
    /// A person is asked.
    Ask,
    /// Contained without asking.
    Contain,
}

/// What the organisation decided.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
pub struct Policy {
    /// The mode of every detection that has none of its own.
    pub mode: Mode,
    /// When and how to contain.
    pub containment: Containment,
    /// How much may be contained at all.
    pub caps: Caps,
    /// Who is never contained automatically.
    pub protected: Protected,
    /// Accounts of programs about which something was decided.
    pub integrations: Vec<Integration>,
    /// The organisation's own ways out.
    pub egress: Egress,
    /// What is no alarm, for whom and until when: travel notices, change windows.
    pub exemptions: Vec<Exemption>,
    /// Each detection's mode and parameters.
    pub detections: Box<Detections>,
}

/// When and how to contain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Containment {
    /// Findings below this are told and never acted on.
    pub minimum_severity: Severity,
    /// A finding whose last observation is older than this informs only.
    pub max_age: SignedDuration,
    /// How wide.
    pub level: Level,
    /// Whether a contained user is frozen.
    pub freeze: FreezeMode,
    /// How often the re-read may find something left before it is reported as a survivor, 1 to 10.
    pub attempts: u32,
}

/// Whether a contained user is frozen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FreezeMode {
    /// Frozen until a person releases him.
    #[default]
    Hold,
    /// Not frozen: his access is ended and he can log in again.
    Never,
}

/// How much may be contained. A request that does not fit is refused whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    /// Users in one request.
    pub per_request: u32,
    /// Users in any clock hour.
    pub per_hour: u32,
    /// Users in any calendar day, UTC.
    pub per_day: u32,
    /// Percent of the org's active users in any calendar day; at least one user is always allowed.
    pub percent_of_active_users: f64,
}

/// Who is never contained automatically. Entries are usernames or user ids.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Protected {
    /// Never contained automatically.
    pub users: Vec<String>,
    /// The accounts for emergencies: never contained automatically, and by a person only with a second one.
    pub break_glass: Vec<String>,
}

/// What was decided about a program's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integration {
    /// Username or user id.
    pub user: String,
    /// Whether it may be contained automatically: that stops whatever depends on it.
    pub contain: IntegrationConsent,
}

/// Whether a program's account may be contained automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntegrationConsent {
    /// It may.
    Allowed,
    /// A person is asked.
    Ask,
}

/// The organisation's own ways out: offices, VPNs, proxies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Egress {
    /// Networks known to be the organisation's.
    pub declared: Vec<IpNet>,
    /// A network is learned as egress once this many different users …
    pub users: usize,
    /// … have come from it on this many different days.
    pub days: u32,
}

impl Default for Containment {
    fn default() -> Self {
        Self {
            minimum_severity: Severity::High,
            max_age: SignedDuration::from_hours(24),
            level: Level::User,
            freeze: FreezeMode::Hold,
            attempts: 4,
        }
    }
}

impl Default for Caps {
    fn default() -> Self {
        Self { per_request: 1, per_hour: 5, per_day: 20, percent_of_active_users: 2.0 }
    }
}

impl Default for Egress {
    fn default() -> Self {
        Self { declared: Vec::new(), users: 5, days: 3 }
    }
}

impl Policy {
    /// Reads a policy.
    pub fn parse(yaml: &str) -> Result<Self, PolicyError> {
        let policy: Self =
            serde_saphyr::from_str(yaml).map_err(|e| PolicyError::Unreadable(e.to_string()))?;
        policy.check()?;
        Ok(policy)
    }

    /// Reads a policy's file.
    pub fn read(file: &Path) -> Result<Self, PolicyError> {
        let yaml = std::fs::read_to_string(file).map_err(|error| PolicyError::NoFile {
            file: file.display().to_string(),
            reason: error.to_string(),
        })?;
        Self::parse(&yaml)
    }

    fn check(&self) -> Result<(), PolicyError> {
        let percent = self.caps.percent_of_active_users;
        if !(0.0..=100.0).contains(&percent) {
            let found = percent.to_string();
            let wanted = "a percentage from 0 to 100 is needed";
            return Err(PolicyError::Unusable { key: "caps.percent_of_active_users", found, wanted });
        }
        if let Some(entry) = self.accounts().find(|entry| !names_an_account(entry)) {
            return Err(PolicyError::Unusable {
                key: "protected, integrations",
                found: format!("`{entry}`"),
                wanted: "a username (it contains an @) or a user id (005…, 15 or 18 characters) is needed",
            });
        }
        if let Some((number, fault)) =
            (1..).zip(&self.exemptions).find_map(|(number, exemption)| Some((number, exemption.fault()?)))
        {
            return Err(PolicyError::Unusable {
                key: "exemptions",
                found: format!("wrong in entry {number}: {fault}"),
                wanted: "an entry needs detections, a reason, `until`, and a user, networks or applications",
            });
        }
        if self.containment.level != Level::User {
            let found = format!("{:?}", self.containment.level).to_lowercase();
            let wanted = "automatic containment acts on `user`";
            return Err(PolicyError::Unusable { key: "containment.level", found, wanted });
        }
        if !(1..=10).contains(&self.containment.attempts) {
            let found = self.containment.attempts.to_string();
            return Err(PolicyError::Unusable {
                key: "containment.attempts",
                found,
                wanted: "a number from 1 to 10 is needed",
            });
        }
        if self.containment.max_age.is_negative() || self.containment.max_age.is_zero() {
            let found = self.containment.max_age.to_string();
            let wanted = "a duration above zero is needed, for example 24h";
            return Err(PolicyError::Unusable { key: "containment.max_age", found, wanted });
        }
        Ok(())
    }

    fn accounts(&self) -> impl Iterator<Item = &String> {
        let integrations = self.integrations.iter().map(|integration| &integration.user);
        self.protected.users.iter().chain(&self.protected.break_glass).chain(integrations)
    }

    /// Names exactly this policy: a hash of all its values, defaults included.
    pub fn hash(&self) -> String {
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        hex::encode(&Sha256::digest(canonical)[..8])
    }
}

/// A protected entry that can match nobody protects nobody.
fn names_an_account(entry: &str) -> bool {
    let is_id = entry.starts_with("005")
        && matches!(entry.len(), 15 | 18)
        && entry.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_id || entry.contains('@')
}
