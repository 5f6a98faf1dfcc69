//! A plan over the org's rows.

use super::aggregate::groups;
use super::ast::{Direction, Membership, Nulls, Operator};
use super::error::SoqlError;
use super::parser::parse;
use super::plan::{Column, Members, Output, Sort, Test};
use super::resolve::resolve;
use super::sequence::{Found, Sequence};
use super::value::Value;
use crate::objects::{Object, Row, View};
use jiff::Timestamp;
use serde_json::Value as Json;
use std::cmp::Ordering;
use std::sync::Arc;

/// What a query found.
pub(crate) enum Answer {
    /// `COUNT()`.
    Count(usize),
    /// Records, still to be rendered page by page.
    Rows { object: Object, columns: Vec<Column>, rows: Sequence },
    /// AggregateResult records.
    Groups(Vec<Json>),
}

pub(crate) fn run(query: &str, view: &View<'_>) -> Result<Answer, SoqlError> {
    let plan = resolve(&parse(query)?, view)?;
    let found = Found::by(plan.object, plan.test.as_ref(), view);
    Ok(match plan.output {
        Output::Count => Answer::Count(found.len().min(plan.limit.unwrap_or(usize::MAX))),
        Output::Rows { columns, order } => {
            let rows = found.in_order(&order, view)?.cut(plan.offset, plan.limit);
            Answer::Rows { object: plan.object, columns, rows }
        }
        Output::Groups { cells, by, order } => {
            let groups = groups(found.rows(), &cells, &by, &order, view).into_iter().skip(plan.offset);
            Answer::Groups(groups.take(plan.limit.unwrap_or(usize::MAX)).collect())
        }
    })
}

/// Equal rows stay in their order.
pub(super) fn sorted(
    rows: Vec<Arc<dyn Row>>,
    order: &[(Column, Sort)],
    view: &View<'_>,
) -> Vec<Arc<dyn Row>> {
    if order.is_empty() {
        return rows;
    }
    let keys = |row: &Arc<dyn Row>| -> Vec<Value<'static>> {
        order.iter().map(|(column, _)| column.owned(row, view)).collect()
    };
    let mut keyed: Vec<_> = rows.into_iter().map(|row| (keys(&row), row)).collect();
    keyed.sort_by(|(a, _), (b, _)| {
        let pairs = a.iter().zip(b).zip(order);
        pairs.map(|((a, b), (_, sort))| ordered(a, b, *sort)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    });
    keyed.into_iter().map(|(_, row)| row).collect()
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
    pub(super) fn holds(&self, row: &Arc<dyn Row>, view: &View<'_>) -> bool {
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
