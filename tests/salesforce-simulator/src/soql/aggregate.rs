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

pub(super) fn groups(
    rows: impl Iterator<Item = Arc<dyn Row>>,
    cells: &[Cell],
    by: &[Column],
    order: &[(usize, Sort)],
    view: &View<'_>,
) -> Vec<Json> {
    let groups = gathered(rows, cells, by, view).into_iter();
    let mut lines: Vec<Vec<Value<'static>>> = groups.map(|group| group.line(cells)).collect();
    lines.sort_by(|a, b| {
        let by_cell = order.iter().map(|(cell, sort)| ordered(&a[*cell], &b[*cell], *sort));
        by_cell.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    lines.iter().map(|line| record(cells, line)).collect()
}

/// The groups in the order their first row comes; without GROUP BY all rows are one group, even none.
fn gathered(
    rows: impl Iterator<Item = Arc<dyn Row>>,
    cells: &[Cell],
    by: &[Column],
    view: &View<'_>,
) -> Vec<Group> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups = Vec::new();
    if by.is_empty() {
        places.insert(key_text(&[]), 0);
        groups.push(Group::new(Vec::new(), cells));
    }
    for row in rows {
        let key: Vec<_> = by.iter().map(|column| column.owned(&row, view)).collect();
        let place = *places.entry(key_text(&key)).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group::new(key, cells));
        }
        groups[place].take(&row, cells, view);
    }
    groups
}

fn key_text(key: &[Value<'_>]) -> String {
    format!("{key:?}")
}

/// What is known of one group; its rows are looked at once and not kept.
struct Group {
    key: Vec<Value<'static>>,
    sums: Vec<Sum>,
}

#[derive(Clone, Default)]
struct Sum {
    count: i64,
    distinct: HashSet<String>,
    extreme: Option<Value<'static>>,
}

impl Group {
    fn new(key: Vec<Value<'static>>, cells: &[Cell]) -> Self {
        Self { key, sums: vec![Sum::default(); cells.len()] }
    }

    fn take(&mut self, row: &Arc<dyn Row>, cells: &[Cell], view: &View<'_>) {
        for (cell, sum) in cells.iter().zip(&mut self.sums) {
            match &cell.content {
                Content::Key(_) => {}
                Content::CountRows => sum.count += 1,
                Content::Aggregate(function, column) => {
                    let value = column.owned(row, view);
                    if !value.is_null() {
                        sum.take(*function, value);
                    }
                }
            }
        }
    }

    fn line(mut self, cells: &[Cell]) -> Vec<Value<'static>> {
        let sums = std::mem::take(&mut self.sums);
        cells.iter().zip(sums).map(|(cell, sum)| self.cell(cell, sum)).collect()
    }

    fn cell(&self, cell: &Cell, sum: Sum) -> Value<'static> {
        match &cell.content {
            Content::Key(place) => self.key.get(*place).cloned().unwrap_or(Value::Null),
            Content::Aggregate(Function::Max | Function::Min, _) => sum.extreme.unwrap_or(Value::Null),
            Content::CountRows | Content::Aggregate(..) => Value::Count(sum.count),
        }
    }
}

impl Sum {
    fn take(&mut self, function: Function, value: Value<'static>) {
        let beats = |known: &Value<'_>, better: Ordering| value.compare(known) == Some(better);
        match function {
            Function::Count => self.count += 1,
            Function::CountDistinct if self.distinct.insert(key_text(std::slice::from_ref(&value))) => {
                self.count += 1;
            }
            Function::Max if self.extreme.as_ref().is_none_or(|known| beats(known, Ordering::Greater)) => {
                self.extreme = Some(value);
            }
            Function::Min if self.extreme.as_ref().is_none_or(|known| beats(known, Ordering::Less)) => {
                self.extreme = Some(value);
            }
            _ => {}
        }
    }
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
