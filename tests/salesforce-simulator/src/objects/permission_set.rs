//! PermissionSet, with one boolean a permission. Every profile owns one of its own.

use super::{Field, Object, Relation, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::permission::{Permission, Permissions};
use crate::soql::Value;
use crate::table::Keyed;
use std::sync::Arc;

/// One permission set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PermissionSet {
    /// `0PS…`.
    pub(crate) id: Id,
    /// API name.
    pub(crate) name: String,
    /// Label.
    pub(crate) label: String,
    /// The profile that owns it.
    pub(crate) profile_id: Option<Id>,
    /// What it grants.
    pub(crate) permissions: Permissions,
}

impl Keyed for PermissionSet {
    const PREFIX: &'static str = "0PS";

    fn id(&self) -> Id {
        self.id
    }
}

pub(crate) const PERMISSION_FIELDS: [Field; Permission::ALL.len()] = permission_fields();

const fn permission_fields() -> [Field; Permission::ALL.len()] {
    let mut fields = [const { Field::flag("") }; Permission::ALL.len()];
    let mut place = 0;
    while place < Permission::ALL.len() {
        fields[place] = Field::flag(Permission::ALL[place].api_name());
        place += 1;
    }
    fields
}

/// The value of a `Permissions…` field.
pub(crate) fn permission(permissions: Permissions, field: &str) -> Value<'static> {
    Permission::named(field).map_or(Value::Null, |permission| Value::Flag(permissions.contains(permission)))
}

const OWN: [Field; 6] = [
    Field::id("Id").required(),
    Field::text("Name"),
    Field::text("Label"),
    Field::id("ProfileId"),
    Field::flag("IsOwnedByProfile"),
    Field::text("Type"),
];

static FIELDS: [Field; 6 + Permission::ALL.len()] = super::schema::joined(OWN, PERMISSION_FIELDS);

pub(crate) static SCHEMA: Schema = Schema {
    name: "PermissionSet",
    fields: &FIELDS,
    relations: &[Relation { name: "Profile", target: Object::Profile }],
    needs: None,
};

impl Row for PermissionSet {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "Name" => Value::text(&self.name),
            "Label" => Value::text(&self.label),
            "ProfileId" => Value::maybe_id(self.profile_id),
            "IsOwnedByProfile" => Value::Flag(self.profile_id.is_some()),
            "Type" => Value::text(if self.profile_id.is_some() { "Profile" } else { "Regular" }),
            _ => permission(self.permissions, field),
        }
    }

    fn related(&self, relation: &str, view: &View<'_>) -> Option<Arc<dyn Row>> {
        let profile = view.org.profiles.get(self.profile_id.as_ref()?);
        profile.filter(|_| relation == "Profile").as_ref().map(row)
    }
}

pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    Box::new(view.org.permission_sets.all().iter().map(row))
}
