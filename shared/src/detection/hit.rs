//! What a detection returns: one observation that speaks against a subject.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::catalogue::family_of;
use super::{About, Exemption, Family, Severity};
use crate::observation::{Login, LoginId, Network, Session, SessionId, TokenUse, UserId, Verification};

/// The facts a detection judged by, named for people and scripts.
pub type Evidence = BTreeMap<String, Value>;

/// What kind of thing a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// One account.
    User,
    /// One network.
    Network,
    /// One application.
    Application,
    /// The whole org.
    Org,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// What kind of thing.
    pub kind: SubjectKind,
    /// Its id; for an application its name.
    pub id: String,
    /// A name for people; the id where none is known.
    #[serde(default)]
    pub name: String,
}

impl Subject {
    /// A user, by id.
    pub fn user(id: &UserId) -> Self {
        Self { kind: SubjectKind::User, id: id.to_string(), name: String::new() }
    }

    /// An application, by name.
    pub fn application(name: &str) -> Self {
        Self { kind: SubjectKind::Application, id: name.to_owned(), name: name.to_owned() }
    }

    /// A network.
    pub fn network(network: Network) -> Self {
        Self { kind: SubjectKind::Network, id: network.to_string(), name: network.to_string() }
    }

    /// The org as a whole.
    pub fn org() -> Self {
        Self { kind: SubjectKind::Org, id: "org".to_owned(), name: "the org".to_owned() }
    }

    /// The subject's key among an org's open episodes.
    pub fn key(&self) -> String {
        format!("{self}")
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            SubjectKind::User => "user",
            SubjectKind::Network => "network",
            SubjectKind::Application => "application",
            SubjectKind::Org => "org",
        };
        write!(f, "{kind}/{}", self.id)
    }
}

/// Whether the observation itself shows access that can be ended. A failed attempt never does: otherwise an
/// attacker would choose whom we freeze.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Containable {
    /// A success, a live session or a used token.
    Yes,
    /// Anything less.
    No,
}

/// One observation that speaks against a subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The detection's id.
    pub detection: String,
    /// The detection's title.
    pub title: String,
    /// MITRE ATT&CK techniques.
    pub mitre: Vec<String>,
    /// How bad this observation is if the detection is right.
    pub severity: Severity,
    /// Against what.
    pub subject: Subject,
    /// The user concerned, also where the subject is something else.
    pub user_id: Option<UserId>,
    /// Whether it shows access that can be ended.
    pub containable: Containable,
    /// Logins it rests on.
    pub login_ids: Vec<LoginId>,
    /// Sessions it rests on.
    pub session_ids: Vec<SessionId>,
    /// The facts.
    pub evidence: Evidence,
    /// What was seen, as a sentence.
    pub seen: String,
    /// Against which baseline.
    pub baseline: String,
    /// What would have changed the verdict.
    pub otherwise: String,
}

impl Hit {
    /// Begins a hit of a detection at a severity; the caller fills in what it saw.
    pub fn new(about: &About, severity: Severity, subject: Subject, user: Option<&UserId>) -> Self {
        Self {
            detection: about.id.to_owned(),
            title: about.title.to_owned(),
            mitre: about.mitre.iter().map(|&id| id.to_owned()).collect(),
            severity,
            subject,
            user_id: user.cloned(),
            containable: Containable::No,
            login_ids: Vec::new(),
            session_ids: Vec::new(),
            evidence: Evidence::new(),
            seen: String::new(),
            baseline: String::new(),
            otherwise: String::new(),
        }
    }

    /// Begins a hit on a login about its user, with whence and with what it came. A success can be ended.
    pub fn on_login(about: &About, severity: Severity, login: &Login) -> Self {
        let user = login.user_id.as_ref();
        let subject = user.map_or_else(|| Subject::user(&"unknown".into()), Subject::user);
        let hit = Self::new(about, severity, subject, user)
            .fact("source", login.source.to_string())
            .fact("client", login.client.family().to_string())
            .logins([login.id.clone()]);
        if login.succeeded() { hit.containable() } else { hit }
    }

    /// Takes it for context, because people said that it is no alarm.
    pub(super) fn excuse(&mut self, exemption: &Exemption) {
        (self.severity, self.containable) = (Severity::Info, Containable::No);
        self.evidence.insert("exempt".to_owned(), exemption.reason.clone().into());
        self.otherwise = format!("It is no alarm until {}: {}.", exemption.until, exemption.reason);
    }

    /// Whether what it saw must not become usual. That a login is unlikely is no such reason: whoever moves house would stay
    /// a stranger for ever.
    pub(super) fn is_accusation(&self) -> bool {
        self.severity >= Severity::High && family_of(&self.detection) != Some(Family::Whole)
    }

    /// Begins a hit on a live session about its user.
    pub fn on_session(about: &About, severity: Severity, session: &Session) -> Self {
        Self::new(about, severity, Subject::user(&session.user_id), Some(&session.user_id))
            .fact("session_source", session.source.to_string())
            .fact("session_type", session.session_type.clone())
            .logins(session.login.iter().map(|login| login.id.clone()))
            .session(&session.id)
            .containable()
    }

    /// Begins a hit on an identity verification about its user; by itself it shows no access.
    pub fn on_verification(about: &About, severity: Severity, check: &Verification) -> Self {
        Self::new(about, severity, Subject::user(&check.user_id), Some(&check.user_id))
            .fact("source", check.source.to_string())
            .fact("activity", check.activity.clone())
            .fact("status", check.status.clone())
    }

    /// Begins a hit on the use of a refresh token about its user; a used token can be ended.
    pub fn on_token(about: &About, severity: Severity, seen: &TokenUse) -> Self {
        let user = &seen.token.user_id;
        Self::new(about, severity, Subject::user(user), Some(user))
            .fact("application", seen.token.app_name.clone())
            .fact("uses", seen.uses)
            .containable()
    }

    /// Makes it be about something else than the user.
    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.evidence.insert(name.to_owned(), value.into());
        self
    }

    /// Says that the observation itself shows access that can be ended.
    #[must_use]
    pub fn containable(mut self) -> Self {
        self.containable = Containable::Yes;
        self
    }

    /// Names the logins it rests on.
    #[must_use]
    pub fn logins(mut self, ids: impl IntoIterator<Item = LoginId>) -> Self {
        self.login_ids.extend(ids);
        self
    }

    /// Names the session it rests on.
    #[must_use]
    pub fn session(mut self, id: &SessionId) -> Self {
        self.session_ids.push(id.clone());
        self
    }

    /// The three sentences that explain it.
    #[must_use]
    pub fn because(
        mut self,
        seen: impl Into<String>,
        baseline: impl Into<String>,
        otherwise: impl Into<String>,
    ) -> Self {
        (self.seen, self.baseline, self.otherwise) = (seen.into(), baseline.into(), otherwise.into());
        self
    }
}
