//! ConnectedApplication: the connected apps installed in the org.

use super::{Field, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::org::Org;
use crate::permission::Permission;
use crate::soql::Value;
use crate::table::Keyed;
use std::sync::Arc;

/// One installed app. Object reference: `sforce_api_objects_connectedapplication.htm`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedApplication {
    /// `0H4…`.
    pub id: Id,
    /// Its label.
    pub name: String,
    /// Who may use it.
    pub approval: PermittedUsers,
}

/// Who may use a connected app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermittedUsers {
    /// Whom an administrator allowed.
    AdminApproved,
    /// Whoever consents.
    SelfAuthorised,
}

impl Keyed for ConnectedApplication {
    const PREFIX: &'static str = "0H4";

    fn id(&self) -> Id {
        self.id
    }
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "ConnectedApplication",
    fields: &[
        Field::id("Id").required(),
        Field::text("Name").length(80),
        Field::flag("OptionsAllowAdminApprovedUsersOnly"),
        Field::integer("RefreshTokenValidityPeriod"),
    ],
    relations: &[],
    needs: Some(Permission::CustomizeApplication),
};

impl Row for ConnectedApplication {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "Name" => Value::text(&self.name),
            "OptionsAllowAdminApprovedUsersOnly" => {
                Value::Flag(self.approval == PermittedUsers::AdminApproved)
            }
            _ => Value::Null,
        }
    }
}

pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    Box::new(view.org.connected_apps.all().iter().map(row))
}

impl Org {
    /// An administrator installs a connected app.
    pub fn install_app(&mut self, name: &str, approval: PermittedUsers) -> Arc<ConnectedApplication> {
        let id = self.connected_apps.next_id();
        self.connected_apps.push(ConnectedApplication { id, name: name.to_owned(), approval })
    }
}
