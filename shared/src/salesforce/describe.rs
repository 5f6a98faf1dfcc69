//! Which fields of an object this identity sees. They differ between editions, licences, API versions and permissions,
//! and one that is not there refuses a whole query. Source: REST API Developer Guide, "sObject Describe".

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokio::sync::OnceCell;

use super::client::{Call, Salesforce};
use super::error::SalesforceError;
use super::query::parse;
use super::{
    auth_session, connected_application, login_ip, oauth_token, privilege, setup_audit_trail,
    two_factor_methods_info, user, verification_history,
};

/// Everything that is read by description.
const READ: [Wanted; 10] = [
    auth_session::WANTED,
    connected_application::WANTED,
    login_ip::WANTED,
    oauth_token::WANTED,
    privilege::WANTED,
    setup_audit_trail::WANTED,
    two_factor_methods_info::WANTED,
    user::WANTED,
    user::API_ONLY,
    verification_history::WANTED,
];

/// What a reading asks an object for. A field may be a path of one relationship, such as `LoginGeo.City`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) object: &'static str,
    /// Without one of these nothing can be read.
    pub(super) required: &'static [&'static str],
    /// Left out where this identity does not see them.
    pub(super) optional: &'static [&'static str],
}

/// What this identity sees of what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    object: &'static str,
    fields: Vec<&'static str>,
    missing: Vec<&'static str>,
}

/// The objects that were asked for so far, each asked for once.
#[derive(Debug, Default)]
pub(super) struct Descriptions {
    objects: Mutex<HashMap<String, Arc<OnceCell<Option<Described>>>>>,
    /// What was told to the log as missing.
    told: Mutex<BTreeSet<String>>,
}

/// An object's fields.
#[derive(Debug, Deserialize)]
struct Described {
    fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Field {
    name: String,
    relationship_name: Option<String>,
    #[serde(default)]
    reference_to: Vec<String>,
}

impl Salesforce {
    /// Which of the wanted fields this identity sees; asked once per object. What is missing is told to the log once.
    ///
    /// # Errors
    /// [`SalesforceError::NotVisible`] names the object or the required fields that it does not see.
    pub(super) async fn seen(&self, wanted: &Wanted) -> Result<Seen, SalesforceError> {
        let seen = self.look(wanted).await?.ok_or_else(|| not_visible(wanted.object.to_owned()))?;
        let lost: Vec<_> = wanted.required.iter().filter(|field| seen.missing.contains(field)).collect();
        if !lost.is_empty() {
            return Err(not_visible(paths(wanted.object, lost.into_iter().copied()).join(", ")));
        }
        self.descriptions.tell(&seen);
        Ok(seen)
    }

    /// What this identity does not see of everything that this room reads: `Object.Field`, or `Object` where it sees
    /// nothing of it. Costs a call for each object that was not asked for before.
    pub async fn missing_fields(&self) -> Result<Vec<String>, SalesforceError> {
        self.missing(&READ).await
    }

    /// What this identity does not see of these.
    pub(super) async fn missing(&self, wanted: &[Wanted]) -> Result<Vec<String>, SalesforceError> {
        let mut missing = Vec::new();
        for wanted in wanted {
            match self.look(wanted).await? {
                Some(seen) => missing.extend(paths(wanted.object, seen.missing)),
                None => missing.push(wanted.object.to_owned()),
            }
        }
        Ok(missing)
    }

    /// `None` where the object itself is not to be seen.
    async fn look(&self, wanted: &Wanted) -> Result<Option<Seen>, SalesforceError> {
        let own = self.description(wanted.object).await?;
        let Some(described) = own.get().and_then(Option::as_ref) else { return Ok(None) };
        let mut seen = Seen { object: wanted.object, fields: Vec::new(), missing: Vec::new() };
        for &field in wanted.required.iter().chain(wanted.optional) {
            let is_there = match field.split_once('.') {
                None => described.has(field),
                Some((relationship, of_it)) => match described.target(relationship) {
                    Some(target) => self
                        .description(target)
                        .await?
                        .get()
                        .and_then(Option::as_ref)
                        .is_some_and(|it| it.has(of_it)),
                    None => false,
                },
            };
            if is_there { &mut seen.fields } else { &mut seen.missing }.push(field);
        }
        Ok(Some(seen))
    }

    async fn description(&self, object: &str) -> Result<Arc<OnceCell<Option<Described>>>, SalesforceError> {
        let cell = self.descriptions.cell(object);
        cell.get_or_try_init(|| self.describe(object)).await?;
        Ok(cell)
    }

    async fn describe(&self, object: &str) -> Result<Option<Described>, SalesforceError> {
        // An answer of Salesforce's may name the object, and it becomes part of a path.
        if !object.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Ok(None);
        }
        let call =
            Call::get("the description of an object", self.path(&format!("sobjects/{object}/describe")));
        match self.send(&call).await {
            Ok(body) => parse(call.object, &body).map(Some),
            Err(error) if matches!(error.code(), Some("NOT_FOUND" | "INVALID_TYPE")) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Seen {
    /// `SELECT … FROM …`, to be continued with a condition.
    pub(super) fn select(&self) -> String {
        format!("SELECT {} FROM {}", self.fields.join(", "), self.object)
    }

    /// Whether a wanted field is seen.
    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.contains(&field)
    }
}

impl Descriptions {
    fn cell(&self, object: &str) -> Arc<OnceCell<Option<Described>>> {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(objects.entry(object.to_owned()).or_default())
    }

    /// Says something to the log the first time.
    pub(super) fn tell_once(&self, what: &str, sentence: &str) {
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(what.to_owned()) {
            tracing::warn!("{sentence}");
        }
    }

    fn tell(&self, seen: &Seen) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let new = paths(seen.object, seen.missing.iter().copied());
        let new: Vec<_> = new.into_iter().filter(|path| told.insert(path.clone())).collect();
        if !new.is_empty() {
            tracing::warn!(
                fields = new.join(", "),
                "this identity does not see some fields; it works without them"
            );
        }
    }
}

impl Described {
    fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|known| known.name.eq_ignore_ascii_case(field))
    }

    /// The object a relationship leads to; with several, the first.
    fn target(&self, relationship: &str) -> Option<&str> {
        let leads = |field: &&Field| {
            field.relationship_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(relationship))
        };
        self.fields.iter().find(leads)?.reference_to.first().map(String::as_str)
    }
}

fn paths(object: &str, fields: impl IntoIterator<Item = &'static str>) -> Vec<String> {
    fields.into_iter().map(|field| format!("{object}.{field}")).collect()
}

fn not_visible(what: String) -> SalesforceError {
    SalesforceError::NotVisible { what }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(fields: &serde_json::Value) -> Described {
        parse("x", json!({ "name": "x", "fields": fields }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn names_are_compared_without_case_and_relationships_lead_on() {
        let object = described(&json!([
            { "name": "Id", "type": "id", "relationshipName": null, "referenceTo": [] },
            { "name": "UsersId", "relationshipName": "Users", "referenceTo": ["User"] },
            { "name": "ParentId", "relationshipName": null, "referenceTo": ["AuthSession"] },
            { "name": "AuthenticationServiceId", "relationshipName": "AuthenticationService", "referenceTo": [] },
        ]));
        assert!(object.has("usersid") && !object.has("Users"));
        assert_eq!(object.target("users"), Some("User"));
        assert_eq!(object.target("Parent"), None);
        assert_eq!(object.target("AuthenticationService"), None);
    }

    #[test]
    fn no_field_is_wanted_twice_and_none_both_ways() {
        for wanted in READ {
            let all: Vec<_> = wanted.required.iter().chain(wanted.optional).collect();
            assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{}", wanted.object);
        }
    }
}
