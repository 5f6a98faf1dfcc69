//! Rows that are computed when they are looked at: a block of a table that is served and not held.

use crate::id::Id;
use crate::objects::Row;
use crate::soql::Value;
use crate::table::Keyed;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Makes each row of a block from its place; the first place is 0.
pub(crate) trait Source<T>: Send + Sync {
    fn make(&self, place: u32) -> T;

    /// The value at a place of a field that never decreases from place to place; None for any other field.
    fn sorted(&self, _field: &str, _place: u32) -> Option<Value<'static>> {
        None
    }

    /// In order, the places at which the field holds this id; None if only a look at every row could tell.
    fn holding(&self, _field: &str, _id: &Id) -> Option<Vec<u32>> {
        None
    }
}

/// A block of rows with consecutive ids.
#[derive(Clone)]
pub(crate) struct Lazy<T> {
    first: u64,
    count: u32,
    source: Arc<dyn Source<T>>,
    /// What became of rows that were written to.
    changed: BTreeMap<u32, Arc<T>>,
}

impl<T> fmt::Debug for Lazy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows from {} on, {} changed", self.count, self.first, self.changed.len())
    }
}

impl<T: Keyed> Lazy<T> {
    pub(crate) fn new(first: u64, count: u32, source: Arc<dyn Source<T>>) -> Self {
        Self { first, count, source, changed: BTreeMap::new() }
    }

    pub(crate) fn len(&self) -> u32 {
        self.count
    }

    pub(crate) fn place(&self, id: &Id) -> Option<u32> {
        let place = id.number(T::PREFIX)?.checked_sub(self.first)?;
        u32::try_from(place).ok().filter(|place| *place < self.count)
    }

    pub(crate) fn get(&self, place: u32) -> Arc<T> {
        self.changed.get(&place).cloned().unwrap_or_else(|| Arc::new(self.source.make(place)))
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> &mut T {
        let source = &self.source;
        Arc::make_mut(self.changed.entry(place).or_insert_with(|| Arc::new(source.make(place))))
    }
}

/// A block of rows of any object, as a query sees it.
pub(crate) trait Block: Send + Sync {
    fn len(&self) -> u32;
    fn row(&self, place: u32) -> Arc<dyn Row>;
    /// Shows a row that nobody keeps.
    fn look(&self, place: u32, at: &mut dyn FnMut(&dyn Row));
    fn place(&self, id: &Id) -> Option<u32>;
    /// As [`Source::sorted`]; every block is in the order of `Id`.
    fn sorted(&self, field: &str, place: u32) -> Option<Value<'static>>;
    /// As [`Source::holding`].
    fn holding(&self, field: &str, id: &Id) -> Option<Vec<u32>>;
}

impl<T: Keyed + Row + 'static> Block for Lazy<T> {
    fn len(&self) -> u32 {
        self.count
    }

    fn row(&self, place: u32) -> Arc<dyn Row> {
        self.get(place)
    }

    fn look(&self, place: u32, at: &mut dyn FnMut(&dyn Row)) {
        match self.changed.get(&place) {
            Some(row) => at(&**row),
            None => at(&self.source.make(place)),
        }
    }

    fn place(&self, id: &Id) -> Option<u32> {
        self.place(id)
    }

    fn sorted(&self, field: &str, place: u32) -> Option<Value<'static>> {
        if field == "Id" {
            return Some(Value::Id(Id::new(T::PREFIX, self.first + u64::from(place))));
        }
        self.source.sorted(field, place)
    }

    fn holding(&self, field: &str, id: &Id) -> Option<Vec<u32>> {
        self.source.holding(field, id)
    }
}
