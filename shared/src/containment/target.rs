//! Whose access a containment is about.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::detection::{Finding, Level, Severity};
use crate::observation::{Family, Session, SessionId, UserId, families};

/// Whose access ends. In JSON its level stands beside the fields of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "level", rename_all = "snake_case")]
pub enum Target {
    /// The hostile sessions of a user; his own live on, and his account is never frozen.
    Session {
        /// Whose.
        user_id: UserId,
        /// Which of his sessions are hostile.
        #[serde(default)]
        hostile: Marks,
    },
    /// Everything a user holds.
    User {
        /// Whose.
        user_id: UserId,
    },
    /// Every token of an application, and the sessions they made; nobody is frozen.
    App {
        /// Its name as OauthToken tells it, to the letter.
        app_name: String,
    },
    /// Every session of the org, but those of the protected and our own; nobody is frozen.
    Org,
}

/// By what hostile sessions are told from a user's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// Sessions that are hostile; the rest of their families is too.
    pub session_ids: BTreeSet<SessionId>,
    /// Addresses from which only the attacker comes: what is held from there or began there is hostile.
    pub addresses: BTreeSet<IpAddr>,
}

impl Target {
    /// How wide it is.
    pub fn level(&self) -> Level {
        match self {
            Self::Session { .. } => Level::Session,
            Self::User { .. } => Level::User,
            Self::App { .. } => Level::App,
            Self::Org => Level::Org,
        }
    }

    /// The user, where it is about one.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::Session { user_id, .. } | Self::User { user_id } => Some(user_id),
            Self::App { .. } | Self::Org => None,
        }
    }

    /// Whether it is about more than one user.
    pub fn is_wide(&self) -> bool {
        self.user().is_none()
    }

    /// What one worker at a time may act on: both levels about a user are one subject.
    pub fn subject(&self) -> String {
        match self {
            Self::Session { user_id, .. } | Self::User { user_id } => user_id.to_string(),
            Self::App { app_name } => format!("app/{app_name}"),
            Self::Org => "org".to_owned(),
        }
    }

    /// What makes two requests for it the same.
    pub fn request_name(&self) -> String {
        match self {
            Self::Session { user_id, hostile } => {
                let ids = hostile.session_ids.iter().map(ToString::to_string);
                let marks: Vec<_> = ids.chain(hostile.addresses.iter().map(ToString::to_string)).collect();
                format!("{user_id}/session/{}", marks.join(","))
            }
            Self::User { user_id } => format!("{user_id}/user"),
            Self::App { .. } | Self::Org => self.subject(),
        }
    }

    /// The subject, in words.
    pub fn name(&self) -> String {
        match self {
            Self::Session { user_id, .. } | Self::User { user_id } => format!("user {user_id}"),
            Self::App { app_name } => format!("the application {app_name}"),
            Self::Org => "the org".to_owned(),
        }
    }

    /// Whether what ends this target also ends the other.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self == other || matches!(self, Self::User { user_id } if other.user() == Some(user_id))
    }
}

impl Marks {
    /// What a finding says of a user's hostile sessions: those it names, and the addresses of what it calls hostile. What
    /// is only context, such as what was excused, marks nothing.
    pub fn of(finding: &Finding) -> Self {
        let hostile = finding.detections.iter().filter(|detected| detected.severity > Severity::Info);
        let facts = hostile.flat_map(|detected| {
            ["source", "session_source"].into_iter().filter_map(|name| detected.evidence.get(name)?.as_str())
        });
        Self {
            session_ids: finding.session_ids.iter().cloned().collect(),
            addresses: facts.filter_map(|source| source.parse().ok()).collect(),
        }
    }

    /// Whether nothing is marked, so that no session is hostile.
    pub fn is_empty(&self) -> bool {
        self.session_ids.is_empty() && self.addresses.is_empty()
    }

    /// Whether a session is marked by its id, its address, or the address of its login.
    pub(super) fn name(&self, session: &Session) -> bool {
        let began = session.login.as_ref().and_then(|login| login.read.as_ref()).map(|(_, source)| source);
        let mut sources = [Some(&session.source), began].into_iter().flatten();
        self.session_ids.contains(&session.id)
            || self.session_ids.contains(&session.parent_id)
            || sources.any(|source| source.address().is_some_and(|address| self.addresses.contains(&address)))
    }

    /// The families of which any session is marked, and the others.
    pub(super) fn told_apart<'a>(
        &self,
        sessions: impl IntoIterator<Item = &'a Session>,
    ) -> (Vec<Family<'a>>, Vec<Family<'a>>) {
        families(sessions)
            .into_iter()
            .partition(|family| family.members.iter().any(|session| self.name(session)))
    }
}
