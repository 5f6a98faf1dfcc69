//! An event of Salesforce's own threat detection.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Source, Text, UserId};

/// What Salesforce itself takes for hostile; it needs Shield or Event Monitoring, and arrives by Event Relay. Its `SessionKey` and
/// `LoginKey` are no columns of AuthSession; where the login was relayed too, its key leads to the record, and that to the session. Source: Platform Events Developer Guide,
/// SessionHijackingEvent, LoginAnomalyEvent, CredentialStuffingEvent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Threat {
    /// `EventIdentifier`.
    pub id: String,
    /// What kind of event.
    pub kind: ThreatKind,
    /// `EventDate`: when it happened, which is before it was found.
    pub time: Timestamp,
    /// Whose session or login.
    pub user_id: UserId,
    /// From where.
    pub source: Source,
    /// `Score`, 0 to 1: how sure Salesforce is. `None` where it does not say.
    pub score: Option<f64>,
    /// `LoginKey` of the login that it is about; empty where it is not told.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub login_key: Text,
    /// `Summary`, at most 255 characters of it.
    #[serde(default)]
    pub summary: String,
}

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreatKind {
    /// One session is used by two browsers.
    SessionHijacking,
    /// A login that is not like the user's others.
    LoginAnomaly,
    /// A login that succeeded amid many with stolen passwords.
    CredentialStuffing,
}

impl ThreatKind {
    /// The event's API name.
    pub fn name(self) -> &'static str {
        match self {
            Self::SessionHijacking => "SessionHijackingEvent",
            Self::LoginAnomaly => "LoginAnomalyEvent",
            Self::CredentialStuffing => "CredentialStuffingEvent",
        }
    }
}

impl fmt::Display for ThreatKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
