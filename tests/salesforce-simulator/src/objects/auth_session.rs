//! AuthSession: who is in now. One UI login is a family of rows under one root.

use super::login_geo::LoginGeo;
use super::login_history::Text;
use super::{Field, Object, Relation, Row, Rows, Schema, View, row};
use crate::clock::shifted;
use crate::id::Id;
use crate::permission::Permission;
use crate::soql::Value;
use crate::switches::HandOverNames;
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

    /// Whether the session's access token is a JWT.
    pub(crate) fn has_jwt(&self) -> bool {
        self.access_token.as_ref().is_some_and(|token| token.starts_with("eyJ"))
    }

    /// Whether the row heads its family.
    pub fn is_root(&self) -> bool {
        self.parent_id == self.id
    }

    fn type_under(&self, names: HandOverNames) -> &str {
        match (&*self.session_type, names) {
            ("TempUIFrontdoor", HandOverNames::Words) => "TempUiFrontdoor",
            (name, _) => name,
        }
    }

    /// Whether the row is one of the short hand-over sessions.
    pub fn is_temporary(&self) -> bool {
        self.session_type.starts_with("Temp")
    }
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "AuthSession",
    fields: &[
        Field::id("Id").required(),
        Field::id("UsersId"),
        Field::picklist("UserType").required(),
        Field::text("SourceIp").length(39).required().no_like(),
        Field::picklist("LoginType"),
        Field::picklist("SessionType"),
        Field::picklist("SessionSecurityLevel"),
        Field::text("LogoutUrl").length(1_500).ungroupable().since(32),
        Field::id("ParentId"),
        Field::id("LoginHistoryId").since(33),
        Field::id("LoginGeoId").needs(Permission::ManageUsers).since(34),
        Field::flag("IsCurrent").since(37),
        Field::flag("IsAssociatedWithJwtAccessToken").since(64),
        Field::integer("NumSecondsValid").required(),
        Field::time("CreatedDate").required(),
        Field::time("LastModifiedDate").required(),
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
            "SessionType" => Value::text(self.type_under(view.org.switches.hand_over_names)),
            "SessionSecurityLevel" => Value::text(&self.security_level),
            "LogoutUrl" if self.session_type == "UI" => {
                Value::text("https://simulated.my.salesforce.com/secur/logout.jsp")
            }
            "ParentId" => Value::Id(self.parent_id),
            "LoginHistoryId" => Value::maybe_id(self.login_id),
            "LoginGeoId" => Value::maybe_id(self.geo.as_ref().map(|geo| geo.id)),
            "IsCurrent" => Value::Flag(view.caller.root == Some(self.parent_id)),
            "IsAssociatedWithJwtAccessToken" => Value::Flag(self.has_jwt()),
            "NumSecondsValid" => Value::Count(self.num_seconds_valid),
            "CreatedDate" => Value::Time(self.created),
            "LastModifiedDate" => Value::Time(self.last_modified),
            _ => Value::Null,
        }
    }

    fn related(&self, relation: &str, view: &View<'_>) -> Option<Arc<dyn Row>> {
        match relation {
            "Users" => view.org.users.get(&self.user_id).as_ref().map(row),
            "LoginHistory" => view.org.logins.get(self.login_id.as_ref()?).as_ref().map(row),
            "LoginGeo" => self.geo.as_ref().map(row),
            _ => None,
        }
    }
}

/// Without Manage Users a user sees his own sessions.
pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    let all = Object::AuthSession.shows_others_to(view.caller);
    let mine = view.caller.user_id;
    Box::new(view.org.sessions().iter().filter(move |session| all || session.user_id == mine).map(row))
}
