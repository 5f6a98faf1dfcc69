//! PermissionSetAssignment: also for the permission sets that profiles own.

use super::{Field, Object, Relation, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::soql::Value;
use crate::table::Keyed;
use std::sync::Arc;

/// One permission set given to one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PermissionSetAssignment {
    /// `0Pa…`.
    pub(crate) id: Id,
    /// Who has it.
    pub(crate) assignee_id: Id,
    /// What he has.
    pub(crate) permission_set_id: Id,
}

impl Keyed for PermissionSetAssignment {
    const PREFIX: &'static str = "0Pa";

    fn id(&self) -> Id {
        self.id
    }
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "PermissionSetAssignment",
    fields: &[
        Field::id("Id").required(),
        Field::id("AssigneeId"),
        Field::id("PermissionSetId"),
        Field::id("PermissionSetGroupId").since(45),
        Field::time("ExpirationDate").since(52),
        Field::flag("IsActive").since(52),
        Field::flag("IsRevoked"),
    ],
    relations: &[
        Relation { name: "Assignee", target: Object::User },
        Relation { name: "PermissionSet", target: Object::PermissionSet },
    ],
    needs: None,
};

impl Row for PermissionSetAssignment {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "AssigneeId" => Value::Id(self.assignee_id),
            "PermissionSetId" => Value::Id(self.permission_set_id),
            "IsActive" => Value::Flag(true),
            "IsRevoked" => Value::Flag(false),
            _ => Value::Null,
        }
    }

    fn related(&self, relation: &str, view: &View<'_>) -> Option<Arc<dyn Row>> {
        match relation {
            "Assignee" => view.org.users.get(&self.assignee_id).as_ref().map(row),
            "PermissionSet" => view.org.permission_sets.get(&self.permission_set_id).as_ref().map(row),
            _ => None,
        }
    }
}

pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    Box::new(view.org.assignments.all().iter().map(row))
}
