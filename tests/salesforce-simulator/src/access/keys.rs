//! Who holds which key: access tokens to their sessions, JWTs that outlive theirs, and intruders with stolen ones.

use super::intruder::Intruder;
use crate::clock::shifted;
use crate::id::Id;
use crate::objects::auth_session::Session;
use crate::org::Org;
use crate::switches::AccessTokens;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// Where a token's session was last found.
    sessions: HashMap<String, Id>,
    tails: HashMap<String, Tail>,
    pub(super) intruders: Vec<Intruder>,
}

/// What is left of a deleted session to whoever holds its JWT.
#[derive(Clone, Debug)]
struct Tail {
    session: Arc<Session>,
    until: Timestamp,
}

impl Org {
    /// The session whose access token this is, deleted ones in their tail included.
    pub(crate) fn session_holding(&mut self, access_token: &str) -> Option<Arc<Session>> {
        let holds = |session: &Arc<Session>| session.access_token.as_deref() == Some(access_token);
        let known = self.keys.sessions.get(access_token).and_then(|id| self.sessions.get(id)).filter(holds);
        if let Some(session) =
            known.or_else(|| self.sessions.all().iter().rev().find(|session| holds(session)).cloned())
        {
            self.keys.sessions.insert(access_token.to_owned(), session.id);
            return Some(session);
        }
        let now = self.now();
        self.keys
            .tails
            .get(access_token)
            .filter(|tail| now < tail.until)
            .map(|tail| Arc::clone(&tail.session))
    }

    /// The username of whoever's session an access token belongs to.
    pub(crate) fn holder_of(&mut self, access_token: &str) -> Option<String> {
        let user_id = self.session_holding(access_token)?.user_id;
        self.users.get(&user_id).map(|user| user.username.clone())
    }

    /// Ends the session of this access token, without a tail.
    pub(crate) fn end_session_of(&mut self, access_token: &str) {
        if let Some(session) = self.session_holding(access_token) {
            self.remove_sessions(|id, parent| id == session.id || parent == session.id);
            self.keys.tails.remove(access_token);
        }
    }

    /// Sessions about to be removed leave their JWTs usable for a while.
    pub(super) fn outlive(&mut self, leaving: &HashSet<Id>) {
        if self.switches.access_tokens == AccessTokens::Opaque {
            return;
        }
        let until = shifted(self.now(), self.settings.jwt_tail);
        for session in
            leaving.iter().filter_map(|id| self.sessions.get(id)).filter(|session| session.has_jwt())
        {
            if let Some(token) = &session.access_token {
                let tail = Tail { session: Arc::clone(&session), until };
                self.keys.tails.insert(token.clone(), tail);
            }
        }
    }

    /// A new access token of the kind this org issues to apps.
    pub(crate) fn new_access_token(&mut self, session_type: &str) -> String {
        let opaque = self.secrets.access_token(self.organization.id);
        match self.switches.access_tokens {
            AccessTokens::Jwt if session_type == "Oauth2" => self.secrets.jwt(),
            _ => opaque,
        }
    }
}
