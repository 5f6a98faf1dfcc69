//! A plan over the org's rows.

use super::aggregate::groups;
use super::ast::{Direction, Membership, Nulls, Operator};
use super::error::SoqlError;
use super::parser::parse;
use super::plan::{Column, Members, Output, Plan, Sort, Test, walk};
use super::resolve::resolve;
use super::value::Value;
use crate::objects::{Row, View};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use std::cmp::Ordering;
use std::sync::Arc;

/// What a query found.
pub(crate) enum Answer {
    /// `COUNT()`.
    Count(usize),
    /// Records, still to be rendered page by page.
    Rows { object: crate::objects::Object, columns: Vec<Column>, rows: Vec<Arc<dyn Row>> },
    /// AggregateResult records.
    Groups(Vec<Json>),
}

pub(crate) fn run(query: &str, view: &View<'_>) -> Result<Answer, SoqlError> {
    let plan = resolve(&parse(query)?, view)?;
    let mut rows = matching(&plan, view);
    Ok(match plan.output {
        Output::Count => Answer::Count(rows.len().min(plan.limit.unwrap_or(usize::MAX))),
        Output::Rows { columns, order } => {
            sort(&mut rows, &order, view);
            let rows = cut(rows, plan.offset, plan.limit);
            Answer::Rows { object: plan.object, columns, rows }
        }
        Output::Groups { cells, by, order } => {
            Answer::Groups(cut(groups(&rows, &cells, &by, &order, view), plan.offset, plan.limit))
        }
    })
}

fn matching(plan: &Plan, view: &View<'_>) -> Vec<Arc<dyn Row>> {
    let rows = plan.object.rows(view);
    match &plan.test {
        Some(test) => rows.filter(|row| test.holds(row, view)).collect(),
        None => rows.collect(),
    }
}

fn cut<T>(rows: Vec<T>, offset: usize, limit: Option<usize>) -> Vec<T> {
    rows.into_iter().skip(offset).take(limit.unwrap_or(usize::MAX)).collect()
}

fn sort(rows: &mut Vec<Arc<dyn Row>>, order: &[(Column, Sort)], view: &View<'_>) {
    if order.is_empty() {
        return;
    }
    let keys = |row: &Arc<dyn Row>| -> Vec<Value<'static>> {
        order.iter().map(|(column, _)| column.owned(row, view)).collect()
    };
    let mut keyed: Vec<_> = rows.drain(..).map(|row| (keys(&row), row)).collect();
    keyed.sort_by(|(a, _), (b, _)| {
        let pairs = a.iter().zip(b).zip(order);
        pairs.map(|((a, b), (_, sort))| ordered(a, b, *sort)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    });
    rows.extend(keyed.into_iter().map(|(_, row)| row));
}

pub(super) fn ordered(a: &Value<'_>, b: &Value<'_>, sort: Sort) -> Ordering {
    let nulls = if sort.nulls == Nulls::First { Ordering::Less } else { Ordering::Greater };
    match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => nulls,
        (false, true) => nulls.reverse(),
        (false, false) => {
            let order = a.compare(b).unwrap_or(Ordering::Equal);
            if sort.direction == Direction::Descending { order.reverse() } else { order }
        }
    }
}

impl Test {
    fn holds(&self, row: &Arc<dyn Row>, view: &View<'_>) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|test| test.holds(row, view)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(row, view)),
            Self::Not(test) => !test.holds(row, view),
            Self::Compare(column, operator, to) => {
                column.read(row, view, |value| compares(&value, *operator, to))
            }
            Self::Within(column, operator, from, until) => column.read(
                row,
                view,
                |value| matches!(value, Value::Time(time) if within(time, *operator, *from, *until)),
            ),
            Self::Members(column, membership, members) => {
                column.read(row, view, |value| members.contain(&value) == (*membership == Membership::In))
            }
            Self::Like(column, pattern) => {
                column.read(row, view, |value| matches!(value, Value::Text(text) if pattern.matches(&text)))
            }
        }
    }
}

impl Members {
    fn contain(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Id(id) => self.ids.contains(id),
            other => self.others.iter().any(|member| member.compare(other) == Some(Ordering::Equal)),
        }
    }
}

fn compares(value: &Value<'_>, operator: Operator, to: &Value<'_>) -> bool {
    let order = value.compare(to);
    match operator {
        Operator::Equal => order == Some(Ordering::Equal),
        Operator::NotEqual => order != Some(Ordering::Equal),
        _ if value.is_null() || to.is_null() => false,
        Operator::Less => order.is_some_and(Ordering::is_lt),
        Operator::LessOrEqual => order.is_some_and(Ordering::is_le),
        Operator::Greater => order.is_some_and(Ordering::is_gt),
        Operator::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
    }
}

fn within(time: Timestamp, operator: Operator, from: Timestamp, until: Timestamp) -> bool {
    let inside = from <= time && time < until;
    match operator {
        Operator::Equal => inside,
        Operator::NotEqual => !inside,
        Operator::Less => time < from,
        Operator::LessOrEqual => time < until,
        Operator::Greater => time >= until,
        Operator::GreaterOrEqual => time >= from,
    }
}

/// One record of a page; parents become nested objects, or null where there is none.
pub(crate) fn render(
    row: &Arc<dyn Row>,
    object: crate::objects::Object,
    columns: &[Column],
    view: &View<'_>,
) -> Json {
    let mut record = Map::new();
    record.insert("attributes".into(), attributes(object, row, view));
    for column in columns {
        match column.hops.first() {
            None => _ = record.insert(column.field.name.into(), row.value(column.field.name, view).json()),
            Some(_) => nest(&mut record, row, column, view),
        }
    }
    Json::Object(record)
}

fn nest(record: &mut Map<String, Json>, row: &Arc<dyn Row>, column: &Column, view: &View<'_>) {
    let mut inside = record;
    for depth in 1..=column.hops.len() {
        let hop = column.hops[depth - 1];
        let parent = walk(row, &column.hops[..depth], view);
        let fresh = || {
            parent.as_ref().map_or(Json::Null, |row| json!({"attributes": attributes(hop.target, row, view)}))
        };
        let slot = inside.entry(hop.name).or_insert_with(fresh);
        let Json::Object(slot) = slot else { return };
        inside = slot;
    }
    inside.insert(column.field.name.into(), column.read(row, view, |value| value.json()));
}

fn attributes(object: crate::objects::Object, row: &Arc<dyn Row>, view: &View<'_>) -> Json {
    let name = object.schema().name;
    match row.value("Id", view) {
        Value::Id(id) => {
            json!({"type": name, "url": format!("/services/data/v{}/sobjects/{name}/{id}", view.version)})
        }
        _ => json!({"type": name}),
    }
}
