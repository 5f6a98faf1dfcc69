//! User.

use super::{Field, Object, Relation, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::org::Org;
use crate::soql::Value;
use crate::table::Keyed;
use jiff::Timestamp;
use std::sync::Arc;

/// Whether a user's account is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Can log in.
    Active,
    /// Left, or switched off.
    Inactive,
}

/// One user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `005…`.
    pub id: Id,
    /// Unique, in the form of an e-mail address.
    pub username: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// In use or not.
    pub activity: Activity,
    /// `00e…`.
    pub profile_id: Id,
    /// Set for users of single sign-on.
    pub federation_identifier: Option<String>,
    /// For example `Europe/Berlin`.
    pub time_zone: &'static str,
    /// Of the address, an English name; empty where nobody wrote it.
    pub country: &'static str,
    /// Who is where in the hierarchy of roles: `00E…`, if the user has a role.
    pub role_id: Option<Id>,
    /// Name of the department.
    pub department: &'static str,
    /// Who manages the user, if anybody is said to.
    pub manager_id: Option<Id>,
    /// When the account was made.
    pub created: Timestamp,
    /// When the account was last changed, if it was since it was made.
    pub modified: Option<Timestamp>,
    /// When the password was last made another, if it was since the account was made.
    pub password_changed: Option<Timestamp>,
    /// Last success.
    pub last_login: Option<Timestamp>,
    pub(crate) password: String,
}

impl Keyed for User {
    const PREFIX: &'static str = "005";

    fn id(&self) -> Id {
        self.id
    }
}

impl User {
    /// Whether the account is active.
    pub fn is_active(&self) -> bool {
        self.activity == Activity::Active
    }

    fn alias(&self) -> String {
        self.last_name.chars().take(8).collect::<String>().to_lowercase()
    }
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "User",
    fields: &[
        Field::id("Id").required(),
        Field::text("Username").length(80).required(),
        Field::text("Email").length(128).required(),
        Field::text("Name"),
        Field::text("FirstName").length(40),
        Field::text("LastName").length(80).required(),
        Field::text("Alias").length(8).required(),
        Field::flag("IsActive"),
        Field::id("ProfileId").required(),
        Field::id("UserRoleId"),
        Field::picklist("UserType"),
        Field::text("FederationIdentifier").length(512),
        Field::id("ManagerId"),
        Field::text("Country").length(80),
        Field::text("Department"),
        Field::text("EmployeeNumber"),
        Field::id("ContactId"),
        Field::id("AccountId"),
        Field::time("CreatedDate").required(),
        Field::time("LastModifiedDate"),
        Field::time("SystemModstamp"),
        Field::time("LastLoginDate"),
        Field::time("LastPasswordChangeDate"),
        Field::integer("NumberOfFailedLogins"),
        Field::text("TimeZoneSidKey"),
        Field::text("LocaleSidKey"),
        Field::text("LanguageLocaleKey"),
        Field::text("EmailEncodingKey"),
    ],
    relations: &[Relation { name: "Profile", target: Object::Profile }],
    needs: None,
};

impl Row for User {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "Username" | "Email" => Value::text(&self.username),
            "Name" => Value::Text(format!("{} {}", self.first_name, self.last_name).into()),
            "FirstName" => Value::text(&self.first_name),
            "LastName" => Value::text(&self.last_name),
            "Alias" => Value::Text(self.alias().into()),
            "IsActive" => Value::Flag(self.is_active()),
            "ProfileId" => Value::Id(self.profile_id),
            "UserType" => Value::text("Standard"),
            "FederationIdentifier" => Value::maybe_text(self.federation_identifier.as_deref()),
            "Department" => Value::text(self.department),
            "UserRoleId" => self.role_id.map_or(Value::Null, Value::Id),
            "Country" => Value::maybe_text(Some(self.country).filter(|country| !country.is_empty())),
            "ManagerId" => self.manager_id.map_or(Value::Null, Value::Id),
            "CreatedDate" => Value::Time(self.created),
            "LastModifiedDate" | "SystemModstamp" => Value::Time(self.modified.unwrap_or(self.created)),
            "LastPasswordChangeDate" => Value::Time(self.password_changed.unwrap_or(self.created)),
            "LastLoginDate" => Value::maybe_time(self.last_login),
            "NumberOfFailedLogins" => Value::Count(0),
            "TimeZoneSidKey" => Value::text(self.time_zone),
            "LocaleSidKey" | "LanguageLocaleKey" => Value::text("en_US"),
            "EmailEncodingKey" => Value::text("UTF-8"),
            _ => Value::Null,
        }
    }

    fn related(&self, relation: &str, view: &View<'_>) -> Option<Arc<dyn Row>> {
        view.org.profiles.get(&self.profile_id).filter(|_| relation == "Profile").as_ref().map(row)
    }
}

impl Org {
    /// Says who manages a user.
    pub fn set_manager(&mut self, user_id: &str, manager_id: &str) {
        let manager = self.users.get(manager_id).map(|manager| manager.id);
        if let Some(user) = self.users.get_mut(user_id) {
            user.manager_id = manager;
        }
    }

    /// Gives a user another login name.
    pub fn rename(&mut self, user_id: &str, username: &str) {
        if let Some(user) = self.users.get_mut(user_id) {
            user.username = username.into();
        }
    }
}

/// Without View All Users a user sees himself.
pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    let all = Object::User.shows_others_to(view.caller);
    let mine = view.caller.user_id;
    Box::new(view.org.users().iter().filter(move |user| all || user.id == mine).map(row))
}
