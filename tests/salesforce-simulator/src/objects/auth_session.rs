//! AuthSession: who is in now. One UI login is a family of rows under one root.

use super::login_geo::LoginGeo;
use super::login_history::Text;
use super::{Field, Object, Relation, Row, Rows, Schema, View, row};
use crate::clock::shifted;
use crate::id::Id;
use crate::permission::Permission;
use crate::soql::Value;
use crate::table::Keyed;
use jiff::Timestamp;
use std::sync::Arc;

/// One session row. Object reference: `sforce_api_objects_authsession.htm`.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// `0Ak…`.
    pub id: Id,
    /// The family's root; the row's own id for a root.
    pub parent_id: Id,
    /// Whose session.
    pub user_id: Id,
    /// The address the session is used from.
    pub source_ip: Text,
    /// As on the login; `Unknown` for the API child of a UI session.
    pub login_type: Text,
    /// `UI`, `Aura`, `Oauth2`, `TempUIFrontdoor` and so on.
    pub session_type: Text,
    /// `LOW`, `STANDARD` or `HIGH_ASSURANCE`.
    pub security_level: Text,
    /// The login that made it.
    pub login_id: Option<Id>,
    /// That login's place.
    pub geo: Option<Arc<LoginGeo>>,
    /// When it began.
    pub created: Timestamp,
    /// Last renewal; the session expires `num_seconds_valid` after it.
    pub last_modified: Timestamp,
    /// Seconds of inactivity the session outlives.
    pub num_seconds_valid: i64,
    /// The bearer token of a root that can call the API.
    pub(crate) access_token: Option<String>,
    /// The OAuth token that minted it.
    pub(crate) made_by: Option<u64>,
}

impl Keyed for Session {
    const PREFIX: &'static str = "0Ak";

    fn id(&self) -> Id {
        self.id
    }
}

impl Session {
    /// Whether the session can still be used at `now`; the row of an expired session lingers.
    pub fn is_live(&self, now: Timestamp) -> bool {
        shifted(self.last_modified, self.num_seconds_valid) > now
    }

    /// Whether the row heads its family.
    pub fn is_root(&self) -> bool {
        self.parent_id == self.id
    }

    /// Whether the row is one of the short hand-over sessions.
    pub fn is_temporary(&self) -> bool {
        self.session_type.starts_with("Temp")
    }
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "AuthSession",
    fields: &[
        Field::id("Id"),
        Field::id("UsersId"),
        Field::text("UserType"),
        Field::text("SourceIp").no_like(),
        Field::text("LoginType"),
        Field::text("SessionType"),
        Field::text("SessionSecurityLevel"),
        Field::text("LogoutUrl"),
        Field::id("ParentId"),
        Field::id("LoginHistoryId"),
        Field::id("LoginGeoId").needs(Permission::ManageUsers),
        Field::flag("IsCurrent"),
        Field::flag("IsAssociatedWithJwtAccessToken"),
        Field::number("NumSecondsValid"),
        Field::time("CreatedDate"),
        Field::time("LastModifiedDate"),
    ],
    relations: &[
        Relation { name: "Users", target: Object::User },
        Relation { name: "LoginHistory", target: Object::LoginHistory },
        Relation { name: "LoginGeo", target: Object::LoginGeo },
    ],
    needs: None,
};

impl Row for Session {
    fn value(&self, field: &str, view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "UsersId" => Value::Id(self.user_id),
            "UserType" => Value::text("Standard"),
            "SourceIp" => Value::text(&self.source_ip),
            "LoginType" => Value::text(&self.login_type),
            "SessionType" => Value::text(&self.session_type),
            "SessionSecurityLevel" => Value::text(&self.security_level),
            "ParentId" => Value::Id(self.parent_id),
            "LoginHistoryId" => Value::maybe_id(self.login_id),
            "LoginGeoId" => Value::maybe_id(self.geo.as_ref().map(|geo| geo.id)),
            "IsCurrent" => Value::Flag(view.caller.root == Some(self.parent_id)),
            "IsAssociatedWithJwtAccessToken" => Value::Flag(false),
            "NumSecondsValid" => Value::Count(self.num_seconds_valid),
            "CreatedDate" => Value::Time(self.created),
            "LastModifiedDate" => Value::Time(self.last_modified),
            _ => Value::Null,
        }
    }

    fn related(&self, relation: &str, view: &View<'_>) -> Option<Arc<dyn Row>> {
        match relation {
            "Users" => view.org.users.get(&self.user_id).map(row),
            "LoginHistory" => view.org.logins.get(self.login_id.as_ref()?).map(row),
            "LoginGeo" => self.geo.as_ref().map(row),
            _ => None,
        }
    }
}

/// Without Manage Users a user sees his own sessions.
pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    let all = view.caller.may(Permission::ManageUsers);
    let mine = view.caller.user_id;
    Box::new(view.org.sessions().iter().filter(move |session| all || session.user_id == mine).map(row))
}
