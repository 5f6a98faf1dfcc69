//! Query results that are still being read page by page.

use crate::id::Id;
use crate::objects::Object;
use crate::soql::{LoginTemplate, Sequence, Template};
use std::collections::HashMap;
use std::sync::Arc;

/// A query's rows as they were when it ran.
#[derive(Clone)]
pub(crate) struct Cursor {
    pub(crate) owner: Id,
    pub(crate) object: Object,
    pub(crate) shape: Shape,
    pub(crate) rows: Sequence,
    /// The rows a page should have.
    pub(crate) batch: usize,
}

/// How the rows are written.
#[derive(Clone)]
pub(crate) enum Shape {
    /// While the org is locked: parents and permissions are looked up in it.
    Any(Arc<Template>),
    /// From the rows alone.
    Logins(Arc<LoginTemplate>),
}

#[derive(Default)]
pub(crate) struct Cursors {
    open: HashMap<Id, Cursor>,
    count: u64,
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cursors({} open)", self.open.len())
    }
}

impl Cursors {
    pub(crate) fn keep(&mut self, cursor: Cursor) -> Id {
        self.count += 1;
        let id = Id::new("01g", self.count);
        self.open.insert(id, cursor);
        id
    }

    pub(crate) fn get(&self, id: &str) -> Option<Cursor> {
        self.open.get(&Id::parse(id)?).cloned()
    }

    /// The name of the object whose rows this locator reads on.
    pub(crate) fn object_of(&self, locator: &str) -> Option<&'static str> {
        let (id, _) = locator.rsplit_once('-')?;
        self.open.get(&Id::parse(id)?).map(|cursor| cursor.object.schema().name)
    }

    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }
}
