//! User, and the permission sets that say what a user may do. Source: Object Reference, User, PermissionSet.

use std::collections::BTreeSet;

use futures::{Stream, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::client::Salesforce;
use super::datetime::{Instant, literal};
use super::describe::Wanted;
use super::error::SalesforceError;
use super::query::{Cursor, Page, record};
use super::soql::{IDS_PER_QUERY, list, quote};
use super::wire::Text;
use crate::observation::{AccountDetails, AccountKind, SignOn, User, UserId};

const OBJECT: &str = "User";
pub(super) const WANTED: Wanted = Wanted {
    object: OBJECT,
    required: &["Id", "Username", "IsActive"],
    optional: &[
        "Name",
        "ProfileId",
        "Profile.Name",
        "UserType",
        "FederationIdentifier",
        "LastPasswordChangeDate",
        "TimeZoneSidKey",
        "UserRoleId",
        "Country",
        "ManagerId",
        "CreatedDate",
    ],
};
/// What tells programs from people beyond their profile's name.
pub(super) const API_ONLY: Wanted =
    Wanted { object: "PermissionSet", required: &[], optional: &["PermissionsApiUserOnly"] };
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
    #[serde(default)]
    profile_id: Text,
    #[serde(default)]
    user_type: Text,
    federation_identifier: Option<String>,
    last_password_change_date: Option<Instant>,
    #[serde(default)]
    time_zone_sid_key: Text,
    #[serde(default)]
    user_role_id: Text,
    #[serde(default)]
    country: Text,
    manager_id: Option<UserId>,
    created_date: Option<Instant>,
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
    let is_federated = record.federation_identifier.is_some_and(|id| !id.trim().is_empty());
    Ok(User {
        id: record.id,
        username: record.username.0,
        name: record.name.0,
        is_active: record.is_active,
        kind: kind_of(&profile),
        profile,
        details: AccountDetails {
            profile_id: record.profile_id.0,
            user_type: record.user_type.0,
            sign_on: if is_federated { SignOn::Federated } else { SignOn::Salesforce },
            last_password_change: record.last_password_change_date.map(|instant| instant.0),
            time_zone: record.time_zone_sid_key.0,
            role_id: record.user_role_id.0,
            country: record.country.0,
            manager_id: record.manager_id,
            created: record.created_date.map(|instant| instant.0),
        },
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

    /// The users with exactly these usernames, case aside; one that nobody has is absent from the answer.
    pub(crate) async fn users_named(&self, usernames: &[String]) -> Result<Vec<User>, SalesforceError> {
        let mut users = Vec::with_capacity(usernames.len());
        for chunk in usernames.chunks(IDS_PER_QUERY) {
            let names = list(chunk.iter().map(String::as_str));
            users.append(&mut self.users_where(&format!("Username IN {names}")).await?);
        }
        Ok(users)
    }

    /// The users with exactly this username, name or e-mail address, case aside.
    pub async fn users_called(&self, text: &str) -> Result<Vec<User>, SalesforceError> {
        let text = quote(text);
        self.users_where(&format!("Username = {text} OR Name = {text} OR Email = {text}")).await
    }

    /// The users whose accounts were changed since then: switched off, renamed, given another password.
    pub(crate) async fn changed_users(&self, since: Timestamp) -> Result<Vec<User>, SalesforceError> {
        self.users_where(&format!("LastModifiedDate >= {}", literal(since))).await
    }

    async fn users_where(&self, condition: &str) -> Result<Vec<User>, SalesforceError> {
        let select = self.seen(&WANTED).await?.select();
        self.rows(OBJECT, format!("{select} WHERE {condition}"), user_from_record).await
    }

    /// These users; one that does not exist or cannot be seen is absent from the answer.
    pub async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, SalesforceError> {
        let mut users = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(IDS_PER_QUERY) {
            let ids = list(chunk.iter().map(UserId::as_str));
            let mut found = self.users_where(&format!("Id IN {ids}")).await?;
            mark(&mut found, &self.api_only(Some(&ids)).await?);
            users.append(&mut found);
        }
        Ok(users)
    }

    /// Every user, also the inactive, in the order of their ids; one page is held at a time.
    pub fn user_pages(&self) -> impl Stream<Item = Result<Page<User>, SalesforceError>> + Send + '_ {
        let begin = async {
            let soql = format!("{} ORDER BY Id", self.seen(&WANTED).await?.select());
            Ok::<_, SalesforceError>((Cursor::Start(soql), self.api_only(None).await?))
        };
        let pages = |(cursor, programs)| {
            stream::try_unfold((cursor, programs), async |(cursor, programs)| {
                let Some((mut page, next)) = self.page(OBJECT, cursor, user_from_record).await? else {
                    return Ok(None);
                };
                mark(&mut page.rows, &programs);
                Ok(Some((page, (next, programs))))
            })
        };
        stream::once(begin).map(move |begun| begun.map(pages)).try_flatten()
    }

    /// Which of the listed users, or of all, are restricted to the API; none where this identity does not see that of
    /// permission sets.
    async fn api_only(&self, ids: Option<&str>) -> Result<BTreeSet<UserId>, SalesforceError> {
        if !self.missing(&[API_ONLY]).await?.is_empty() {
            return Ok(BTreeSet::new());
        }
        let among = ids.map(|ids| format!("AssigneeId IN {ids} AND ")).unwrap_or_default();
        self.assignees(&format!("{among}PermissionSet.PermissionsApiUserOnly = true")).await
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

fn mark(users: &mut [User], programs: &BTreeSet<UserId>) {
    for user in users.iter_mut().filter(|user| programs.contains(&user.id)) {
        user.kind = AccountKind::Integration;
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
        assert_eq!(user.details, AccountDetails::default());
    }

    #[test]
    fn single_sign_on_is_told_by_an_identifier_that_is_not_kept() {
        let row = |identifier: Value| {
            user_from_record(json!({ "Id": "005", "IsActive": true, "FederationIdentifier": identifier }))
                .unwrap()
        };
        let user = row(json!("ada@idp.acme.example"));
        assert_eq!(user.details.sign_on, SignOn::Federated);
        assert!(!format!("{user:?}").contains("idp.acme.example"));
        assert_eq!(row(json!(" ")).details.sign_on, SignOn::Salesforce);
    }

    #[test]
    fn profiles_of_programs_are_known_by_name() {
        for profile in ["Salesforce API Only System Integrations", "ERP integration user"] {
            assert_eq!(kind_of(profile), AccountKind::Integration, "{profile}");
        }
        assert_eq!(kind_of("System Administrator"), AccountKind::Human);
    }
}
