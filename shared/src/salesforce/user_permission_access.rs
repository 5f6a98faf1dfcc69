//! UserPermissionAccess: what this identity may do, and by that what it can see. Source: Object Reference,
//! UserPermissionAccess; which permissions an ability needs stands in [`Ability`].

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::ability::Ability;
use super::client::Salesforce;
use super::describe::Wanted;
use super::error::SalesforceError;
use super::permission::Permission;
use super::query::record;

const OBJECT: &str = "UserPermissionAccess";
/// Which permissions there are depends on the org's edition and licences.
const WANTED: Wanted = Wanted { object: OBJECT, required: &[], optional: Permission::FIELDS };

/// What an identity can see of other users, and do to them, proven from its permissions: having seen only one's own
/// rows proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visibility {
    permissions: Result<Held, String>,
    off: BTreeSet<Ability>,
}

/// The permissions of an identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Held {
    held: BTreeSet<Permission>,
    /// Those that the org does not have.
    absent: BTreeSet<Permission>,
}

/// Whether an identity has an ability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// For everyone's rows.
    Seeing,
    /// At most for its own.
    Blind {
        /// What is missing: the permission to give, as Setup labels it, or what keeps it from being known.
        missing: String,
    },
    /// The operator does without it.
    Off,
}

impl Visibility {
    /// What follows from these permissions.
    pub fn of_permissions(held: impl IntoIterator<Item = Permission>) -> Self {
        let held = Held { held: held.into_iter().collect(), absent: BTreeSet::new() };
        Self { permissions: Ok(held), off: BTreeSet::new() }
    }

    /// Nothing is proven, for this reason.
    pub fn unreadable(reason: String) -> Self {
        Self { permissions: Err(reason), off: BTreeSet::new() }
    }

    /// Whether this identity has an ability.
    pub fn of(&self, ability: Ability) -> Sight {
        if self.off.contains(&ability) {
            return Sight::Off;
        }
        let permissions = ability.permissions();
        match &self.permissions {
            Err(reason) => Sight::Blind { missing: format!("{OBJECT}, which cannot be read: {reason}") },
            Ok(Held { held, .. }) if permissions.iter().any(|permission| held.contains(permission)) => {
                Sight::Seeing
            }
            Ok(_) => Sight::Blind { missing: permissions[0].label().to_owned() },
        }
    }

    /// Whether a permission is held; `false` also where it is not known.
    pub fn holds(&self, permission: Permission) -> bool {
        self.permissions.as_ref().is_ok_and(|known| known.held.contains(&permission))
    }

    /// The permissions that this org does not have, and by that nobody.
    pub fn absent(&self) -> impl Iterator<Item = Permission> {
        self.permissions.iter().flat_map(|known| known.absent.iter().copied())
    }

    /// Why the permissions are not known, if they are not.
    pub fn unread(&self) -> Option<&str> {
        self.permissions.as_ref().err().map(String::as_str)
    }
}

impl Salesforce {
    /// What this identity can see and do, from its permissions. Where it may not read even those, it is blind.
    ///
    /// # Errors
    /// When Salesforce cannot be reached, does not let the identity in, or has no calls left: then nothing is known.
    pub async fn visibility(&self) -> Result<Visibility, SalesforceError> {
        let permissions = match self.permissions().await {
            Ok(held) => Ok(held),
            Err(error) if error.is_refusal() => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        Ok(Visibility { permissions, off: self.off.clone() })
    }

    async fn permissions(&self) -> Result<Held, SalesforceError> {
        let rows = loop {
            let fields = self.fields(&WANTED).await?;
            let soql = format!("SELECT {} FROM {OBJECT} LIMIT 1", fields.join(", "));
            match self.rows(OBJECT, soql, record::<Map<String, Value>>).await {
                Err(error) if error.code() == Some("INVALID_FIELD") => {
                    self.leave_out(&WANTED, &fields, error)?;
                }
                rows => break rows?,
            }
        };
        let row = rows.into_iter().next().ok_or_else(|| SalesforceError::UnexpectedAnswer {
            object: OBJECT.to_owned(),
            status: 200,
            reason: "it holds no row of this identity".to_owned(),
        })?;
        Ok(Held::of(&row))
    }
}

impl Held {
    fn of(row: &Map<String, Value>) -> Self {
        let is = |permission: &Permission, value: Option<&Value>| row.get(permission.api_name()) == value;
        let all = || Permission::ALL.iter().copied();
        Self {
            held: all().filter(|permission| is(permission, Some(&Value::Bool(true)))).collect(),
            absent: all().filter(|permission| is(permission, None)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn blind(missing: &str) -> Sight {
        Sight::Blind { missing: missing.to_owned() }
    }

    #[test]
    fn without_permissions_everything_is_blind() {
        let visibility = Visibility::of_permissions([]);
        assert_eq!(visibility.of(Ability::Tokens), blind("Customize Application"));
        assert!(
            Ability::ALL.into_iter().all(|ability| matches!(visibility.of(ability), Sight::Blind { .. }))
        );
    }

    #[test]
    fn monitor_login_history_shows_logins_without_places() {
        let visibility = Visibility::of_permissions([Permission::MonitorLoginHistory]);
        assert_eq!(visibility.of(Ability::Logins), Sight::Seeing);
        assert_eq!(visibility.of(Ability::Places), blind("Manage Users"));
    }

    #[test]
    fn what_is_not_known_is_not_held() {
        let visibility = Visibility::unreadable("INVALID_TYPE".to_owned());
        for ability in Ability::ALL {
            assert!(
                matches!(visibility.of(ability), Sight::Blind { missing } if missing.contains("INVALID_TYPE"))
            );
        }
        assert!(!visibility.holds(Permission::ManageUsers));
    }

    #[test]
    fn only_true_is_held_and_what_is_not_told_is_absent() {
        let row = json!({ "PermissionsManageUsers": true, "PermissionsViewSetup": "true", "PermissionsViewAllUsers": null });
        let held = Held::of(row.as_object().unwrap());
        assert_eq!(held.held, BTreeSet::from([Permission::ManageUsers]));
        assert!(
            held.absent.contains(&Permission::FreezeUsers) && !held.absent.contains(&Permission::ViewSetup)
        );
    }

    #[test]
    fn what_is_off_is_neither_seen_nor_missed() {
        let off = BTreeSet::from([Ability::Tokens]);
        let visibility = Visibility { off, ..Visibility::of_permissions([]) };
        assert_eq!(visibility.of(Ability::Tokens), Sight::Off);
        assert_eq!(visibility.of(Ability::Sessions), blind("Manage Users"));
    }
}
