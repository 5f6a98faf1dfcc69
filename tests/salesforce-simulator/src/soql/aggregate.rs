//! GROUP BY and the aggregate functions.

use super::ast::Function;
use super::evaluate::ordered;
use super::plan::{Cell, Column, Content, Sort};
use super::value::Value;
use crate::objects::{Row, View};
use serde_json::{Map, Value as Json, json};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

type Rows<'r> = Vec<&'r Arc<dyn Row>>;

pub(super) fn groups(
    rows: &[Arc<dyn Row>],
    cells: &[Cell],
    by: &[Column],
    order: &[(usize, Sort)],
    view: &View<'_>,
) -> Vec<Json> {
    let mut lines: Vec<Vec<Value<'static>>> = gathered(rows, by, view)
        .into_iter()
        .map(|(key, rows)| cells.iter().map(|cell| content(cell, &key, &rows, view)).collect())
        .collect();
    lines.sort_by(|a, b| {
        let by_cell = order.iter().map(|(cell, sort)| ordered(&a[*cell], &b[*cell], *sort));
        by_cell.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    lines.iter().map(|line| record(cells, line)).collect()
}

/// The groups in the order their first row comes; without GROUP BY all rows are one group, even none.
fn gathered<'r>(
    rows: &'r [Arc<dyn Row>],
    by: &[Column],
    view: &View<'_>,
) -> Vec<(Vec<Value<'static>>, Rows<'r>)> {
    if by.is_empty() {
        return vec![(Vec::new(), rows.iter().collect())];
    }
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<(Vec<Value<'static>>, Rows<'r>)> = Vec::new();
    for row in rows {
        let key: Vec<_> = by.iter().map(|column| column.owned(row, view)).collect();
        let place = *places.entry(key_text(&key)).or_insert(groups.len());
        if place == groups.len() {
            groups.push((key, Vec::new()));
        }
        groups[place].1.push(row);
    }
    groups
}

fn key_text(key: &[Value<'_>]) -> String {
    format!("{key:?}")
}

fn content(cell: &Cell, key: &[Value<'static>], rows: &Rows<'_>, view: &View<'_>) -> Value<'static> {
    match &cell.content {
        Content::Key(place) => key.get(*place).cloned().unwrap_or(Value::Null),
        Content::CountRows => count(rows.len()),
        Content::Aggregate(function, column) => aggregate(*function, column, rows, view),
    }
}

fn aggregate(function: Function, column: &Column, rows: &Rows<'_>, view: &View<'_>) -> Value<'static> {
    let values = rows.iter().map(|row| column.owned(row, view)).filter(|value| !value.is_null());
    let order = |a: &Value<'_>, b: &Value<'_>| a.compare(b).unwrap_or(Ordering::Equal);
    match function {
        Function::Count => count(values.count()),
        Function::CountDistinct => {
            count(values.map(|value| key_text(&[value])).collect::<HashSet<_>>().len())
        }
        Function::Max => values.max_by(order).unwrap_or(Value::Null),
        Function::Min => values.min_by(order).unwrap_or(Value::Null),
    }
}

fn count(rows: usize) -> Value<'static> {
    Value::Count(i64::try_from(rows).unwrap_or(i64::MAX))
}

fn record(cells: &[Cell], line: &[Value<'_>]) -> Json {
    let mut record = Map::new();
    record.insert("attributes".into(), json!({"type": "AggregateResult"}));
    for (cell, value) in cells.iter().zip(line) {
        if let Some(name) = &cell.name {
            record.insert(name.clone(), value.json());
        }
    }
    Json::Object(record)
}
