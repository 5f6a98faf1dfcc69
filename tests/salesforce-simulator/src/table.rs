//! Rows of one object, in the order of their ids; a query keeps its rows while the table goes on.

use crate::id::Id;
use crate::lazy::{Lazy, Source};
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
    /// Rows between the held ones, or before them, that are computed when looked at.
    lazy: Option<Arc<Lazy<T>>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), places: HashMap::new(), next: 1, lazy: None }
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

    /// Gives the next `count` ids to rows that are not held; a table has one such block.
    pub(crate) fn push_lazily(&mut self, count: u32, source: Arc<dyn Source<T>>) {
        self.lazy = Some(Arc::new(Lazy::new(self.next, count, source)));
        self.next += u64::from(count);
    }

    /// The rows that are held.
    pub(crate) fn all(&self) -> &[Arc<T>] {
        &self.rows
    }

    /// The rows that are not held.
    pub(crate) fn lazy(&self) -> Option<&Arc<Lazy<T>>> {
        self.lazy.as_ref()
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.lazy.as_ref().map_or(0, |lazy| lazy.len() as usize)
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<T>> {
        let id = Id::parse(id)?;
        if let Some(place) = self.places.get(&id) {
            return self.rows.get(*place).cloned();
        }
        let lazy = self.lazy.as_ref()?;
        lazy.place(&id).map(|place| lazy.get(place))
    }

    /// The row to change; a running query keeps the row as it was.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        let id = Id::parse(id)?;
        if let Some(place) = self.places.get(&id) {
            return self.rows.get_mut(*place).map(Arc::make_mut);
        }
        let lazy = self.lazy.as_mut()?;
        lazy.place(&id).map(|place| Arc::make_mut(lazy).get_mut(place))
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
