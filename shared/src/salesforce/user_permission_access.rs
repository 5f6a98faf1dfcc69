//! UserPermissionAccess: what this identity may do, and by that what it can see. Source: Object Reference,
//! UserPermissionAccess; the needs of each object from its own page.

use serde::Deserialize;

use super::client::Salesforce;
use super::error::SalesforceError;
use super::query::record;

const OBJECT: &str = "UserPermissionAccess";
const SELECT: &str = "SELECT PermissionsManageUsers, PermissionsMonitorLoginHistory, PermissionsCustomizeApplication, \
                      PermissionsFreezeUsers FROM UserPermissionAccess LIMIT 1";

/// What this identity can see of other users, and do to them, proven from its permissions: having seen only one's own
/// rows proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visibility {
    /// LoginHistory.
    pub logins: Sight,
    /// LoginGeo of a login.
    pub places: Sight,
    /// AuthSession, reading and deleting.
    pub sessions: Sight,
    /// OauthToken.
    pub tokens: Sight,
    /// VerificationHistory.
    pub verifications: Sight,
    /// UserLogin, reading and freezing.
    pub freeze: Sight,
}

/// Whether a sensor sees everyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Everyone's rows.
    Seeing,
    /// At most its own.
    Blind {
        /// The permission to give, as Setup labels it.
        missing: String,
    },
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "the fields of the record")]
struct Held {
    permissions_manage_users: bool,
    permissions_monitor_login_history: bool,
    permissions_customize_application: bool,
    permissions_freeze_users: bool,
}

impl Salesforce {
    /// What this identity can see, from its permissions.
    pub async fn visibility(&self) -> Result<Visibility, SalesforceError> {
        let rows = self.rows(OBJECT, SELECT.to_owned(), record::<Held>).await?;
        Ok(Visibility::from(rows.into_iter().next().unwrap_or_default()))
    }
}

impl From<Held> for Visibility {
    fn from(held: Held) -> Self {
        let manage_users = held.permissions_manage_users;
        Self {
            logins: sight(manage_users || held.permissions_monitor_login_history, "Monitor Login History"),
            places: sight(manage_users, "Manage Users"),
            sessions: sight(manage_users, "Manage Users"),
            tokens: sight(held.permissions_customize_application, "Customize Application"),
            verifications: sight(manage_users, "Manage Users"),
            freeze: sight(manage_users || held.permissions_freeze_users, "Freeze Users"),
        }
    }
}

fn sight(is_held: bool, permission: &str) -> Sight {
    if is_held { Sight::Seeing } else { Sight::Blind { missing: permission.to_owned() } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_permissions_everything_is_blind() {
        let visibility = Visibility::from(Held::default());
        assert_eq!(visibility.tokens, Sight::Blind { missing: "Customize Application".into() });
        assert!(matches!(visibility.logins, Sight::Blind { .. }));
    }

    #[test]
    fn monitor_login_history_shows_logins_without_places() {
        let held = Held { permissions_monitor_login_history: true, ..Held::default() };
        let visibility = Visibility::from(held);
        assert_eq!(visibility.logins, Sight::Seeing);
        assert!(matches!(visibility.places, Sight::Blind { .. }));
    }
}
