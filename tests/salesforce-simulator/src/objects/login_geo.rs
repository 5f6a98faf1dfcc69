//! LoginGeo: where Salesforce thinks an address is.

use super::{Field, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::permission::Permission;
use crate::soql::Value;
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

impl Row for LoginGeo {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "LoginTime" | "CreatedDate" | "LastModifiedDate" | "SystemModstamp" => {
                Value::Time(self.login_time)
            }
            "City" => Value::text(self.city),
            "Country" => Value::text(self.country),
            "CountryIso" => Value::text(self.country_iso),
            "Subdivision" => Value::text(self.subdivision),
            "PostalCode" => Value::text(self.postal_code),
            "Latitude" => Value::Number(self.latitude),
            "Longitude" => Value::Number(self.longitude),
            "IsDeleted" => Value::Flag(false),
            _ => Value::Null,
        }
    }
}

pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    Box::new(view.org.logins().iter().filter_map(|login| login.geo.as_ref().map(row)))
}
