//! How much of a WHERE clause a lazy block can answer from its order, without computing a row.

use super::ast::{Membership, Operator};
use super::places::Places;
use super::plan::{Column, Members, Test};
use super::value::Value;
use crate::lazy::Block;
use std::cmp::Ordering;
use std::ops::Range;

/// A set that holds every row the test picks.
pub(super) struct Narrowed {
    pub(super) places: Places,
    pub(super) fit: Fit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// Just those rows.
    Exact,
    /// Also others: each row has to be looked at.
    Loose,
}

pub(super) fn narrow(test: &Test, block: &dyn Block) -> Narrowed {
    let exact = |places| Narrowed { places, fit: Fit::Exact };
    let all = || Places::range(0..block.len());
    let known = match test {
        Test::All(tests) => {
            let parts = tests.iter().map(|test| narrow(test, block));
            return parts.fold(exact(all()), |a, b| a.combined(&b, Places::intersect));
        }
        Test::Any(tests) => {
            let parts = tests.iter().map(|test| narrow(test, block));
            return parts.fold(exact(Places::default()), |a, b| a.combined(&b, Places::union));
        }
        Test::Not(test) => {
            let inner = narrow(test, block);
            (inner.fit == Fit::Exact).then(|| inner.places.complement(block.len()))
        }
        Test::Compare(column, operator, value) => compared(column, *operator, value, block),
        Test::Within(column, operator, from, until) => {
            let edges = (edge(column, &Value::Time(*from), block), edge(column, &Value::Time(*until), block));
            let (Some(from), Some(until)) = edges else { return Narrowed { places: all(), fit: Fit::Loose } };
            Some(picked(from.start..until.start, *operator, block))
        }
        Test::Members(column, membership, members) => listed(column, *membership, members, block),
        Test::Like(..) => None,
    };
    known.map_or_else(|| Narrowed { places: all(), fit: Fit::Loose }, exact)
}

impl Narrowed {
    fn combined(self, other: &Self, how: impl Fn(&Places, &Places) -> Places) -> Self {
        let fit = if self.fit == Fit::Exact { other.fit } else { Fit::Loose };
        Self { places: how(&self.places, &other.places), fit }
    }
}

fn compared(column: &Column, operator: Operator, value: &Value<'_>, block: &dyn Block) -> Option<Places> {
    if let Some(equal) = edge(column, value, block) {
        return Some(picked(equal, operator, block));
    }
    let equal = holding(column, value, block)?;
    match operator {
        Operator::Equal => Some(equal),
        Operator::NotEqual => Some(equal.complement(block.len())),
        _ => None,
    }
}

fn listed(column: &Column, membership: Membership, members: &Members, block: &dyn Block) -> Option<Places> {
    let ids = members.ids.iter().map(|id| Value::Id(*id));
    let mut equal: Vec<u32> = Vec::new();
    for value in ids.chain(members.others.iter().cloned()) {
        match edge(column, &value, block) {
            Some(range) => equal.extend(range),
            None => equal.extend(holding(column, &value, block)?.iter()),
        }
    }
    equal.sort_unstable();
    let places = Places::listed(equal);
    Some(if membership == Membership::In { places } else { places.complement(block.len()) })
}

/// Where a sorted field equals the value: two binary searches.
fn edge(column: &Column, value: &Value<'_>, block: &dyn Block) -> Option<Range<u32>> {
    let name = column.hops.is_empty().then_some(column.field.name)?;
    block.sorted(name, 0)?.compare(value)?;
    let until = |past: &dyn Fn(Ordering) -> bool| {
        first(block.len(), |place| {
            !block.sorted(name, place).and_then(|at| at.compare(value)).is_some_and(past)
        })
    };
    Some(until(&Ordering::is_lt)..until(&Ordering::is_le))
}

fn holding(column: &Column, value: &Value<'_>, block: &dyn Block) -> Option<Places> {
    let name = column.hops.is_empty().then_some(column.field.name)?;
    let Value::Id(id) = value else { return None };
    block.holding(name, id).map(Places::listed)
}

fn picked(equal: Range<u32>, operator: Operator, block: &dyn Block) -> Places {
    match operator {
        Operator::Equal => Places::range(equal),
        Operator::NotEqual => Places::range(equal).complement(block.len()),
        Operator::Less => Places::range(0..equal.start),
        Operator::LessOrEqual => Places::range(0..equal.end),
        Operator::Greater => Places::range(equal.end..block.len()),
        Operator::GreaterOrEqual => Places::range(equal.start..block.len()),
    }
}

/// The first place below `end` for which `reached` holds, and for all after it; `end` if for none.
pub(super) fn first(end: u32, reached: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        if reached(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
