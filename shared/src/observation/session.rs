//! A row of AuthSession.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{LoginId, SessionId, Source, UserId};

/// One live session. Source: Object Reference, AuthSession.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The record.
    pub id: SessionId,
    /// Whose (`UsersId`).
    pub user_id: UserId,
    /// The session it was derived from; a root is its own parent.
    pub parent_id: SessionId,
    /// `SessionType`, an open list: `UI`, `Oauth2`, `API`, `TempUIFrontdoor` …
    pub session_type: String,
    /// `SessionSecurityLevel`: `LOW`, `STANDARD`, `HIGH_ASSURANCE`.
    #[serde(default)]
    pub security_level: String,
    /// The address that holds the session.
    pub source: Source,
    /// The login it belongs to; Salesforce moves this to the newest login when a session is reused.
    pub login: Option<SessionLogin>,
    /// When it was made.
    pub created: Timestamp,
    /// When Salesforce last recorded activity.
    pub last_modified: Timestamp,
    /// Seconds of inactivity after which it ends.
    pub seconds_valid: i64,
}

/// The login that a session points to, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionLogin {
    /// The LoginHistory record.
    pub id: LoginId,
    /// Its time and address; `None` when the row was not readable.
    pub read: Option<(Timestamp, Source)>,
}

impl Session {
    /// Whether this is the root of its family.
    pub fn is_root(&self) -> bool {
        self.parent_id == self.id
    }

    /// When it ends unless used again. Rows may linger after that.
    pub fn expires(&self) -> Timestamp {
        let validity = SignedDuration::from_secs(self.seconds_valid.max(0));
        self.last_modified.checked_add(validity).unwrap_or(Timestamp::MAX)
    }

    /// Names this state of the session: another address or another login is another observation.
    pub fn revision(&self) -> String {
        let login = self.login.as_ref().map_or("", |login| login.id.as_str());
        format!("session/{}/{}/{login}", self.id, self.source)
    }
}
