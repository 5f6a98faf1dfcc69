//! A user, as context for judging and for the guard.

use serde::{Deserialize, Serialize};

use super::UserId;

/// Who an account belongs to. Source: Object Reference, User.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The record.
    pub id: UserId,
    /// The login name.
    pub username: String,
    /// The person's or integration's name.
    #[serde(default)]
    pub name: String,
    /// Whether the account may log in at all.
    pub is_active: bool,
    /// The profile's name.
    #[serde(default)]
    pub profile: String,
    /// Whether a person or a program uses it.
    #[serde(default)]
    pub kind: AccountKind,
}

/// Whether a person or a program uses an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A person.
    #[default]
    Human,
    /// A program: the account is restricted to the API.
    Integration,
}
