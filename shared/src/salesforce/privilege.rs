//! Which powerful permissions users hold, by whichever profile, permission set or group. Which there are depends on the
//! org's licences. Source: Object Reference, PermissionSet and PermissionSetAssignment.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::client::Salesforce;
use super::describe::Wanted;
use super::error::SalesforceError;
use super::query::record;
use crate::observation::UserId;

const OBJECT: &str = "PermissionSetAssignment";

/// A permission that changes what a stolen account is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Privilege {
    /// The permission set's field, by which it is found.
    path: &'static str,
    /// As Setup labels it.
    pub label: &'static str,
}

macro_rules! privileges {
    ($($field:literal $label:literal),* $(,)?) => {
        /// The privileges that are looked for.
        pub const PRIVILEGES: &[Privilege] = &[
            $(Privilege { path: concat!("PermissionSet.", $field), label: $label }),*
        ];
        pub(super) const WANTED: Wanted = Wanted {
            object: OBJECT,
            required: &["AssigneeId"],
            optional: &[$(concat!("PermissionSet.", $field)),*],
        };
    };
}

privileges! {
    "PermissionsModifyAllData" "Modify All Data",
    "PermissionsViewAllData" "View All Data",
    "PermissionsManageUsers" "Manage Users",
    "PermissionsManageInternalUsers" "Manage Internal Users",
    "PermissionsCustomizeApplication" "Customize Application",
    "PermissionsAuthorApex" "Author Apex",
    "PermissionsModifyMetadata" "Modify Metadata Through Metadata API Functions",
    "PermissionsManageProfilesPermissionsets" "Manage Profiles and Permission Sets",
    "PermissionsAssignPermissionSets" "Assign Permission Sets",
    "PermissionsResetPasswords" "Reset User Passwords and Unlock Users",
    "PermissionsManageRemoteAccess" "Manage Connected Apps",
    "PermissionsManageAuthProviders" "Manage Auth. Providers",
    "PermissionsManageEncryptionKeys" "Manage Encryption Keys",
    "PermissionsManagePasswordPolicies" "Manage Password Policies",
    "PermissionsManageTwoFactor" "Manage Multi-Factor Authentication in API",
    "PermissionsDelegatedTwoFactor" "Manage Multi-Factor Authentication in User Interface",
    "PermissionsBulkApiHardDelete" "Bulk API Hard Delete",
    "PermissionsExportReport" "Export Reports",
    "PermissionsViewEventLogFiles" "View Event Log Files",
    "PermissionsPasswordNeverExpires" "Password Never Expires",
    "PermissionsSkipIdentityConfirmation" "Skip Identity Confirmation",
    "PermissionsBypassMFAForUiLogins" "Waive Multi-Factor Authentication for Exempt Users",
    "PermissionsUseAnyApiAuth" "Use Any API Auth",
}

/// Who holds which privilege.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Privileges {
    of: BTreeMap<UserId, BTreeSet<Privilege>>,
    /// What this org does not have, or this identity does not see.
    pub unseen: Vec<Privilege>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    assignee_id: UserId,
    permission_set: Option<Map<String, Value>>,
}

impl Privilege {
    /// The permission's name in the API, such as `PermissionsModifyAllData`.
    pub fn api_name(self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, field)| field)
    }
}

impl Privileges {
    /// Users with at least one privilege, in the order of their ids.
    pub fn users(&self) -> impl Iterator<Item = (&UserId, &BTreeSet<Privilege>)> {
        self.of.iter()
    }

    /// Whether a user holds the privilege of this name in the API.
    pub fn holds(&self, user: &UserId, api_name: &str) -> bool {
        self.of.get(user).is_some_and(|held| held.iter().any(|privilege| privilege.api_name() == api_name))
    }

    /// Whether it can be told at all who holds the privilege of this name in the API.
    pub fn tells_of(&self, api_name: &str) -> bool {
        !self.unseen.iter().any(|privilege| privilege.api_name() == api_name)
    }

    /// What each of these users was granted, by its name in the API.
    #[cfg(test)]
    pub(crate) fn granted(held: &[(UserId, &str)]) -> Self {
        let mut privileges = Self::default();
        for (user, api_name) in held {
            let granted = PRIVILEGES.iter().filter(|privilege| privilege.api_name() == *api_name);
            privileges.of.entry(user.clone()).or_default().extend(granted);
        }
        privileges
    }

    fn add(&mut self, record: Record) {
        let granted = record.permission_set.unwrap_or_default();
        let held = PRIVILEGES.iter().filter(|it| granted.get(it.api_name()) == Some(&Value::Bool(true)));
        self.of.entry(record.assignee_id).or_default().extend(held);
    }
}

impl Salesforce {
    /// The privileges of every active user, in one query.
    pub async fn privileges(&self) -> Result<Privileges, SalesforceError> {
        let seen = self.seen(&WANTED).await?;
        let (present, unseen): (Vec<_>, Vec<_>) =
            PRIVILEGES.iter().copied().partition(|privilege| seen.has(privilege.path));
        let mut privileges = Privileges { of: BTreeMap::new(), unseen };
        if present.is_empty() {
            return Ok(privileges);
        }
        let any: Vec<_> = present.iter().map(|privilege| format!("{} = true", privilege.path)).collect();
        let soql = format!("{} WHERE Assignee.IsActive = true AND ({})", seen.select(), any.join(" OR "));
        for row in self.rows(OBJECT, soql, record::<Record>).await? {
            privileges.add(row);
        }
        Ok(privileges)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_several_permission_sets_grant_is_held_together() {
        let mut privileges = Privileges::default();
        for granted in
            [json!({ "PermissionsManageUsers": true, "PermissionsAuthorApex": false }), json!(null)]
        {
            privileges.add(record(json!({ "AssigneeId": "005A", "PermissionSet": granted })).unwrap());
        }
        let granted =
            json!({ "PermissionsAuthorApex": true, "PermissionsManageUsers": "yes", "Other": true });
        privileges.add(record(json!({ "AssigneeId": "005A", "PermissionSet": granted })).unwrap());
        let user = UserId::new("005A");
        let labels: Vec<_> = privileges.of[&user].iter().map(|privilege| privilege.label).collect();
        assert_eq!(labels, ["Author Apex", "Manage Users"]);
        assert!(privileges.holds(&user, "PermissionsManageUsers"));
        assert!(!privileges.holds(&user, "PermissionsModifyAllData"));
    }
}
