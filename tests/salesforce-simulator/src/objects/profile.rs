//! Profile.

use super::permission_set::{PERMISSION_FIELDS, permission};
use super::{Field, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::permission::{Permission, Permissions};
use crate::soql::Value;
use crate::table::Keyed;

/// One profile and what it permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    /// `00e…`.
    pub(crate) id: Id,
    /// For example `System Administrator`.
    pub(crate) name: &'static str,
    /// What every user of the profile may do.
    pub(crate) permissions: Permissions,
}

impl Keyed for Profile {
    const PREFIX: &'static str = "00e";

    fn id(&self) -> Id {
        self.id
    }
}

const OWN: [Field; 4] =
    [Field::id("Id").required(), Field::text("Name"), Field::text("UserType"), Field::id("UserLicenseId")];

static FIELDS: [Field; 4 + Permission::ALL.len()] = super::schema::joined(OWN, PERMISSION_FIELDS);

pub(crate) static SCHEMA: Schema = Schema { name: "Profile", fields: &FIELDS, relations: &[], needs: None };

impl Row for Profile {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "Name" => Value::text(self.name),
            "UserType" => Value::text("Standard"),
            _ => permission(self.permissions, field),
        }
    }
}

pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    Box::new(view.org.profiles.all().iter().map(row))
}
