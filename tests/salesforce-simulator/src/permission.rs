//! The permissions that decide what a caller sees and may do.

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One user permission; `api_name` is the boolean's name on Profile, PermissionSet and UserPermissionAccess.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// Every permission the simulator knows.
            pub const ALL: [Self; [$(stringify!($name)),*].len()] = [$(Self::$name),*];

            /// The field's name, for example `PermissionsManageUsers`.
            pub const fn api_name(self) -> &'static str {
                match self {
                    $(Self::$name => concat!("Permissions", stringify!($name)),)*
                }
            }
        }
    };
}

permissions! {
    /// Any REST call at all.
    ApiEnabled,
    /// No user interface.
    ApiUserOnly,
    /// Everything about users, sessions and MFA.
    ManageUsers,
    /// All users' OAuth tokens.
    CustomizeApplication,
    /// All users' login rows, without their places.
    MonitorLoginHistory,
    /// All User records.
    ViewAllUsers,
    /// Setup pages, their audit trail, and limits.
    ViewSetup,
    /// Writing `UserLogin.IsFrozen`.
    FreezeUsers,
    /// Every record, writable.
    ModifyAllData,
    /// Every record, readable.
    ViewAllData,
    /// Apex code.
    AuthorApex,
    /// Granting permission sets.
    AssignPermissionSets,
    /// Changing profiles and permission sets.
    ManageProfilesPermissionsets,
    /// Resetting passwords and unlocking users.
    ResetPasswords,
    /// Internal users.
    ManageInternalUsers,
    /// Roles.
    ManageRoles,
    /// Connected apps.
    ManageRemoteAccess,
    /// Authentication providers.
    ManageAuthProviders,
    /// Exporting reports.
    ExportReport,
    /// MFA is asked at every user-interface login.
    ForceTwoFactor,
    /// MFA is asked at every API login.
    TwoFactorApi,
    /// Manage MFA in API: which methods users have registered.
    ManageTwoFactor,
    /// Manage MFA in the user interface.
    DelegatedTwoFactor,
    /// Login address ranges.
    ManageIpAddresses,
    /// Who may log in as whom.
    ManageLoginAccessPolicies,
    /// Password rules.
    ManagePasswordPolicies,
    /// Sharing rules.
    ManageSharing,
    /// Permission sets that hold for one session.
    ManageSessionPermissionSets,
    /// Encryption keys.
    ManageEncryptionKeys,
    /// Changing metadata.
    ModifyMetadata,
    /// Event log files.
    ViewEventLogFiles,
    /// Roles, readable.
    ViewRoles,
    /// Deleting in bulk past the recycle bin.
    BulkApiHardDelete,
    /// Calling the API through apps nobody approved.
    UseAnyApiAuth,
    /// No code is asked for on an unknown device.
    SkipIdentityConfirmation,
    /// No second factor is asked for, whatever the org demands.
    BypassMFAForUiLogins,
    /// The password never expires.
    PasswordNeverExpires,
}

impl Permission {
    /// What Salesforce grants only together with Manage Users.
    pub const WITH_MANAGE_USERS: [Self; 13] = [
        Self::ManageUsers,
        Self::AssignPermissionSets,
        Self::DelegatedTwoFactor,
        Self::FreezeUsers,
        Self::ManageInternalUsers,
        Self::ManageIpAddresses,
        Self::ManageLoginAccessPolicies,
        Self::ManagePasswordPolicies,
        Self::ManageProfilesPermissionsets,
        Self::ManageRoles,
        Self::ManageSharing,
        Self::MonitorLoginHistory,
        Self::ViewAllUsers,
    ];

    pub(crate) fn named(api_name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.api_name() == api_name)
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u64);

impl Permissions {
    /// The set of these.
    pub fn of(permissions: &[Permission]) -> Self {
        permissions.iter().fold(Self::default(), |set, permission| set.with(*permission))
    }

    /// What a System Administrator has: everything but what makes an account weaker or narrower.
    pub fn administrator() -> Self {
        let all = Permission::ALL.into_iter().fold(Self::default(), Self::with);
        let not =
            [Permission::ApiUserOnly, Permission::BypassMFAForUiLogins, Permission::PasswordNeverExpires];
        not.into_iter().fold(all, Self::without)
    }

    /// Whether `permission` is in the set.
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u64) != 0
    }

    /// The set with `permission` in it.
    #[must_use]
    pub fn with(self, permission: Permission) -> Self {
        Self(self.0 | 1 << permission as u64)
    }

    /// The set with `permission` taken out.
    #[must_use]
    pub fn without(self, permission: Permission) -> Self {
        Self(self.0 & !(1 << permission as u64))
    }

    /// Both sets together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}
