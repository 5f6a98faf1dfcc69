//! What people and scripts see of an episode. The shape is a contract.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Episode, Evidence, Severity, Subject, SubjectKind};
use crate::observation::{LoginId, OrgId, SessionId, TokenKey, UserId};

/// Lists in a finding end here; `totals` says how many there are.
const LISTED: usize = 50;
/// The version of the finding's shape.
const SCHEMA_VERSION: u32 = 1;

/// Names a finding; a replay gives the same id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(String);

impl FindingId {
    /// Takes an id as it was printed.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the policy asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing but the record.
    None,
    /// Tell people.
    Notify,
    /// Ask a person whether to contain.
    Ask,
    /// Contain.
    Contain,
}

impl Action {
    /// Its name in findings.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Notify => "notify",
            Self::Ask => "ask",
            Self::Contain => "contain",
        }
    }
}

/// How wide a containment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// One session family.
    Session,
    /// Everything one user holds.
    User,
    /// Every token of one application.
    App,
    /// Every session of the org.
    Org,
}

impl Level {
    /// Every level, the narrowest first.
    pub const ALL: [Self; 4] = [Self::Session, Self::User, Self::App, Self::Org];

    /// Its name in findings and in the policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::User => "user",
            Self::App => "app",
            Self::Org => "org",
        }
    }
}

/// Where a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has decided it away.
    Open,
    /// A person has, as it stands.
    Dismissed,
}

/// One detection's part in a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detected {
    /// The detection.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The strongest that was seen.
    pub severity: Severity,
    /// The facts of the strongest hit.
    pub evidence: Evidence,
    /// MITRE ATT&CK techniques.
    pub mitre: Vec<String>,
}

/// How long the lists really are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Users concerned.
    pub affected_users: usize,
    /// Users whose access was seen.
    pub containable_users: usize,
    /// Logins it rests on.
    pub login_ids: usize,
    /// Sessions it rests on.
    pub session_ids: usize,
    /// Tokens it rests on.
    pub token_keys: usize,
}

/// One finding: a line of `--findings`, the `detail` of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The shape's version.
    pub schema_version: u32,
    /// Stable over replays.
    pub finding_id: FindingId,
    /// Counts escalations, from 1.
    pub version: u64,
    /// Where it stands.
    pub status: Status,
    /// Which org.
    pub org_id: OrgId,
    /// About whom or what.
    pub subject: Subject,
    /// Users concerned, at most 50.
    pub affected_users: Vec<UserId>,
    /// Users whose access was seen, at most 50.
    pub containable_users: Vec<UserId>,
    /// The user, when the subject is one.
    pub user_id: Option<UserId>,
    /// His login name, when known.
    pub username: Option<String>,
    /// Logins it rests on, at most 50; not those that are mere context, such as the owner's own beside it.
    pub login_ids: Vec<LoginId>,
    /// Sessions it rests on, at most 50.
    pub session_ids: Vec<SessionId>,
    /// Tokens it rests on, at most 50.
    pub token_keys: Vec<TokenKey>,
    /// How long the lists really are.
    pub totals: Totals,
    /// The first observation that spoke against the subject.
    pub first_seen: Timestamp,
    /// The first success, live session or used token of at least high severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_access: Option<Timestamp>,
    /// The last, or the last use of a token of the user whose access was seen.
    pub last_seen: Timestamp,
    /// When it was judged.
    pub detected_at: Timestamp,
    /// How bad.
    pub severity: Severity,
    /// 0 to 100.
    pub score: f64,
    /// What the policy asks for.
    pub action: Action,
    /// How wide a containment would be; `None` where nobody can be contained.
    pub level: Option<Level>,
    /// Why no more is done, as a clause, for example `the mode is observe`; empty where it is contained.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub held_back: String,
    /// The policy in force.
    pub policy_hash: String,
    /// What was detected, strongest first.
    pub detections: Vec<Detected>,
    /// Sentences a person can read: what was seen, against what baseline, what would have changed the verdict.
    pub explanation: Vec<String>,
}

impl Finding {
    /// Names the tokens that its user holds; at most 50 are listed.
    pub fn name_tokens(&mut self, keys: impl Iterator<Item = TokenKey>) {
        let keys: BTreeSet<_> = keys.collect();
        self.totals.token_keys = keys.len();
        self.token_keys = keys.into_iter().take(LISTED).collect();
    }

    /// Tells an episode. `username` names a user for people; action, level and policy hash are the policy's to fill.
    pub fn of(
        episode: &Episode,
        org: &OrgId,
        detected_at: Timestamp,
        username: impl Fn(&UserId) -> Option<String>,
    ) -> Self {
        let affected: BTreeSet<_> = episode.all_hits().filter_map(|hit| hit.user_id.clone()).collect();
        let logins: BTreeSet<_> = episode.evidence().flat_map(|hit| hit.login_ids.iter().cloned()).collect();
        let sessions: BTreeSet<_> =
            episode.evidence().flat_map(|hit| hit.session_ids.iter().cloned()).collect();
        let containable = episode.containable_users();
        let user_id = (episode.subject.kind == SubjectKind::User).then(|| UserId::new(&episode.subject.id));
        let username = user_id.as_ref().and_then(username);
        let mut subject = episode.subject.clone();
        if let Some(name) = &username {
            subject.name.clone_from(name);
        }
        Self {
            schema_version: SCHEMA_VERSION,
            finding_id: episode.finding_id.clone(),
            version: episode.version,
            status: Status::Open,
            org_id: org.clone(),
            subject,
            totals: Totals {
                affected_users: affected.len(),
                containable_users: containable.len(),
                login_ids: logins.len(),
                session_ids: sessions.len(),
                token_keys: 0,
            },
            affected_users: affected.into_iter().take(LISTED).collect(),
            containable_users: containable.into_iter().take(LISTED).collect(),
            user_id,
            username,
            login_ids: logins.into_iter().take(LISTED).collect(),
            session_ids: sessions.into_iter().take(LISTED).collect(),
            token_keys: Vec::new(),
            first_seen: episode.first_seen,
            first_access: episode.first_access(),
            last_seen: episode.last_active(),
            detected_at,
            severity: episode.severity(),
            score: episode.score(),
            action: Action::None,
            level: None,
            held_back: String::new(),
            policy_hash: String::new(),
            detections: detected(episode),
            explanation: explanation(episode),
        }
    }
}

fn detected(episode: &Episode) -> Vec<Detected> {
    let mut detected: Vec<_> = episode
        .strongest()
        .into_values()
        .map(|hit| Detected {
            id: hit.detection.clone(),
            title: hit.title.clone(),
            severity: hit.severity,
            evidence: hit.evidence.clone(),
            mitre: hit.mitre.clone(),
        })
        .collect();
    detected.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
    detected
}

fn explanation(episode: &Episode) -> Vec<String> {
    let mut strongest: Vec<_> = episode.strongest().into_values().collect();
    strongest.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.detection.cmp(&b.detection)));
    let sentences = strongest.into_iter().flat_map(|hit| [&hit.seen, &hit.baseline, &hit.otherwise]);
    sentences.filter(|sentence| !sentence.is_empty()).cloned().collect()
}
