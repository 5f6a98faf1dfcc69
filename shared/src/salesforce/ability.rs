//! What an identity is there for: what it must see, and what it must be able to do, each with the permissions that
//! Salesforce asks for. Source: the "Special Access Rules" of each object in the Object Reference.

use std::fmt;

use super::connection::Role;
use super::permission::Permission::{
    self, AssignPermissionSets, CustomizeApplication, FreezeUsers, ManageTwoFactor, ManageUsers,
    MonitorLoginHistory, ResetPasswords, ViewAllUsers, ViewSetup,
};

/// Something that an identity sees of others, or does to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ability {
    /// Sees LoginHistory.
    Logins,
    /// Sees LoginGeo of a login.
    Places,
    /// Sees AuthSession.
    Sessions,
    /// Sees OauthToken.
    Tokens,
    /// Sees VerificationHistory.
    Verifications,
    /// Sees User.
    Users,
    /// Sees PermissionSetAssignment.
    Privileges,
    /// Sees UserLogin: who is frozen.
    UserLogins,
    /// Sees SetupAuditTrail.
    SetupTrail,
    /// Sees TwoFactorMethodsInfo.
    MfaMethods,
    /// Sees ConnectedApplication.
    Apps,
    /// Sees where the users of a profile may log in, and the settings that Health Check shows.
    OrgSettings,
    /// Sees the org's limits.
    Limits,
    /// Deletes sessions.
    DeleteSessions,
    /// Revokes refresh tokens.
    RevokeTokens,
    /// Freezes users.
    FreezeUsers,
    /// Makes passwords invalid.
    ResetPasswords,
}

/// How much an identity is the poorer without an ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It does its job all the same, and knows less: that is told.
    Useful,
    /// It cannot do its job: it is blind.
    Needed,
}

impl Ability {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Logins,
        Self::Places,
        Self::Sessions,
        Self::Tokens,
        Self::Verifications,
        Self::Users,
        Self::Privileges,
        Self::UserLogins,
        Self::SetupTrail,
        Self::MfaMethods,
        Self::Apps,
        Self::OrgSettings,
        Self::Limits,
        Self::DeleteSessions,
        Self::RevokeTokens,
        Self::FreezeUsers,
        Self::ResetPasswords,
    ];

    /// What scripts and documents call it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Logins => "logins",
            Self::Places => "places",
            Self::Sessions => "sessions",
            Self::Tokens => "tokens",
            Self::Verifications => "verifications",
            Self::Users => "users",
            Self::Privileges => "privileges",
            Self::UserLogins => "user-logins",
            Self::SetupTrail => "setup-trail",
            Self::MfaMethods => "mfa-methods",
            Self::Apps => "apps",
            Self::OrgSettings => "org-settings",
            Self::Limits => "limits",
            Self::DeleteSessions => "delete-sessions",
            Self::RevokeTokens => "revoke-tokens",
            Self::FreezeUsers => "freeze-users",
            Self::ResetPasswords => "reset-passwords",
        }
    }

    /// The ability of this name.
    pub fn named(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ability| ability.id() == id)
    }

    /// The object or resource of the API.
    pub const fn object(self) -> &'static str {
        match self {
            Self::Logins => "LoginHistory",
            Self::Places => "LoginGeo",
            Self::Sessions | Self::DeleteSessions => "AuthSession",
            Self::Tokens | Self::RevokeTokens => "OauthToken",
            Self::Verifications => "VerificationHistory",
            Self::Users | Self::ResetPasswords => "User",
            Self::Privileges => "PermissionSetAssignment",
            Self::UserLogins | Self::FreezeUsers => "UserLogin",
            Self::SetupTrail => "SetupAuditTrail",
            Self::MfaMethods => "TwoFactorMethodsInfo",
            Self::Apps => "ConnectedApplication",
            Self::OrgSettings => "Profile and SecurityHealthCheckRisks (Tooling API)",
            Self::Limits => "limits",
        }
    }

    /// Any one of these permissions is enough, beside API Enabled; the first is the narrowest.
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Logins => &[MonitorLoginHistory, ManageUsers],
            Self::Places | Self::Sessions | Self::Verifications | Self::DeleteSessions => &[ManageUsers],
            Self::Tokens | Self::Apps | Self::RevokeTokens => &[CustomizeApplication],
            Self::Users => &[ViewAllUsers, ManageUsers],
            Self::Privileges => &[ViewSetup, AssignPermissionSets, ManageUsers],
            Self::UserLogins | Self::FreezeUsers => &[FreezeUsers, ManageUsers],
            Self::SetupTrail | Self::OrgSettings | Self::Limits => &[ViewSetup],
            Self::MfaMethods => &[ManageTwoFactor],
            Self::ResetPasswords => &[ResetPasswords],
        }
    }

    /// What is lost without it, as the end of a sentence that begins with "without it".
    pub const fn lost(self) -> &'static str {
        match self {
            Self::Logins => "no login of others is seen and the org is not watched",
            Self::Places => "places are known by country only, and travel between cities is not seen",
            Self::Sessions => "it is not seen who is in now, nor a session used from a strange address",
            Self::Tokens => "refresh tokens of others, which outlive every session, are not seen",
            Self::Verifications => "a factor that an attacker registers is not seen",
            Self::Users => "users whom the org's sharing hides have no name",
            Self::Privileges => "it is not known who is an administrator or a program",
            Self::UserLogins => "it is not seen who is frozen",
            Self::SetupTrail => "who froze an account is not seen",
            Self::MfaMethods => "it is not seen who has no second factor",
            Self::Apps => "it is not seen which applications users may let in themselves",
            Self::OrgSettings => "it is not seen from where users may log in, nor how long sessions last",
            Self::Limits => "only the org's daily API calls are known, no other limit",
            Self::DeleteSessions => "live sessions cannot be ended",
            Self::RevokeTokens => "refresh tokens of others cannot be found and revoked",
            Self::FreezeUsers => "users cannot be kept from logging in again",
            Self::ResetPasswords => "a guessed password cannot be made invalid",
        }
    }

    /// What an identity in this role needs it for; `None` where it does not use it. The scanner's job are its three
    /// sensors, logins, sessions and tokens; all else is context to them.
    pub const fn weight(self, role: Role) -> Option<Weight> {
        use Weight::{Needed, Useful};
        match (role, self) {
            (Role::Scanner, Self::Logins | Self::Sessions | Self::Tokens)
            | (
                Role::Revoker,
                Self::Sessions
                | Self::Tokens
                | Self::Users
                | Self::Privileges
                | Self::UserLogins
                | Self::DeleteSessions
                | Self::RevokeTokens
                | Self::FreezeUsers,
            ) => Some(Needed),
            (
                Role::Scanner,
                Self::Places
                | Self::Verifications
                | Self::Users
                | Self::Privileges
                | Self::UserLogins
                | Self::MfaMethods
                | Self::Apps
                | Self::OrgSettings
                | Self::Limits,
            )
            | (Role::Revoker, Self::ResetPasswords | Self::SetupTrail) => Some(Useful),
            _ => None,
        }
    }

    /// Whether an operator may do without it: everything that is only seen, except the logins themselves.
    pub(super) fn is_optional(self) -> bool {
        !matches!(
            self,
            Self::Logins
                | Self::DeleteSessions
                | Self::RevokeTokens
                | Self::FreezeUsers
                | Self::ResetPasswords
        )
    }
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own_and_somebody_who_uses_it() {
        for ability in Ability::ALL {
            assert_eq!(Ability::named(ability.id()), Some(ability));
            let roles = [Role::Scanner, Role::Revoker];
            assert!(roles.into_iter().any(|role| ability.weight(role).is_some()), "{ability}");
            assert!(!ability.permissions().is_empty(), "{ability}");
        }
    }
}
