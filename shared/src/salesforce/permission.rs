//! The user permissions that decide what an identity sees and may do. Source: Salesforce Help, "User Permissions and
//! Access"; Object Reference, PermissionSet, whose fields name them.

use std::fmt;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident $label:literal,)*) => {
        /// A user permission.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// All that are asked about.
            pub const ALL: &[Self] = &[$(Self::$name),*];
            /// Their fields, in the same order.
            pub(super) const FIELDS: &[&str] = &[$(concat!("Permissions", stringify!($name))),*];

            /// As Setup labels it.
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$name => $label,)*
                }
            }

            /// Its field on UserPermissionAccess, PermissionSet and Profile, for example `PermissionsManageUsers`.
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
    ApiEnabled "API Enabled",
    /// No user interface.
    ApiUserOnly "API Only User",
    /// Users, sessions, places and verifications of others.
    ManageUsers "Manage Users",
    /// Logins of others, without their places.
    MonitorLoginHistory "Monitor Login History",
    /// OAuth tokens of others.
    CustomizeApplication "Customize Application",
    /// Users whom the org's sharing hides.
    ViewAllUsers "View All Users",
    /// Setup, its audit trail, and limits.
    ViewSetup "View Setup and Configuration",
    /// Who holds which permission set.
    AssignPermissionSets "Assign Permission Sets",
    /// Keeping a user from logging in.
    FreezeUsers "Freeze Users",
    /// Making a password invalid.
    ResetPasswords "Reset User Passwords and Unlock Users",
    /// Which factors users have registered.
    ManageTwoFactor "Manage Multi-Factor Authentication in API",
    /// Multi-factor authentication is asked for at every login to the user interface.
    ForceTwoFactor "Multi-Factor Authentication for User Interface Logins",
    /// Every record, writable.
    ModifyAllData "Modify All Data",
    /// Every record, readable.
    ViewAllData "View All Data",
    /// Code that runs without the author's limits.
    AuthorApex "Author Apex",
    /// Whose word counts as a login.
    ManageAuthProviders "Manage Auth. Providers",
    /// Keys of encrypted data.
    ManageEncryptionKeys "Manage Encryption Keys",
    /// A password for good.
    PasswordNeverExpires "Password Never Expires",
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
