//! VerificationHistory: MFA challenges and registrations of new methods.

use super::login_geo::LoginGeo;
use super::login_history::Text;
use super::{Field, Object, Relation, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::permission::Permission;
use crate::soql::Value;
use crate::table::Keyed;
use jiff::Timestamp;
use std::sync::Arc;

/// One verification. Object reference: `sforce_api_objects_verificationhistory.htm`.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// `0qK…`.
    pub id: Id,
    /// Groups the attempts of one verification.
    pub event_group: i64,
    /// When.
    pub time: Timestamp,
    /// Who.
    pub user_id: Id,
    /// The login it belongs to.
    pub login_id: Id,
    /// From where.
    pub source_ip: Text,
    /// The place.
    pub geo: Option<Arc<LoginGeo>>,
    /// `Login`, `ConnectTotp`, `ConnectWebAuth` and so on.
    pub activity: Text,
    /// `Succeeded`, `FailedInvalidCode` and so on.
    pub status: Text,
    /// `TwoFactorAuthentication`, `DeviceActivation` and so on.
    pub policy: Text,
    /// `Totp`, `SalesforceAuthenticator` and so on.
    pub method: Option<Text>,
}

impl Keyed for Verification {
    const PREFIX: &'static str = "0qK";

    fn id(&self) -> Id {
        self.id
    }
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "VerificationHistory",
    fields: &[
        Field::id("Id").required(),
        Field::integer("EventGroup").required(),
        Field::time("VerificationTime").required(),
        Field::id("UserId").required(),
        Field::id("LoginHistoryId").required(),
        Field::id("LoginGeoId"),
        Field::text("SourceIp").length(39).required().no_like(),
        Field::text("Remarks"),
        Field::id("ResourceId"),
        Field::picklist("Activity").required(),
        Field::picklist("Status").required(),
        Field::picklist("Policy").required(),
        Field::picklist("VerificationMethod"),
    ],
    relations: &[
        Relation { name: "User", target: Object::User },
        Relation { name: "LoginHistory", target: Object::LoginHistory },
        Relation { name: "LoginGeo", target: Object::LoginGeo },
    ],
    needs: Some(Permission::ManageUsers),
};

impl Row for Verification {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "EventGroup" => Value::Count(self.event_group),
            "VerificationTime" => Value::Time(self.time),
            "UserId" => Value::Id(self.user_id),
            "LoginHistoryId" => Value::Id(self.login_id),
            "LoginGeoId" => Value::maybe_id(self.geo.as_ref().map(|geo| geo.id)),
            "SourceIp" => Value::text(&self.source_ip),
            "Activity" => Value::text(&self.activity),
            "Status" => Value::text(&self.status),
            "Policy" => Value::text(&self.policy),
            "VerificationMethod" => Value::maybe_text(self.method.as_deref()),
            _ => Value::Null,
        }
    }

    fn related(&self, relation: &str, view: &View<'_>) -> Option<Arc<dyn Row>> {
        match relation {
            "User" => view.org.users.get(&self.user_id).as_ref().map(row),
            "LoginHistory" => view.org.logins.get(&self.login_id).as_ref().map(row),
            "LoginGeo" => self.geo.as_ref().map(row),
            _ => None,
        }
    }
}

pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    Box::new(view.org.verifications.all().iter().map(row))
}
