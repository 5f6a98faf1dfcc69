//! What a query's columns are, without its rows: the answer to `columns=true`.

use crate::access::RestError;
use crate::objects::View;
use crate::soql::{ColumnName, columns};
use serde_json::{Value as Json, json};

pub(crate) fn metadata(query: &str, view: &View<'_>) -> Result<Json, RestError> {
    let (object, names) = columns(query, view)?;
    let selected =
        |name: &ColumnName| matches!(name, ColumnName::Field(path) if path.len() == 1 && path[0] == "Id");
    Ok(json!({
        "columnMetadata": names.iter().map(column).collect::<Vec<Json>>(),
        "entityName": object.schema().name,
        "groupBy": names.iter().any(|name| matches!(name, ColumnName::Aggregate(_))),
        "idSelected": names.iter().any(selected),
    }))
}

fn column(name: &ColumnName) -> Json {
    match name {
        ColumnName::Aggregate(name) => one(name, true, &[]),
        ColumnName::Field(path) => nested(path),
    }
}

/// A parent's field stands inside its parent.
fn nested(path: &[&str]) -> Json {
    match path {
        [] => Json::Null,
        [field] => one(field, false, &[]),
        [parent, rest @ ..] => one(parent, true, &[nested(rest)]),
    }
}

fn one(name: &str, aggregate: bool, inside: &[Json]) -> Json {
    json!({"columnName": name, "displayName": name, "aggregate": aggregate, "custom": false, "joinColumns": inside})
}
