//! User, and the permission sets that say what a user may do. Source: Object Reference, User, PermissionSet.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use super::client::Salesforce;
use super::error::SalesforceError;
use super::query::record;
use super::soql::{IDS_PER_QUERY, list, quote};
use super::wire::Text;
use crate::observation::{AccountKind, User, UserId};

const OBJECT: &str = "User";
/// Words in the names of profiles whose users are programs: Salesforce's own `Minimum Access - API Only
/// Integrations`, `Salesforce API Only System Integrations`, and what administrators clone from them.
const PROGRAM_PROFILES: [&str; 2] = ["api only", "integration"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    id: UserId,
    #[serde(default)]
    username: Text,
    #[serde(default)]
    name: Text,
    is_active: bool,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Profile {
    #[serde(default)]
    name: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Id {
    id: UserId,
}

/// Reads a User record as the REST API writes it; whether a program uses the account is told by the profile's name
/// alone.
///
/// # Errors
/// Says what keeps the record from being read, without repeating its content.
pub fn user_from_record(value: Value) -> Result<User, String> {
    let record: Record = record(value)?;
    let profile = record.profile.map(|profile| profile.name.0).unwrap_or_default();
    Ok(User {
        id: record.id,
        username: record.username.0,
        name: record.name.0,
        is_active: record.is_active,
        kind: kind_of(&profile),
        profile,
    })
}

fn kind_of(profile: &str) -> AccountKind {
    let profile = profile.to_lowercase();
    let is_program = PROGRAM_PROFILES.iter().any(|word| profile.contains(word));
    if is_program { AccountKind::Integration } else { AccountKind::Human }
}

impl Salesforce {
    /// The user with exactly this username, case aside; never a pattern, which could match somebody else.
    pub async fn user_named(&self, username: &str) -> Result<Option<User>, SalesforceError> {
        let found = self.users_where(&format!("Username = {}", quote(username))).await?;
        Ok(found.into_iter().find(|user| user.username.eq_ignore_ascii_case(username)))
    }

    /// The users with exactly this username, name or e-mail address, case aside.
    pub async fn users_called(&self, text: &str) -> Result<Vec<User>, SalesforceError> {
        let text = quote(text);
        self.users_where(&format!("Username = {text} OR Name = {text} OR Email = {text}")).await
    }

    async fn users_where(&self, condition: &str) -> Result<Vec<User>, SalesforceError> {
        let fields = "Id, Username, Name, IsActive, Profile.Name";
        self.rows(OBJECT, format!("SELECT {fields} FROM User WHERE {condition}"), user_from_record).await
    }

    /// These users; one that does not exist or cannot be seen is absent from the answer.
    pub async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, SalesforceError> {
        let mut users = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(IDS_PER_QUERY) {
            let ids = list(chunk.iter().map(UserId::as_str));
            let mut found = self.users_where(&format!("Id IN {ids}")).await?;
            let programs = self.api_only(&ids).await?;
            let of_programs = found.iter_mut().filter(|user| programs.contains(&user.id));
            of_programs.for_each(|user| user.kind = AccountKind::Integration);
            users.append(&mut found);
        }
        Ok(users)
    }

    /// Which of the listed users are restricted to the API; none where this identity may not read permission sets.
    async fn api_only(&self, ids: &str) -> Result<HashSet<UserId>, SalesforceError> {
        let condition = format!("AssigneeId IN {ids} AND PermissionSet.PermissionsApiUserOnly = true");
        match self.assignees(&condition).await {
            Ok(users) => Ok(users.into_iter().collect()),
            Err(error @ SalesforceError::Api { .. }) if !error.retryable() => {
                tracing::warn!(error = %error, "integrations are told by their profile's name alone");
                Ok(HashSet::new())
            }
            Err(error) => Err(error),
        }
    }

    /// How many users may log in.
    pub async fn active_user_count(&self) -> Result<u64, SalesforceError> {
        self.count(OBJECT, "SELECT COUNT() FROM User WHERE IsActive = true").await
    }

    /// Every user, also the inactive.
    pub(super) async fn every_user_id(&self) -> Result<Vec<UserId>, SalesforceError> {
        let rows = self.rows(OBJECT, "SELECT Id FROM User".to_owned(), record::<Id>).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_user_without_a_readable_profile_is_a_person() {
        let row = json!({ "Id": "0055g00000AbCdEAAV", "Username": "ada@acme.example", "IsActive": true,
            "Profile": null });
        let user = user_from_record(row).unwrap();
        assert_eq!((user.kind, user.profile.as_str()), (AccountKind::Human, ""));
    }

    #[test]
    fn profiles_of_programs_are_known_by_name() {
        for profile in ["Salesforce API Only System Integrations", "ERP integration user"] {
            assert_eq!(kind_of(profile), AccountKind::Integration, "{profile}");
        }
        assert_eq!(kind_of("System Administrator"), AccountKind::Human);
    }
}
