//! Sessions that a user holds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::detection::crowd::mark;
use crate::observation::{Network, Session, SessionId};

/// One session that was seen live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The root of its family.
    pub family: SessionId,
    /// The session, as a mark.
    pub session: u32,
    /// The login that Salesforce names for it, as a mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<u32>,
    /// From which network it is held.
    pub network: Network,
    /// When Salesforce last recorded activity.
    pub used: Timestamp,
    /// When it ends unless used again.
    pub expires: Timestamp,
}

impl Held {
    /// A session held from an address; hand-over sessions, which live for seconds on Salesforce's own servers, are
    /// none.
    pub(super) fn of(session: &Session) -> Option<Self> {
        if is_temporary(session) {
            return None;
        }
        Some(Self {
            family: session.parent_id.clone(),
            session: mark(session.id.as_str()),
            login: session.login_id().map(|login| mark(login.as_str())),
            network: session.source.network()?,
            used: session.last_modified,
            expires: session.expires(),
        })
    }
}

/// Hand-over sessions live for seconds and come from Salesforce's own servers.
pub(in crate::detection) fn is_temporary(session: &Session) -> bool {
    session.is_temporary()
}
