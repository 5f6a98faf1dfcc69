//! LoginGeo: where Salesforce thinks an address is.

use super::{Field, Row, Rows, Schema, View, row};
use crate::generate::City;
use crate::id::Id;
use crate::permission::Permission;
use crate::soql::Value;
use crate::table::Keyed;
use jiff::Timestamp;

/// The place of one login. Object reference: `sforce_api_objects_logingeo.htm`.
#[derive(Clone, Debug, PartialEq)]
pub struct LoginGeo {
    /// `04F…`.
    pub id: Id,
    /// Copied from the login.
    pub login_time: Timestamp,
    /// Unlocalised name.
    pub city: &'static str,
    /// Unlocalised name.
    pub country: &'static str,
    /// ISO 3166 alpha-2.
    pub country_iso: &'static str,
    /// State or region.
    pub subdivision: &'static str,
    /// Of the city's centre.
    pub postal_code: &'static str,
    /// Degrees, -90 to 90.
    pub latitude: f64,
    /// Degrees, -180 to 180.
    pub longitude: f64,
}

impl LoginGeo {
    pub(crate) fn of(id: Id, login_time: Timestamp, city: &City) -> Self {
        Self {
            id,
            login_time,
            city: city.name,
            country: city.country,
            country_iso: city.country_iso,
            subdivision: city.subdivision,
            postal_code: city.postal_code,
            latitude: city.latitude,
            longitude: city.longitude,
        }
    }
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "LoginGeo",
    fields: &[
        Field::id("Id").required(),
        Field::time("LoginTime").required(),
        Field::text("City").length(200),
        Field::text("Country").length(200),
        Field::text("CountryIso").length(3),
        Field::text("Subdivision").length(200),
        Field::text("PostalCode").length(20),
        Field::number("Latitude"),
        Field::number("Longitude"),
        Field::time("CreatedDate").required(),
        Field::time("LastModifiedDate").required(),
        Field::time("SystemModstamp").required(),
        Field::flag("IsDeleted"),
    ],
    relations: &[],
    needs: Some(Permission::ManageUsers),
};

/// How to read a field by its exact name.
pub(crate) fn accessor(field: &str) -> fn(&LoginGeo) -> Value<'_> {
    match field {
        "Id" => |geo| Value::Id(geo.id),
        "LoginTime" | "CreatedDate" | "LastModifiedDate" | "SystemModstamp" => {
            |geo| Value::Time(geo.login_time)
        }
        "City" => |geo| Value::text(geo.city),
        "Country" => |geo| Value::text(geo.country),
        "CountryIso" => |geo| Value::text(geo.country_iso),
        "Subdivision" => |geo| Value::text(geo.subdivision),
        "PostalCode" => |geo| Value::text(geo.postal_code),
        "Latitude" => |geo| Value::Number(geo.latitude),
        "Longitude" => |geo| Value::Number(geo.longitude),
        "IsDeleted" => |_| Value::Flag(false),
        _ => |_| Value::Null,
    }
}

impl Row for LoginGeo {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        accessor(field)(self)
    }
}

impl Keyed for LoginGeo {
    const PREFIX: &'static str = "04F";

    fn id(&self) -> Id {
        self.id
    }
}

pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    Box::new(view.org.logins().iter().filter_map(|login| login.geo.as_ref().map(row)))
}
