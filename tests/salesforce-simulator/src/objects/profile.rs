//! Profile.

use super::permission_set::{PERMISSION_FIELDS, permission};
use super::{Field, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::org::Org;
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
    /// From where its users may log in; without any, from everywhere.
    pub(crate) login_ranges: Vec<LoginRange>,
}

/// Addresses from one to another, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRange {
    /// The first.
    pub first: String,
    /// The last.
    pub last: String,
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

impl Org {
    /// The login IP ranges of a profile, by its name.
    pub fn login_ranges(&self, profile: &str) -> &[LoginRange] {
        let named = self.profiles.all().iter().find(|one| one.name == profile);
        named.map_or(&[], |profile| &profile.login_ranges)
    }

    /// Sets the login IP ranges of a profile, each its first and its last address. They are told and not enforced.
    pub fn set_login_ranges(&mut self, profile: &str, ranges: &[(&str, &str)]) {
        let id = self.profiles.all().iter().find(|one| one.name == profile).map(|one| one.id);
        let Some(profile) = id.and_then(|id| self.profiles.get_mut(&id)) else { return };
        let range =
            |(first, last): &(&str, &str)| LoginRange { first: (*first).into(), last: (*last).into() };
        profile.login_ranges = ranges.iter().map(range).collect();
    }
}
