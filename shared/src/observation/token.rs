//! A row of OauthToken.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{TokenKey, UserId};

/// One refresh token, which outlives every session it makes. Source: Object Reference, OauthToken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Keyed hash of DeleteToken.
    pub key: TokenKey,
    /// Whose.
    pub user_id: UserId,
    /// The application it was granted to.
    pub app_name: String,
    /// How often it was used.
    pub use_count: i64,
    /// When it was granted.
    pub created: Option<Timestamp>,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
}
