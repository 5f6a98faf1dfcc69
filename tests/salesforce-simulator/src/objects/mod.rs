//! The objects of the org, one file each: the record, its fields' properties, and which rows a caller sees.

pub(crate) mod auth_session;
pub(crate) mod client_app;
pub(crate) mod connected_application;
pub(crate) mod login_geo;
pub(crate) mod login_history;
pub(crate) mod login_ip;
pub(crate) mod oauth_token;
pub(crate) mod organization;
pub(crate) mod permission_set;
pub(crate) mod permission_set_assignment;
pub(crate) mod profile;
mod schema;
pub(crate) mod setup_audit_trail;
pub(crate) mod two_factor_methods_info;
pub(crate) mod user;
pub(crate) mod user_login;
pub(crate) mod user_permission_access;
pub(crate) mod verification_history;

use login_history::Login;
pub(crate) use schema::{Allowed, Field, Kind, Relation, Schema};

use crate::id::Id;
use crate::lazy::Block;
use crate::org::Org;
use crate::permission::{Permission, Permissions};
use crate::soql::{Places, Value};
use crate::switches::Outsiders;
use jiff::Timestamp;
use std::sync::Arc;

/// Whose eyes a query is answered for.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user_id: Id,
    pub(crate) username: String,
    pub(crate) permissions: Permissions,
    /// The root of the session family the call came with.
    pub(crate) root: Option<Id>,
    /// The connected app the session was made for.
    pub(crate) app: Option<String>,
}

impl Caller {
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }
}

pub(crate) struct View<'o> {
    pub(crate) org: &'o Org,
    pub(crate) caller: &'o Caller,
    pub(crate) now: Timestamp,
    /// The API version of the request, such as `67.0`.
    pub(crate) version: &'o str,
}

impl View<'_> {
    /// The API version's whole number.
    pub(crate) fn major(&self) -> u16 {
        self.version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or_default()
    }
}

/// A record of any object.
pub(crate) trait Row: Send + Sync {
    /// The value of a field by its exact name; fields the record does not have are null.
    fn value(&self, field: &str, view: &View<'_>) -> Value<'_>;

    fn related(&self, _relation: &str, _view: &View<'_>) -> Option<Arc<dyn Row>> {
        None
    }

    fn login(&self) -> Option<&Login> {
        None
    }
}

pub(crate) type Rows<'o> = Box<dyn Iterator<Item = Arc<dyn Row>> + 'o>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    AuthSession,
    ConnectedApplication,
    LoginGeo,
    LoginHistory,
    LoginIp,
    OauthToken,
    Organization,
    PermissionSet,
    PermissionSetAssignment,
    Profile,
    SetupAuditTrail,
    TwoFactorMethodsInfo,
    User,
    UserLogin,
    UserPermissionAccess,
    VerificationHistory,
}

impl Object {
    pub(crate) const ALL: [Self; 16] = [
        Self::AuthSession,
        Self::ConnectedApplication,
        Self::LoginGeo,
        Self::LoginHistory,
        Self::LoginIp,
        Self::OauthToken,
        Self::Organization,
        Self::PermissionSet,
        Self::PermissionSetAssignment,
        Self::Profile,
        Self::SetupAuditTrail,
        Self::TwoFactorMethodsInfo,
        Self::User,
        Self::UserLogin,
        Self::UserPermissionAccess,
        Self::VerificationHistory,
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|object| object.schema().name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn schema(self) -> &'static Schema {
        match self {
            Self::AuthSession => &auth_session::SCHEMA,
            Self::ConnectedApplication => &connected_application::SCHEMA,
            Self::LoginGeo => &login_geo::SCHEMA,
            Self::LoginHistory => &login_history::SCHEMA,
            Self::LoginIp => &login_ip::SCHEMA,
            Self::OauthToken => &oauth_token::SCHEMA,
            Self::Organization => &organization::SCHEMA,
            Self::PermissionSet => &permission_set::SCHEMA,
            Self::PermissionSetAssignment => &permission_set_assignment::SCHEMA,
            Self::Profile => &profile::SCHEMA,
            Self::SetupAuditTrail => &setup_audit_trail::SCHEMA,
            Self::TwoFactorMethodsInfo => &two_factor_methods_info::SCHEMA,
            Self::User => &user::SCHEMA,
            Self::UserLogin => &user_login::SCHEMA,
            Self::UserPermissionAccess => &user_permission_access::SCHEMA,
            Self::VerificationHistory => &verification_history::SCHEMA,
        }
    }

    /// To anybody else the object does not exist.
    pub(crate) fn is_open_to(self, view: &View<'_>) -> bool {
        let schema = self.schema();
        schema.needs.is_none_or(|permission| view.caller.may(permission))
            && self.since() <= view.major()
            && !view.org.settings.lacks(schema.name, None)
            && (view.org.switches.outsiders == Outsiders::OwnRows || !self.is_refused_to(view.caller))
    }

    fn is_refused_to(self, caller: &Caller) -> bool {
        let switched = matches!(self, Self::AuthSession | Self::LoginHistory | Self::OauthToken);
        switched && !self.shows_others_to(caller)
    }

    /// Whether the caller sees more than his own rows.
    pub(crate) fn shows_others_to(self, caller: &Caller) -> bool {
        let any = |permissions: &[Permission]| permissions.iter().any(|permission| caller.may(*permission));
        match self {
            Self::AuthSession => any(&[Permission::ManageUsers]),
            Self::LoginHistory => any(&[Permission::ManageUsers, Permission::MonitorLoginHistory]),
            Self::OauthToken => any(&[Permission::CustomizeApplication]),
            Self::User => {
                any(&[Permission::ViewAllUsers, Permission::ViewAllData, Permission::ModifyAllData])
            }
            Self::UserLogin => any(&[Permission::ManageUsers, Permission::FreezeUsers]),
            _ => true,
        }
    }

    /// The first API version that has the object.
    fn since(self) -> u16 {
        match self {
            Self::LoginGeo => 34,
            Self::OauthToken => 32,
            Self::VerificationHistory => 36,
            _ => 0,
        }
    }

    /// The rows that are computed when looked at, and which of them the caller may see.
    pub(crate) fn lazy(self, view: &View<'_>) -> Option<(Arc<dyn Block>, Places)> {
        let org = view.org;
        let block: Arc<dyn Block> = match self {
            Self::LoginHistory => return login_history::lazy(view),
            Self::LoginGeo => org.geos.clone()?,
            Self::PermissionSetAssignment => org.assignments.lazy()?.clone(),
            Self::User => org.users.lazy()?.clone(),
            Self::UserLogin => org.user_logins.lazy()?.clone(),
            _ => return None,
        };
        let visible = if self.shows_others_to(view.caller) {
            Places::range(0..block.len())
        } else {
            Places::listed(block.place(&view.caller.user_id))
        };
        Some((block, visible))
    }

    /// The row with this id, if the caller may see it.
    pub(crate) fn find(self, id: Id, view: &View<'_>) -> Option<Arc<dyn Row>> {
        let lazy = self.lazy(view).and_then(|(block, visible)| {
            let place = block.place(&id).filter(|place| visible.contain(*place))?;
            Some(block.row(place))
        });
        let is_it = |row: &Arc<dyn Row>| row.value("Id", view) == Value::Id(id);
        lazy.or_else(|| self.rows(view).find(is_it))
    }

    /// The rows the caller may see that are held, in the order of their ids.
    pub(crate) fn rows<'o>(self, view: &View<'o>) -> Rows<'o> {
        match self {
            Self::AuthSession => auth_session::rows(view),
            Self::ConnectedApplication => connected_application::rows(view),
            Self::LoginGeo => login_geo::rows(view),
            Self::LoginHistory => login_history::rows(view),
            Self::LoginIp => login_ip::rows(view),
            Self::OauthToken => oauth_token::rows(view),
            Self::Organization => organization::rows(view),
            Self::PermissionSet => permission_set::rows(view),
            Self::PermissionSetAssignment => permission_set_assignment::rows(view),
            Self::Profile => profile::rows(view),
            Self::SetupAuditTrail => setup_audit_trail::rows(view),
            Self::TwoFactorMethodsInfo => two_factor_methods_info::rows(view),
            Self::User => user::rows(view),
            Self::UserLogin => user_login::rows(view),
            Self::UserPermissionAccess => user_permission_access::rows(view),
            Self::VerificationHistory => verification_history::rows(view),
        }
    }
}

/// A shared record as a row of any object.
pub(crate) fn row<R: Row + 'static>(record: &Arc<R>) -> Arc<dyn Row> {
    Arc::clone(record) as Arc<dyn Row>
}
