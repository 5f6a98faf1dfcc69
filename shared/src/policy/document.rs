//! The policy document. Omitted keys take the defaults written here; unknown keys are errors.

use std::collections::BTreeSet;
use std::path::Path;

use ipnet::IpNet;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{DeclaredPack, DeclaredRules, Detections, LevelModes, PolicyError, PolicyTest, PolicyText};
use crate::detection::{Exemption, Level, Severity};
use crate::evidence::PublicKey;
use crate::observation::UserId;

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
    /// Who may agree to what the policy only asks for, and to what needs two people.
    pub approvers: Vec<Approver>,
    /// How people are asked.
    pub approvals: Approvals,
    /// Who is told what was seen and done.
    pub notices: Notices,
    /// What a review calls too long.
    pub review: Review,
    /// Whom a drill in this org is about.
    pub drill: Drill,
    /// How long evidence is kept, and what leaves with it.
    pub evidence: Evidence,
    /// Accounts of programs about which something was decided.
    pub integrations: Vec<Integration>,
    /// The organisation's own ways out.
    pub egress: Egress,
    /// Files of knowledge about addresses.
    pub packs: Vec<DeclaredPack>,
    /// The organisation's own rules.
    pub own_rules: DeclaredRules,
    /// What is no alarm, for whom and until when: travel notices, change windows.
    pub exemptions: Vec<Exemption>,
    /// Each detection's mode and parameters.
    pub detections: Box<Detections>,
    /// What the organisation expects of this policy; nothing of it is in force.
    #[serde(skip_serializing)]
    pub tests: Vec<PolicyTest>,
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
    /// How far the policy goes by itself at each level, at most.
    pub modes: LevelModes,
    /// Whether a contained user is frozen.
    pub freeze: FreezeMode,
    /// What else is done about a contained user.
    pub also: BTreeSet<Also>,
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
    /// Frozen until a second look shows that nothing is left: no session and token begins while they are ended, and then he
    /// can log in again.
    UntilVerified,
    /// Not frozen: his access is ended and he can log in again.
    Never,
}

/// What else is done about a contained user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Also {
    /// The password is made invalid; Salesforce sends a link to the user's mailbox.
    ResetPassword,
    /// The addresses from which he need not confirm who he is (LoginIp) are forgotten.
    ForgetAddresses,
}

/// How much may be contained. A request that does not fit is refused whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    /// Users whom one finding contains by itself: where it names more, a person decides about each; 0 leaves nobody to
    /// be contained at all.
    pub per_request: u32,
    /// Users in any clock hour.
    pub per_hour: u32,
    /// Users in any calendar day, UTC.
    pub per_day: u32,
    /// Percent of the org's active users in any calendar day; at least one user is always allowed.
    pub percent_of_active_users: f64,
    /// Applications all of whose tokens are revoked in any calendar day, UTC; each needs two people as well.
    pub apps_per_day: u32,
    /// How often everybody is logged off in any calendar day, UTC; each time needs two people as well.
    pub org_per_day: u32,
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

impl Protected {
    /// All entries, trimmed.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &str> {
        self.users.iter().chain(&self.break_glass).map(|entry| entry.trim())
    }

    /// The entries that are login names, in lower case.
    pub(crate) fn login_names(&self) -> impl Iterator<Item = String> {
        self.entries().filter(|entry| entry.contains('@')).map(str::to_lowercase)
    }
}

/// Somebody who may agree to a containment, and the key by which he is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approver {
    /// As records name him.
    pub name: String,
    /// The public half of his key, as `warden approve --new-key` prints it: 64 hexadecimal digits.
    pub public_key: PublicKey,
}

/// How people are asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Approvals {
    /// How long a containment waits; without enough approvals by then nothing is done.
    pub expire_after: SignedDuration,
}

/// Who is told what was seen and done. The support always is; without an address of its own, whoever reads the channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notices {
    /// The addresses of whoever keeps the org safe.
    pub support: Vec<String>,
    /// Who else is told when access is ended, or somebody is asked.
    pub tell: Vec<Told>,
}

/// Who else is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// The user, by the e-mail address that Salesforce knows.
    User,
    /// His manager.
    Manager,
}

/// What a review calls too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Review {
    /// A live session that began longer ago than this is told.
    pub longest_session: SignedDuration,
    /// A longer time without a complete scan is a gap; at least five minutes.
    pub longest_pause: SignedDuration,
}

/// Whom a drill in this org is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drill {
    /// The username of an account that is there for drills alone: `warden drill --connection` contains it.
    pub canary: Option<String>,
}

/// How long evidence is kept, and what leaves with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evidence {
    /// What is older is taken away; `None` for never.
    pub keep_for: Option<SignedDuration>,
    /// What an exported case does not show.
    pub redact: Vec<Redacted>,
}

/// What an exported case does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redacted {
    /// Usernames, and names of people.
    Names,
    /// Addresses, of which the network is left: 24 bits of IPv4, 48 of IPv6.
    Addresses,
}

/// What was decided about a program's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integration {
    /// Username or user id.
    pub user: String,
    /// Whether it may be contained automatically: that stops whatever depends on it.
    #[serde(default)]
    pub contain: IntegrationConsent,
    /// The networks that it is used from; use from anywhere else is told, whatever was learned.
    #[serde(default)]
    pub networks: Vec<IpNet>,
}

/// Whether a program's account may be contained automatically.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntegrationConsent {
    /// It may.
    Allowed,
    /// A person is asked.
    #[default]
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
            modes: LevelModes::default(),
            freeze: FreezeMode::Hold,
            also: BTreeSet::new(),
            attempts: 4,
        }
    }
}

impl Default for Approvals {
    fn default() -> Self {
        Self { expire_after: SignedDuration::from_hours(1) }
    }
}

impl Default for Notices {
    fn default() -> Self {
        Self { support: Vec::new(), tell: vec![Told::User, Told::Manager] }
    }
}

impl Default for Review {
    fn default() -> Self {
        Self { longest_session: SignedDuration::from_hours(24), longest_pause: SignedDuration::from_mins(15) }
    }
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            per_request: 1,
            per_hour: 5,
            per_day: 20,
            percent_of_active_users: 2.0,
            apps_per_day: 2,
            org_per_day: 1,
        }
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
        Ok(PolicyText::parse(yaml)?.policy)
    }

    /// Reads a policy's file.
    pub fn read(file: &Path) -> Result<Self, PolicyError> {
        let yaml = std::fs::read_to_string(file).map_err(|error| PolicyError::NoFile {
            file: file.display().to_string(),
            reason: error.to_string(),
        })?;
        Self::parse(&yaml)
    }

    /// What was decided about an account of a program, by id or username.
    pub fn integration(&self, user_id: &str, username: &str) -> Option<&Integration> {
        self.integrations.iter().find(|integration| names(&integration.user, user_id, username))
    }

    /// Names exactly what is in force: a hash of all its values, defaults included and its tests left out.
    pub fn hash(&self) -> String {
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        hex::encode(&Sha256::digest(canonical)[..8])
    }
}

/// Whether an entry of the policy means this account: its id in either form, or its username without case.
pub(super) fn names(entry: &str, user_id: &str, username: &str) -> bool {
    let entry = entry.trim();
    entry.eq_ignore_ascii_case(username) || entry.starts_with("005") && UserId::new(entry).as_str() == user_id
}
