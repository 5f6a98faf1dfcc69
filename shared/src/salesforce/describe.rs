//! Which fields of an object this identity sees. They differ between editions, licences, API versions and permissions,
//! and one that is not there refuses a whole query. Source: REST API Developer Guide, "sObject Describe".

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::client::{Call, Salesforce};
use super::connection::Role;
use super::error::SalesforceError;
use super::query::parse;
use super::{
    auth_session, connected_application, login_ip, login_record, oauth_token, privilege, setup_audit_trail,
    two_factor_methods_info, user, verification_history,
};

/// What both identities read.
const READ_BY_BOTH: [Wanted; 5] =
    [auth_session::WANTED, oauth_token::WANTED, privilege::WANTED, user::WANTED, user::API_ONLY];
/// What the scanner alone reads.
const READ_BY_SCANNER: [Wanted; 5] = [
    connected_application::WANTED,
    login_ip::WANTED,
    login_record::WANTED,
    two_factor_methods_info::WANTED,
    verification_history::WANTED,
];
/// What the revoker alone reads.
const READ_BY_REVOKER: [Wanted; 1] = [setup_audit_trail::WANTED];

/// What a reading asks an object for. A field may be a path of one relationship, such as `LoginGeo.City`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    wanted: Wanted,
    fields: Vec<&'static str>,
    missing: Vec<&'static str>,
    /// Fields of an object that a relationship leads to and that has no description.
    untold: Vec<&'static str>,
}

/// What an identity does not see of what is read as its role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingField {
    /// `Object.Field`, `Object.Relationship` where it sees nothing of that, or `Object`.
    pub path: String,
    /// Whether nothing of the object can be read without it.
    pub is_required: bool,
}

/// What is described is asked for again after this time: permissions come and go.
const KEPT: SignedDuration = SignedDuration::from_hours(6);

/// A description that was asked for, or is being asked for.
type Cell = Arc<OnceCell<Option<Described>>>;

/// The objects that were asked for, and when.
#[derive(Debug, Default)]
pub(super) struct Descriptions {
    objects: Mutex<HashMap<String, (Timestamp, Cell)>>,
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
        self.seen_if_described(wanted).await?.ok_or_else(|| not_visible(wanted.object.to_owned()))
    }

    /// The same; `None` where the object has no description.
    pub(super) async fn seen_if_described(&self, wanted: &Wanted) -> Result<Option<Seen>, SalesforceError> {
        let Some(seen) = self.look(wanted).await? else { return Ok(None) };
        let lost: Vec<_> = seen.missing().into_iter().filter(|it| it.is_required).map(|it| it.path).collect();
        if !lost.is_empty() {
            return Err(not_visible(lost.join(", ")));
        }
        self.descriptions.tell(&seen);
        Ok(Some(seen))
    }

    /// What this identity does not see of everything that is read as this role. Costs a call for each object that was
    /// not asked for before, at most 12.
    pub async fn missing_fields(&self, role: Role) -> Result<Vec<MissingField>, SalesforceError> {
        let mut missing = self.missing(&READ_BY_BOTH).await?;
        missing.extend(match role {
            Role::Scanner => self.missing(&READ_BY_SCANNER).await?,
            Role::Revoker => self.missing(&READ_BY_REVOKER).await?,
        });
        Ok(missing)
    }

    /// What this identity does not see of these.
    pub(super) async fn missing(&self, wanted: &[Wanted]) -> Result<Vec<MissingField>, SalesforceError> {
        let mut missing = Vec::new();
        for wanted in wanted {
            match self.look(wanted).await? {
                Some(seen) => missing.extend(seen.missing()),
                None => missing.push(MissingField { path: wanted.object.to_owned(), is_required: true }),
            }
        }
        Ok(missing)
    }

    /// `None` where the object itself is not to be seen.
    async fn look(&self, wanted: &Wanted) -> Result<Option<Seen>, SalesforceError> {
        let own = self.description(wanted.object).await?;
        let Some(described) = own.get().and_then(Option::as_ref) else { return Ok(None) };
        let mut seen = Seen { wanted: *wanted, fields: Vec::new(), missing: Vec::new(), untold: Vec::new() };
        for field in wanted.all() {
            let list = match self.shows(described, field).await? {
                Some(true) => &mut seen.fields,
                Some(false) => &mut seen.missing,
                None => &mut seen.untold,
            };
            list.push(field);
        }
        Ok(Some(seen))
    }

    /// Whether an object, or the one that a relationship of it leads to, has a field; `None` where that has no
    /// description.
    async fn shows(&self, described: &Described, field: &str) -> Result<Option<bool>, SalesforceError> {
        let Some((relationship, of_it)) = field.split_once('.') else {
            return Ok(Some(described.has(field)));
        };
        let Some(target) = described.target(relationship) else { return Ok(Some(false)) };
        let target = self.description(target).await?;
        Ok(target.get().and_then(Option::as_ref).map(|it| it.has(of_it)))
    }

    async fn description(&self, object: &str) -> Result<Cell, SalesforceError> {
        let cell = self.descriptions.cell(object, self.now());
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
        match self.send_and_read(&call, |body| parse(call.object, &body)).await {
            Ok(description) => Ok(Some(description)),
            Err(error) if matches!(error.code(), Some("NOT_FOUND" | "INVALID_TYPE")) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Wanted {
    /// Every field, the required ones first.
    pub(super) fn all(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.required.iter().chain(self.optional).copied()
    }
}

impl Seen {
    /// Everything that a query may get: what is seen, and what no description denies.
    pub(super) fn worth_asking(self) -> Vec<&'static str> {
        [self.fields, self.untold].concat()
    }

    /// What is not seen. A relationship of which nothing is seen is named once.
    fn missing(&self) -> Vec<MissingField> {
        let mut missing: Vec<MissingField> = Vec::new();
        for field in self.missing.iter().chain(&self.untold) {
            let named = match field.split_once('.') {
                Some((relationship, _)) if !self.leads_along(relationship) => relationship,
                _ => field,
            };
            let path = format!("{}.{named}", self.wanted.object);
            if missing.last().is_none_or(|last| last.path != path) {
                missing.push(MissingField { path, is_required: self.wanted.required.contains(field) });
            }
        }
        missing
    }

    fn leads_along(&self, relationship: &str) -> bool {
        self.fields.iter().any(|field| field.split_once('.').is_some_and(|(name, _)| name == relationship))
    }

    /// `SELECT … FROM …`, to be continued with a condition.
    pub(super) fn select(&self) -> String {
        format!("SELECT {} FROM {}", self.fields.join(", "), self.wanted.object)
    }

    /// Whether a wanted field is seen.
    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.contains(&field)
    }
}

impl Descriptions {
    fn cell(&self, object: &str, now: Timestamp) -> Cell {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, cell) = objects.entry(object.to_owned()).or_insert_with(|| (now, Cell::default()));
        if now.duration_since(*asked) >= KEPT {
            (*asked, *cell) = (now, Cell::default());
        }
        Arc::clone(cell)
    }

    /// What descriptions say is not true any more, of an object or of one that a relationship of it leads to.
    pub(super) fn forget(&self) {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Says something to the log the first time.
    pub(super) fn tell_once(&self, what: &str, sentence: &str) {
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(what.to_owned()) {
            tracing::warn!("{sentence}");
        }
    }

    fn tell(&self, seen: &Seen) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let paths = seen.missing().into_iter().map(|field| field.path);
        let new: Vec<_> = paths.filter(|path| told.insert(path.clone())).collect();
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

/// Every path that a [`MissingField`] may have.
#[cfg(test)]
pub(crate) fn paths_read() -> BTreeSet<String> {
    let nothing = |wanted: Wanted| {
        let all = || wanted.all().collect();
        let none = Seen { wanted, fields: Vec::new(), missing: all(), untold: Vec::new() };
        none.missing().into_iter().map(|field| field.path).chain([wanted.object.to_owned()])
    };
    READ_BY_BOTH.into_iter().chain(READ_BY_SCANNER).chain(READ_BY_REVOKER).flat_map(nothing).collect()
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
        for wanted in READ_BY_BOTH.into_iter().chain(READ_BY_SCANNER).chain(READ_BY_REVOKER) {
            let all: Vec<_> = wanted.all().collect();
            assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{}", wanted.object);
        }
    }
}
