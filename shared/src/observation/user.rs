//! A user, as context for judging and for the guard.

use jiff::Timestamp;
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
    /// What else is known of it.
    #[serde(default)]
    pub details: AccountDetails,
}

impl User {
    /// Whether the profile is one of these, case aside.
    pub fn has_profile_of(&self, names: &[String]) -> bool {
        names.iter().any(|name| name.eq_ignore_ascii_case(&self.profile))
    }
}

/// What a User record says beyond who it is; empty or `None` where this identity does not see the field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountDetails {
    /// The profile, `00e…`.
    pub profile_id: String,
    /// `UserType`: `Standard` for employees, others for customers, partners and guests.
    pub user_type: String,
    /// Whether an identity provider vouches for this user.
    pub sign_on: SignOn,
    /// When the password was last set.
    pub last_password_change: Option<Timestamp>,
    /// `TimeZoneSidKey`, an IANA name such as `Europe/Berlin`.
    pub time_zone: String,
    /// `UserRoleId`, `00E…`: the place in the hierarchy of roles.
    pub role_id: String,
    /// `Country` of the user's address, as administrators write it: a name or a code.
    pub country: String,
    /// The manager.
    pub manager_id: Option<UserId>,
    /// When the account was made.
    pub created: Option<Timestamp>,
}

/// Whether an identity provider may vouch for a user: whether `FederationIdentifier` is set. The identifier itself is
/// not kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignOn {
    /// One may.
    Federated,
    /// None may, or this identity does not see it.
    #[default]
    Salesforce,
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
    /// This tool: what is usual for others says nothing about it.
    Warden,
}
