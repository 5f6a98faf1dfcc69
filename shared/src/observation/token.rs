//! A row of OauthToken.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{TokenKey, UserId};

/// One refresh token, which outlives every session it makes. Source: Object Reference, OauthToken, and Connect REST API
/// Developer Guide, App OAuth Usage Token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Tells it apart.
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
    /// What kind of application it was granted to.
    #[serde(default)]
    pub app: AppKind,
    /// Whether Salesforce gives a way to revoke it.
    #[serde(default)]
    pub revocable: Revocable,
}

/// What kind of application holds a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    /// A connected app.
    #[default]
    Connected,
    /// An external client app.
    ExternalClient,
}

/// Whether Salesforce gives a way to revoke a token by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revocable {
    /// It does.
    #[default]
    Yes,
    /// It tells this identity nothing that names the token: revoke it in Setup.
    No,
}
