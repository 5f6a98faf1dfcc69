//! Rows of one object, in the order of their ids; a query keeps its rows while the table goes on.

use crate::id::Id;
use std::collections::HashMap;
use std::sync::Arc;

/// A record with an id of its own.
pub(crate) trait Keyed: Clone {
    const PREFIX: &'static str;
    fn id(&self) -> Id;
}

#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    rows: Vec<Arc<T>>,
    places: HashMap<Id, usize>,
    next: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), places: HashMap::new(), next: 1 }
    }
}

impl<T: Keyed> Table<T> {
    pub(crate) fn next_id(&mut self) -> Id {
        let id = Id::new(T::PREFIX, self.next);
        self.next += 1;
        id
    }

    pub(crate) fn push(&mut self, row: T) -> Arc<T> {
        let row = Arc::new(row);
        self.places.insert(row.id(), self.rows.len());
        self.rows.push(Arc::clone(&row));
        row
    }

    pub(crate) fn all(&self) -> &[Arc<T>] {
        &self.rows
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Arc<T>> {
        let place = self.places.get(&Id::parse(id)?)?;
        self.rows.get(*place)
    }

    /// The row to change; a running query keeps the row as it was.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        let place = self.places.get(&Id::parse(id)?)?;
        self.rows.get_mut(*place).map(Arc::make_mut)
    }

    /// Removes the row if it is the latest.
    pub(crate) fn take_back(&mut self, id: &Id) {
        if self.rows.last().is_some_and(|row| row.id() == *id) {
            self.rows.pop();
            self.places.remove(id);
        }
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.rows.retain(|row| keep(row));
        self.places = self.rows.iter().enumerate().map(|(place, row)| (row.id(), place)).collect();
    }
}
