//! A room of an org: records of one type, found by one key.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Expect, Key, Store, StoreError, Table, Write};
use crate::observation::OrgId;

/// How many records one call of [`Room::all`] reads at a time.
const PAGE: usize = 500;

/// Records of one type belonging to one org.
#[derive(Debug, Clone)]
pub struct Room<T> {
    table: Table,
    org: OrgId,
    name: &'static str,
    content: PhantomData<fn() -> T>,
}

/// A record's content with the version under which it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept<T> {
    /// The content.
    pub value: T,
    /// To be expected by the write that replaces it.
    pub version: u64,
}

/// A record's sort key, and its content or why that cannot be read.
pub type Each<T> = (String, Result<Kept<T>, StoreError>);

impl<T: Serialize + DeserializeOwned> Room<T> {
    /// The room `name` of an org in a table.
    pub fn new(table: Table, org: &OrgId, name: &'static str) -> Self {
        Self { table, org: org.clone(), name, content: PhantomData }
    }

    /// The key of a record in this room.
    pub fn key(&self, sort: &str) -> Key {
        Key::new(self.table, &self.org, self.name, sort)
    }

    /// One record.
    pub async fn get(&self, store: &dyn Store, sort: &str) -> Result<Option<Kept<T>>, StoreError> {
        let record = store.get(&self.key(sort)).await?;
        record.map(|record| Ok(Kept { value: record.decode()?, version: record.version })).transpose()
    }

    /// Every record, with its sort key, in order.
    ///
    /// # Errors
    /// The store's, and where one record cannot be read.
    pub async fn all(&self, store: &dyn Store) -> Result<Vec<(String, Kept<T>)>, StoreError> {
        let each = self.each(store).await?.into_iter();
        each.map(|(sort, kept)| Ok((sort, kept?))).collect()
    }

    /// The same, for whom one that cannot be read must not hide those behind it.
    ///
    /// # Errors
    /// The store's.
    pub async fn each(&self, store: &dyn Store) -> Result<Vec<Each<T>>, StoreError> {
        let partition = self.key("").partition;
        let (mut kept, mut after) = (Vec::new(), String::new());
        loop {
            let page = store.list(self.table, &partition, &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(kept) };
            after.clone_from(&last.key.sort);
            kept.extend(page.into_iter().map(|record| {
                let value = record.decode().map(|value| Kept { value, version: record.version });
                (record.key.sort, value)
            }));
        }
    }

    /// A write that holds only while the record is as it was read: `known` is the version, `None` for not there.
    pub fn put(&self, sort: &str, known: Option<u64>, value: &T) -> Result<Write, StoreError> {
        Write::put(self.key(sort), known.map_or(Expect::Absent, Expect::Version), value)
    }

    /// A removal, whatever lies there.
    pub fn remove(&self, sort: &str) -> Write {
        Write::Delete { key: self.key(sort), expect: Expect::Any }
    }
}
