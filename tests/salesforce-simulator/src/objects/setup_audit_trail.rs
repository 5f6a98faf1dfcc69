//! SetupAuditTrail: what was changed in Setup, and by whom.

use super::{Field, Object, Relation, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::org::Org;
use crate::permission::Permission;
use crate::soql::Value;
use crate::table::Keyed;
use jiff::Timestamp;
use std::sync::Arc;

/// One change. Object reference: `sforce_api_objects_setupaudittrail.htm`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupChange {
    /// `0Ym…`.
    pub id: Id,
    /// When.
    pub created: Timestamp,
    /// Who; `None` for Salesforce itself.
    pub created_by: Option<Id>,
    /// A code such as `PermSetAssign`.
    pub action: String,
    /// The part of Setup.
    pub section: String,
    /// What Setup shows.
    pub display: String,
}

impl Keyed for SetupChange {
    const PREFIX: &'static str = "0Ym";

    fn id(&self) -> Id {
        self.id
    }
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "SetupAuditTrail",
    fields: &[
        Field::id("Id").required(),
        Field::text("Action").length(120),
        Field::text("Section").length(40),
        Field::text("Display").length(1_000).unfilterable().unsortable(),
        Field::id("CreatedById"),
        Field::time("CreatedDate").required(),
        Field::text("DelegateUser").length(80),
        Field::text("CreatedByContext"),
    ],
    relations: &[Relation { name: "CreatedBy", target: Object::User }],
    needs: Some(Permission::ViewSetup),
};

impl Row for SetupChange {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "Action" => Value::text(&self.action),
            "Section" => Value::text(&self.section),
            "Display" => Value::text(&self.display),
            "CreatedById" => Value::maybe_id(self.created_by),
            "CreatedDate" => Value::Time(self.created),
            _ => Value::Null,
        }
    }

    fn related(&self, relation: &str, view: &View<'_>) -> Option<Arc<dyn Row>> {
        let user = view.org.users.get(self.created_by.as_ref()?);
        user.as_ref().filter(|_| relation == "CreatedBy").map(row)
    }
}

pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    Box::new(view.org.setup_changes.all().iter().map(row))
}

impl Org {
    /// Somebody changes something in Setup now.
    pub fn change_setup(
        &mut self,
        by: Option<Id>,
        action: &str,
        section: &str,
        display: &str,
    ) -> Arc<SetupChange> {
        let (id, created) = (self.setup_changes.next_id(), self.now());
        self.setup_changes.push(SetupChange {
            id,
            created,
            created_by: by,
            action: action.to_owned(),
            section: section.to_owned(),
            display: display.to_owned(),
        })
    }
}
