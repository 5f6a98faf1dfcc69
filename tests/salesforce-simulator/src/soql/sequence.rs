//! The rows a query found, in its order: held ones, and places of a lazy block that are computed when a page is read.

use super::SoqlError;
use super::ast::Direction;
use super::evaluate::sorted;
use super::narrow::{Fit, first, narrow};
use super::places::Places;
use super::plan::{Column, Sort, Test};
use super::value::Value;
use crate::lazy::Block;
use crate::objects::{Object, Row, View};
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

/// The most rows of a lazy block that are gathered to be sorted by a field the block is not sorted by.
const MOST_SORTED: u32 = 200_000;

/// The rows that pass a test, in the order of their ids.
pub(super) struct Found {
    held: Vec<Arc<dyn Row>>,
    lazy: Option<(Arc<dyn Block>, Places)>,
}

impl Found {
    pub(super) fn by(object: Object, test: Option<&Test>, view: &View<'_>) -> Self {
        let passes = |row: &Arc<dyn Row>| test.is_none_or(|test| test.holds(row, view));
        let held = object.rows(view).filter(passes).collect();
        let lazy = object.lazy(view).map(|(block, visible)| {
            let Some(test) = test else { return (block, visible) };
            let narrowed = narrow(test, &*block);
            let within = visible.intersect(&narrowed.places);
            let places = match narrowed.fit {
                Fit::Exact => within,
                Fit::Loose => Places::listed(within.iter().filter(|place| passes(&block.row(*place)))),
            };
            (block, places)
        });
        Self { held, lazy }
    }

    pub(super) fn len(&self) -> usize {
        self.held.len() + self.lazy.as_ref().map_or(0, |(_, places)| places.len() as usize)
    }

    /// Every row, one after the other; lazy ones first.
    pub(super) fn rows(&self) -> impl Iterator<Item = Arc<dyn Row>> + '_ {
        let lazy = self.lazy.iter().flat_map(|(block, places)| places.iter().map(|place| block.row(place)));
        lazy.chain(self.held.iter().cloned())
    }

    pub(super) fn in_order(self, order: &[(Column, Sort)], view: &View<'_>) -> Result<Sequence, SoqlError> {
        match &self.lazy {
            None => Ok(Sequence::held(sorted(self.held, order, view))),
            Some((block, places)) => match own_order(order, &**block) {
                Some((field, direction)) => {
                    let lazy = Stretch { block: Arc::clone(block), places: places.clone().into(), direction };
                    Ok(Sequence::merged(lazy, self.held, field, view))
                }
                None if places.len() > MOST_SORTED => Err(SoqlError::too_long()),
                None => Ok(Sequence::held(sorted(self.rows().collect(), order, view))),
            },
        }
    }
}

/// The field by which the block already has this order, and in which direction.
fn own_order(order: &[(Column, Sort)], block: &dyn Block) -> Option<(&'static str, Direction)> {
    let Some((column, sort)) = order.first() else { return Some(("Id", Direction::Ascending)) };
    let field = column.hops.is_empty().then_some(column.field.name)?;
    block.sorted(field, 0)?;
    let then_by_id = order[1..].iter().all(|(column, then)| {
        column.hops.is_empty() && column.field.name == "Id" && then.direction == sort.direction
    });
    then_by_id.then_some((field, sort.direction))
}

/// Rows in a fixed order, of which any stretch can be read at any time.
#[derive(Clone)]
pub(crate) struct Sequence {
    lazy: Option<Stretch>,
    /// Each with the number of lazy rows before it.
    held: Arc<[(u32, Arc<dyn Row>)]>,
    /// What OFFSET and LIMIT leave.
    window: Range<usize>,
}

#[derive(Clone)]
struct Stretch {
    block: Arc<dyn Block>,
    places: Arc<Places>,
    direction: Direction,
}

/// A row of a sequence, by where it comes from.
enum Pick<'s> {
    Held(&'s Arc<dyn Row>),
    Lazy(&'s Stretch, usize),
}

impl Stretch {
    fn place(&self, rank: usize) -> u32 {
        let rank = rank as u32;
        let descending = self.direction == Direction::Descending;
        self.places.at(if descending { self.places.len() - 1 - rank } else { rank })
    }

    /// How many of its rows come before a row of this field and id that is not its own.
    fn before(&self, field: &str, key: &(Value<'_>, Value<'_>)) -> u32 {
        let place = first(self.block.len(), |place| {
            let of = |field| self.block.sorted(field, place).unwrap_or(Value::Null);
            compared(&(of(field), of("Id")), key).is_gt()
        });
        let smaller = self.places.rank(place);
        if self.direction == Direction::Descending { self.places.len() - smaller } else { smaller }
    }
}

fn compared(a: &(Value<'_>, Value<'_>), b: &(Value<'_>, Value<'_>)) -> Ordering {
    let by = |a: &Value<'_>, b: &Value<'_>| a.compare(b).unwrap_or(Ordering::Equal);
    by(&a.0, &b.0).then_with(|| by(&a.1, &b.1))
}

impl Sequence {
    fn held(rows: Vec<Arc<dyn Row>>) -> Self {
        let window = 0..rows.len();
        Self { lazy: None, held: rows.into_iter().map(|row| (0, row)).collect(), window }
    }

    fn merged(lazy: Stretch, held: Vec<Arc<dyn Row>>, field: &str, view: &View<'_>) -> Self {
        let of = |row: &Arc<dyn Row>, field| row.value(field, view).into_owned();
        let mut keyed: Vec<_> =
            held.into_iter().map(|row| ((of(&row, field), of(&row, "Id")), row)).collect();
        keyed.sort_by(|(a, _), (b, _)| compared(a, b));
        if lazy.direction == Direction::Descending {
            keyed.reverse();
        }
        let held: Arc<[_]> = keyed.into_iter().map(|(key, row)| (lazy.before(field, &key), row)).collect();
        let window = 0..held.len() + lazy.places.len() as usize;
        Self { lazy: Some(lazy), held, window }
    }

    pub(super) fn cut(mut self, offset: usize, limit: Option<usize>) -> Self {
        let start = self.window.end.min(offset);
        self.window = start..self.window.end.min(start.saturating_add(limit.unwrap_or(usize::MAX)));
        self
    }

    pub(crate) fn len(&self) -> usize {
        self.window.len()
    }

    /// Keeps the first rows only.
    pub(crate) fn truncate(&mut self, most: usize) {
        self.window.end = self.window.end.min(self.window.start + most);
    }

    /// The rows from one position to, and without, another.
    pub(crate) fn rows(&self, positions: Range<usize>) -> impl Iterator<Item = Arc<dyn Row>> + '_ {
        self.picks(positions).map(|pick| match pick {
            Pick::Held(row) => Arc::clone(row),
            Pick::Lazy(lazy, rank) => lazy.block.row(lazy.place(rank)),
        })
    }

    /// Looks at those rows one by one, and keeps none.
    pub(crate) fn each(&self, positions: Range<usize>, mut look: impl FnMut(&dyn Row)) {
        for pick in self.picks(positions) {
            match pick {
                Pick::Held(row) => look(&**row),
                Pick::Lazy(lazy, rank) => lazy.block.look(lazy.place(rank), &mut look),
            }
        }
    }

    fn picks(&self, positions: Range<usize>) -> impl Iterator<Item = Pick<'_>> {
        let (start, end) = (self.window.start + positions.start, self.window.start + positions.end);
        let position = |(held, (before, _)): (usize, &(u32, _))| *before as usize + held;
        let mut held = first(self.held.len() as u32, |place| {
            position((place as usize, &self.held[place as usize])) >= start
        }) as usize;
        (start..end.min(self.window.end)).filter_map(move |at| {
            let next = self.held.get(held).filter(|(before, _)| *before as usize + held == at);
            match (next, &self.lazy) {
                (Some((_, row)), _) => {
                    held += 1;
                    Some(Pick::Held(row))
                }
                (None, Some(lazy)) => Some(Pick::Lazy(lazy, at - held)),
                (None, None) => None,
            }
        })
    }
}
