//! The names of a query's columns, without running it.

use super::error::SoqlError;
use super::parser::parse;
use super::plan::Output;
use super::resolve::resolve;
use crate::objects::{Object, View};

pub(crate) enum ColumnName {
    /// The relationships to walk, and the field.
    Field(Vec<&'static str>),
    Aggregate(String),
}

pub(crate) fn columns(query: &str, view: &View<'_>) -> Result<(Object, Vec<ColumnName>), SoqlError> {
    let plan = resolve(&parse(query)?, view)?;
    let names = match plan.output {
        Output::Count => Vec::new(),
        Output::Rows { columns, .. } => columns
            .iter()
            .map(|column| column.hops.iter().map(|hop| hop.name).chain([column.field.name]).collect())
            .map(ColumnName::Field)
            .collect(),
        Output::Groups { cells, .. } => {
            cells.into_iter().filter_map(|cell| cell.name).map(ColumnName::Aggregate).collect()
        }
    };
    Ok((plan.object, names))
}
