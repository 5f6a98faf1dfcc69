//! What an indicator came to in one org.

use std::collections::BTreeSet;

use jiff::Timestamp;
use session_warden::observation::{Login, SessionId, Token, UserId};

use super::live::LiveFamily;

/// Everything that shows one indicator.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) first_seen: Option<Timestamp>,
    pub(super) last_seen: Option<Timestamp>,
    pub(super) logins: u64,
    pub(super) successes: u64,
    pub(super) users: BTreeSet<UserId>,
    /// Live families, by their roots.
    pub(super) sessions: BTreeSet<SessionId>,
    pub(super) tokens: u64,
}

impl Tally {
    /// Counts a login.
    pub(super) fn login(&mut self, login: &Login) {
        self.logins += 1;
        self.successes += u64::from(login.succeeded());
        self.users.extend(login.user_id.clone());
        self.seen(login.time);
    }

    /// Counts a live family.
    pub(super) fn family(&mut self, family: &LiveFamily) {
        self.sessions.insert(family.root.clone());
        self.users.insert(family.session.user_id.clone());
        self.seen(family.last_modified);
    }

    /// Counts a refresh token.
    pub(super) fn token(&mut self, token: &Token) {
        self.tokens += 1;
        self.users.insert(token.user_id.clone());
        if let Some(at) = token.last_used.or(token.created) {
            self.seen(at);
        }
    }

    fn seen(&mut self, at: Timestamp) {
        self.first_seen = Some(self.first_seen.map_or(at, |first| first.min(at)));
        self.last_seen = self.last_seen.max(Some(at));
    }
}
