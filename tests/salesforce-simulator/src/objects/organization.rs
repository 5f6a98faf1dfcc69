//! Organization: one row.

use super::{Field, Row, Rows, Schema, View};
use crate::id::Id;
use crate::soql::Value;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub(crate) id: Id,
    pub(crate) name: &'static str,
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "Organization",
    fields: &[
        Field::id("Id").required(),
        Field::text("Name"),
        Field::text("OrganizationType"),
        Field::text("InstanceName"),
        Field::flag("IsSandbox"),
        Field::text("NamespacePrefix"),
        Field::time("TrialExpirationDate"),
        Field::text("TimeZoneSidKey"),
        Field::text("Country"),
    ],
    relations: &[],
    needs: None,
};

impl Row for Organization {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "Name" => Value::text(self.name),
            "OrganizationType" => Value::text("Enterprise Edition"),
            "InstanceName" => Value::text("SIM1"),
            "IsSandbox" => Value::Flag(false),
            "TimeZoneSidKey" => Value::text("Europe/Berlin"),
            "Country" => Value::text("DE"),
            _ => Value::Null,
        }
    }
}

pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    let organization: Arc<dyn Row> = Arc::new(view.org.organization.clone());
    Box::new(std::iter::once(organization))
}
