//! By what somebody is in, or may come back.

use std::fmt;

use crate::observation::{Session, Token, UserId, families};

/// How many families of live sessions and refresh tokens a user holds, as far as they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    sessions: usize,
    tokens: usize,
}

impl Held {
    pub(super) fn by(user: &UserId, sessions: Option<&Vec<Session>>, tokens: Option<&Vec<Token>>) -> Self {
        let sessions = sessions.into_iter().flatten().filter(|session| session.user_id == *user);
        let tokens = tokens.into_iter().flatten().filter(|token| token.user_id == *user);
        Self { sessions: families(sessions).len(), tokens: tokens.count() }
    }

    pub(super) fn is_nothing(self) -> bool {
        self.sessions + self.tokens == 0
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} live sessions, {} refresh tokens", self.sessions, self.tokens)
    }
}
