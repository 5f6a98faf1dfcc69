//! UserPermissionAccess: one row, what the caller himself may do.

use super::permission_set::{PERMISSION_FIELDS, permission};
use super::{Field, Row, Rows, Schema, View};
use crate::id::Id;
use crate::permission::{Permission, Permissions};
use crate::soql::Value;
use std::sync::Arc;

struct UserPermissionAccess(Permissions);

const OWN: [Field; 2] = [Field::id("Id"), Field::time("LastCacheUpdate")];

static FIELDS: [Field; 2 + Permission::ALL.len()] = super::schema::joined(OWN, PERMISSION_FIELDS);

pub(crate) static SCHEMA: Schema =
    Schema { name: "UserPermissionAccess", fields: &FIELDS, relations: &[], needs: None };

impl Row for UserPermissionAccess {
    fn value(&self, field: &str, view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(Id::new("000", 0)),
            "LastCacheUpdate" => Value::Time(view.now),
            _ => permission(self.0, field),
        }
    }
}

pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    let access: Arc<dyn Row> = Arc::new(UserPermissionAccess(view.caller.permissions));
    Box::new(std::iter::once(access))
}
