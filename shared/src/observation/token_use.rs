//! What happened to a refresh token between two looks at it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Token;

/// A refresh token that is new, was used, or is gone. Salesforce tells neither from where it was used nor each single
/// use, only their number and the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUse {
    /// The token as it is now; one that is gone, as it was.
    pub token: Token,
    /// What happened to it.
    pub change: TokenChange,
    /// How often it was used since the look before: `UseCount` now less `UseCount` then, never below 0.
    pub uses: u64,
    /// When this look was.
    pub seen_at: Timestamp,
    /// The last use that the look before knew of.
    #[serde(default)]
    pub used_before: Option<Timestamp>,
}

/// What happened to a token between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenChange {
    /// It was not there before.
    Granted,
    /// It was used.
    Used,
    /// It is not there any more: revoked or expired.
    Gone,
}

impl TokenUse {
    /// When Salesforce says it happened: the last use, else the grant; else, and for a token that is gone, the look.
    pub fn time(&self) -> Timestamp {
        match self.change {
            TokenChange::Gone => self.seen_at,
            TokenChange::Granted | TokenChange::Used => {
                self.token.last_used.or(self.token.created).unwrap_or(self.seen_at).min(self.seen_at)
            }
        }
    }

    /// Whether somebody worked through the token since the look before, or before the first.
    pub fn shows_use(&self) -> bool {
        self.change != TokenChange::Gone && self.uses > 0
    }

    /// Names this state of the token: each further use is another observation.
    pub fn revision(&self) -> String {
        let Token { key, use_count, .. } = &self.token;
        match self.change {
            TokenChange::Gone => format!("{key}/gone"),
            TokenChange::Granted | TokenChange::Used => {
                format!("{key}/{use_count}/{}", self.token.last_used.unwrap_or_default())
            }
        }
    }
}
