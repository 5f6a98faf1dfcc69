//! The permissions that decide what a caller sees and may do.

/// One user permission; `api_name` is the boolean's name on Profile, PermissionSet and UserPermissionAccess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
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
    /// Setup pages and limits.
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
    /// Resetting passwords.
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
}

impl Permission {
    /// Every permission the simulator knows.
    pub const ALL: [Self; 20] = [
        Self::ApiEnabled,
        Self::ApiUserOnly,
        Self::ManageUsers,
        Self::CustomizeApplication,
        Self::MonitorLoginHistory,
        Self::ViewAllUsers,
        Self::ViewSetup,
        Self::FreezeUsers,
        Self::ModifyAllData,
        Self::ViewAllData,
        Self::AuthorApex,
        Self::AssignPermissionSets,
        Self::ManageProfilesPermissionsets,
        Self::ResetPasswords,
        Self::ManageInternalUsers,
        Self::ManageRoles,
        Self::ManageRemoteAccess,
        Self::ManageAuthProviders,
        Self::ExportReport,
        Self::ForceTwoFactor,
    ];

    /// The field's name, for example `PermissionsManageUsers`.
    pub const fn api_name(self) -> &'static str {
        match self {
            Self::ApiEnabled => "PermissionsApiEnabled",
            Self::ApiUserOnly => "PermissionsApiUserOnly",
            Self::ManageUsers => "PermissionsManageUsers",
            Self::CustomizeApplication => "PermissionsCustomizeApplication",
            Self::MonitorLoginHistory => "PermissionsMonitorLoginHistory",
            Self::ViewAllUsers => "PermissionsViewAllUsers",
            Self::ViewSetup => "PermissionsViewSetup",
            Self::FreezeUsers => "PermissionsFreezeUsers",
            Self::ModifyAllData => "PermissionsModifyAllData",
            Self::ViewAllData => "PermissionsViewAllData",
            Self::AuthorApex => "PermissionsAuthorApex",
            Self::AssignPermissionSets => "PermissionsAssignPermissionSets",
            Self::ManageProfilesPermissionsets => "PermissionsManageProfilesPermissionsets",
            Self::ResetPasswords => "PermissionsResetPasswords",
            Self::ManageInternalUsers => "PermissionsManageInternalUsers",
            Self::ManageRoles => "PermissionsManageRoles",
            Self::ManageRemoteAccess => "PermissionsManageRemoteAccess",
            Self::ManageAuthProviders => "PermissionsManageAuthProviders",
            Self::ExportReport => "PermissionsExportReport",
            Self::ForceTwoFactor => "PermissionsForceTwoFactor",
        }
    }

    pub(crate) fn named(api_name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.api_name() == api_name)
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u32);

impl Permissions {
    /// The set of these.
    pub fn of(permissions: &[Permission]) -> Self {
        permissions.iter().fold(Self::default(), |set, permission| set.with(*permission))
    }

    /// Everything: what a System Administrator has, API-only aside.
    pub fn administrator() -> Self {
        Permission::ALL.into_iter().fold(Self::default(), Self::with).without(Permission::ApiUserOnly)
    }

    /// Whether `permission` is in the set.
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// The set with `permission` in it.
    #[must_use]
    pub fn with(self, permission: Permission) -> Self {
        Self(self.0 | 1 << permission as u32)
    }

    /// The set with `permission` taken out.
    #[must_use]
    pub fn without(self, permission: Permission) -> Self {
        Self(self.0 & !(1 << permission as u32))
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
