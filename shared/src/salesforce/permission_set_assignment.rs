//! PermissionSetAssignment: who holds a permission, by whichever profile, permission set or group. Profiles and groups
//! have permission sets of their own, whose assignments are rows like any other. Source: Object Reference.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::client::Salesforce;
use super::error::SalesforceError;
use super::permission::Permission;
use super::query::record;
use super::soql::IDS_PER_QUERY;
use crate::observation::UserId;

const OBJECT: &str = "PermissionSetAssignment";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    assignee_id: UserId,
}

impl Salesforce {
    /// The users who can let others in again: active, not frozen, and holding Manage Users.
    pub async fn administrators(&self) -> Result<Vec<UserId>, SalesforceError> {
        let held = "Assignee.IsActive = true AND PermissionSet.PermissionsManageUsers = true";
        let holders: Vec<_> = self.assignees(held).await?.into_iter().collect();
        let mut unfrozen = Vec::with_capacity(holders.len());
        for chunk in holders.chunks(IDS_PER_QUERY) {
            let frozen = self.frozen_among(chunk).await?;
            unfrozen.extend(chunk.iter().filter(|user| !frozen.contains(user)).cloned());
        }
        Ok(unfrozen)
    }

    /// The active users who hold a permission.
    pub async fn holders(&self, permission: Permission) -> Result<BTreeSet<UserId>, SalesforceError> {
        let held = format!("PermissionSet.{} = true", permission.api_name());
        self.assignees(&format!("Assignee.IsActive = true AND {held}")).await
    }

    /// The assignees for whom a condition holds, each once, in the order of their ids.
    pub(super) async fn assignees(&self, condition: &str) -> Result<BTreeSet<UserId>, SalesforceError> {
        let soql = format!("SELECT AssigneeId FROM PermissionSetAssignment WHERE {condition}");
        let rows = self.rows(OBJECT, soql, record::<Record>).await?;
        Ok(rows.into_iter().map(|row| row.assignee_id).collect())
    }
}
