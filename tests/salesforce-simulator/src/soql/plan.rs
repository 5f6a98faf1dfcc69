//! A query whose every name has been found and whose every literal fits its field.

use super::ast::{Direction, Function, Membership, Nulls, Operator};
use super::like::Pattern;
use super::value::Value;
use crate::id::Id;
use crate::objects::{Field, Object, Relation, Row, View};
use jiff::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;

pub(crate) struct Plan {
    pub(crate) object: Object,
    pub(crate) output: Output,
    pub(crate) test: Option<Test>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
}

pub(crate) enum Output {
    Count,
    Rows { columns: Vec<Column>, order: Vec<(Column, Sort)> },
    Groups { cells: Vec<Cell>, by: Vec<Column>, order: Vec<(usize, Sort)> },
}

/// One output column of a grouped query; a hidden one only serves the order.
pub(crate) struct Cell {
    pub(crate) name: Option<String>,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Key(usize),
    Aggregate(Function, Column),
    CountRows,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Sort {
    pub(crate) direction: Direction,
    pub(crate) nulls: Nulls,
}

/// A field, and the relationships to walk to it.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) hops: Vec<&'static Relation>,
    pub(crate) field: &'static Field,
}

impl Column {
    pub(crate) fn owned(&self, row: &Arc<dyn Row>, view: &View<'_>) -> Value<'static> {
        if self.hops.is_empty() {
            return row.value(self.field.name, view).into_owned();
        }
        walk(row, &self.hops, view).map_or(Value::Null, |row| row.value(self.field.name, view).into_owned())
    }

    /// Hands the column's value to `then`, borrowed from whichever row holds it.
    pub(crate) fn read<T>(
        &self,
        row: &Arc<dyn Row>,
        view: &View<'_>,
        then: impl FnOnce(Value<'_>) -> T,
    ) -> T {
        if self.hops.is_empty() {
            return then(row.value(self.field.name, view));
        }
        match walk(row, &self.hops, view) {
            Some(row) => then(row.value(self.field.name, view)),
            None => then(Value::Null),
        }
    }
}

pub(crate) fn walk(row: &Arc<dyn Row>, hops: &[&'static Relation], view: &View<'_>) -> Option<Arc<dyn Row>> {
    hops.iter().try_fold(Arc::clone(row), |row, hop| row.related(hop.name, view))
}

pub(crate) enum Test {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Compare(Column, Operator, Value<'static>),
    /// From the first moment up to, and without, the second.
    Within(Column, Operator, Timestamp, Timestamp),
    Members(Column, Membership, Members),
    Like(Column, Pattern),
}

/// The list of an IN; ids are looked up, everything else is compared.
#[derive(Default)]
pub(crate) struct Members {
    pub(crate) ids: HashSet<Id>,
    pub(crate) others: Vec<Value<'static>>,
}
