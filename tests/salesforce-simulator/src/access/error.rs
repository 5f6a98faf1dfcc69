//! Refusals as the OAuth endpoints and as the REST resources word them.

use crate::journal::Matched;
use crate::soql::SoqlError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OauthError {
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

impl OauthError {
    pub(crate) const fn new(error: &'static str, description: &'static str) -> Self {
        Self { error, description }
    }

    pub(crate) const fn grant(description: &'static str) -> Self {
        Self::new("invalid_grant", description)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RestError {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// No, when the request named nothing the simulator has.
    pub(crate) matched: Matched,
}

impl RestError {
    pub(crate) fn new(status: u16, code: &'static str, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), matched: Matched::Yes }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "NOT_FOUND", "The requested resource does not exist")
    }

    pub(crate) fn unmatched(self) -> Self {
        Self { matched: Matched::No, ..self }
    }

    pub(crate) fn invalid_session() -> Self {
        Self::new(401, "INVALID_SESSION_ID", "Session expired or invalid")
    }

    pub(crate) fn limit_exceeded(text: &str) -> Self {
        Self::new(403, "REQUEST_LIMIT_EXCEEDED", text)
    }

    pub(crate) fn row_locked() -> Self {
        Self::new(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
    }

    pub(crate) fn no_access() -> Self {
        Self::new(403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
    }
}

impl From<SoqlError> for RestError {
    fn from(error: SoqlError) -> Self {
        Self { status: 400, code: error.code, message: error.message, matched: error.matched }
    }
}
