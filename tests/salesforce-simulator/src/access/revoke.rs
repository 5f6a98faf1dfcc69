//! The revoke endpoint: a refresh token or DeleteToken ends everything it made, an access token only itself.

use super::error::OauthError;
use crate::id::Id;
use crate::journal::Write;
use crate::objects::oauth_token::Token;
use crate::org::Org;
use crate::switches::{Lying, RevokeSessions};
use std::collections::HashSet;
use std::sync::Arc;

impl Org {
    /// Ends all that a user holds, as Salesforce does itself; no client of ours has asked for it.
    pub fn end_access(&mut self, user_id: &str) {
        self.tokens.retain(|token| *token.user_id != *user_id);
        let held: HashSet<Id> = self.live_sessions_of(user_id).iter().map(|session| session.id).collect();
        self.remove_sessions(|id, _| held.contains(&id));
    }

    pub(crate) fn revoke(&mut self, secret: &str) -> Result<(), OauthError> {
        let names = |token: &&Arc<Token>| token.refresh_token == secret || token.delete_token == secret;
        if let Some(token) = self.tokens.iter().find(names).cloned() {
            self.journal.writes.push(asked(&token));
            self.revoke_token(&token);
            return Ok(());
        }
        if let Some((root, user_id)) = self.session_of(secret) {
            self.journal.writes.push(Write::RevokedAccess { user_id: user_id.into() });
            if !self.switches.lying.is_about(Lying::Revokes) {
                self.remove_sessions(|id, parent| id == root || parent == root);
            }
            return Ok(());
        }
        let write = self.revoked_tokens.iter().find(names).map_or(Write::RevokedUnknown, asked);
        self.journal.writes.push(write);
        Err(OauthError::new("invalid_token", "the token is invalid or was already revoked"))
    }

    pub(crate) fn revoke_token(&mut self, token: &Arc<Token>) {
        if self.switches.lying.is_about(Lying::Revokes) {
            return;
        }
        self.tokens.retain(|kept| kept.serial != token.serial);
        self.revoked_tokens.push(Arc::clone(token));
        if self.switches.revoke_sessions == RevokeSessions::Removed {
            let made = self.sessions().iter().filter(|session| session.made_by == Some(token.serial));
            let roots: HashSet<Id> = made.map(|session| session.id).collect();
            self.remove_sessions(|id, parent| roots.contains(&id) || roots.contains(&parent));
        }
    }

    fn session_of(&self, access_token: &str) -> Option<(Id, Id)> {
        let holds = |token: &Option<String>| token.as_deref() == Some(access_token);
        let session = self.sessions().iter().find(|session| holds(&session.access_token))?;
        Some((session.parent_id, session.user_id))
    }
}

fn asked(token: &Arc<Token>) -> Write {
    Write::Revoked { app: token.app.clone(), user_id: token.user_id.into() }
}
