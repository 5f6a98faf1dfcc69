//! A row of AuthSession.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{LoginId, Network, Origin, Place, SessionId, Source, UserId};

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
    /// `LoginType` of the login that made it, a label such as `Application`; `Unknown` for some derived sessions.
    #[serde(default)]
    pub login_type: String,
    /// `SessionSecurityLevel`: `LOW`, `STANDARD`, `HIGH_ASSURANCE`.
    #[serde(default)]
    pub security_level: String,
    /// What kind of access token works through it.
    #[serde(default)]
    pub access_token: AccessToken,
    /// The address that holds the session.
    pub source: Source,
    /// Where Salesforce places that address.
    #[serde(default)]
    pub place: Option<Place>,
    /// The login it belongs to; Salesforce moves this to the newest login when a session is reused.
    pub login: Option<SessionLogin>,
    /// The login it pointed to when it was first seen, where that is another one.
    #[serde(default)]
    pub first_login: Option<SessionLogin>,
    /// When it was made.
    pub created: Timestamp,
    /// When Salesforce last recorded activity.
    pub last_modified: Timestamp,
    /// Seconds of inactivity after which it ends.
    pub seconds_valid: i64,
    /// What data packs know of the address; Salesforce does not tell this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<Origin>>,
}

/// What kind of access token works through a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessToken {
    /// One that carries its own proof: some services honour it for up to 30 minutes after its session has ended.
    Jwt,
    /// One that ends with its session.
    Opaque,
    /// Salesforce does not tell it before API version 64.0.
    #[default]
    Untold,
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

    /// The login it points to.
    pub fn login_id(&self) -> Option<&LoginId> {
        self.login.as_ref().map(|login| &login.id)
    }

    /// The network that its login came from, where it is known.
    pub fn came_from(&self) -> Option<Network> {
        self.login.as_ref()?.read.as_ref()?.1.network()
    }

    /// Whether it is held from outside the pool of networks that its login came from; not, where either is not known.
    pub fn has_moved(&self) -> bool {
        self.source
            .network()
            .zip(self.came_from())
            .is_some_and(|(held_from, login)| !held_from.is_near(login))
    }

    /// Whether it hands over from one part of Salesforce to another: it lives for seconds, on Salesforce's own servers.
    /// Sources write `TempUIFrontdoor` and `TempUiFrontdoor` alike.
    pub fn is_temporary(&self) -> bool {
        self.session_type.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("temp"))
    }

    /// Whether programs work through it, of the types that the Object Reference lists: `Oauth2` and `API`.
    pub fn serves_programs(&self) -> bool {
        ["Oauth2", "API"].iter().any(|kind| self.session_type.eq_ignore_ascii_case(kind))
    }

    /// Whether it can still be used at `now`; the row of one that cannot may linger.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires() > now
    }

    /// When it ends unless used again. Rows may linger after that.
    pub fn expires(&self) -> Timestamp {
        let validity = SignedDuration::from_secs(self.seconds_valid.max(0));
        self.last_modified.checked_add(validity).unwrap_or(Timestamp::MAX)
    }

    /// Names this state of the session among all sessions: another address or another login is another observation.
    pub fn revision(&self) -> String {
        let login = self.login.as_ref().map_or("", |login| login.id.as_str());
        format!("{}/{}/{login}", self.id, self.source)
    }
}
