//! The store of AWS: a table for each writer, in DynamoDB.
//!
//! A change of one record is a conditional write, a change of up to a hundred a transaction. Wider ones, which DynamoDB
//! has no transaction for, take every record in hand first ([`wide`]).

mod change;
mod failure;
mod item;
mod narrow;
mod wide;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::{Key, Record, Store, StoreError, Table, Write, each_record_once};
use crate::clock::{Clock, SystemClock};
use change::Change;
use failure::Failure;
use item::{Attributes, Item, key_attributes};

/// What one transaction takes. Source: DynamoDB Developer Guide, TransactWriteItems: 100 actions, 4 MB; some room is left.
const TRANSACTION_RECORDS: usize = 100;
const TRANSACTION_BYTES: usize = 3_500_000;
/// How often a write is tried while others write the same records.
const TRIES: u32 = 8;
/// Before the second try; it doubles from try to try.
const PAUSE_MS: u64 = 15;

/// Records in DynamoDB tables `PREFIX-scan`, `PREFIX-evaluate`, `PREFIX-contain` and `PREFIX-people`.
#[derive(Debug, Clone)]
pub struct DynamoDbStore {
    client: Client,
    prefix: String,
}

impl DynamoDbStore {
    /// The tables whose names begin with a prefix; nothing is asked of AWS yet.
    pub fn new(configuration: &SdkConfig, prefix: &str) -> Self {
        Self { client: Client::new(configuration), prefix: prefix.to_owned() }
    }

    fn table(&self, table: Table) -> String {
        format!("{}-{}", self.prefix, table.name())
    }

    fn name(&self) -> String {
        format!("dynamodb:{}", self.prefix)
    }

    async fn item(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let get = self.client.get_item().table_name(self.table(key.table)).consistent_read(true);
        let found = get.set_key(Some(key_attributes(key))).send().await;
        let found = found.map_err(|error| self.unavailable(&error))?;
        Ok(found.item.map(|attributes| Item::new(key.clone(), attributes)))
    }

    async fn page(
        &self,
        start: &Key,
        from: Option<Attributes>,
        limit: usize,
    ) -> Result<(Vec<Attributes>, Option<Attributes>), StoreError> {
        let mut condition = "#partition = :partition".to_owned();
        let mut query = self
            .client
            .query()
            .table_name(self.table(start.table))
            .consistent_read(true)
            .expression_attribute_names("#partition", item::PARTITION)
            .expression_attribute_values(":partition", AttributeValue::S(start.partition.clone()))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(from);
        if !start.sort.is_empty() {
            condition.push_str(" AND #sort > :sort");
            query = query
                .expression_attribute_names("#sort", item::SORT)
                .expression_attribute_values(":sort", AttributeValue::S(start.sort.clone()));
        }
        let found = query.key_condition_expression(condition).send().await;
        let found = found.map_err(|error| self.unavailable(&error))?;
        Ok((found.items.unwrap_or_default(), found.last_evaluated_key))
    }

    /// What an item that a query has shown says; one that a wide write has in hand is read again.
    async fn shown(&self, start: &Key, attributes: Attributes) -> Result<Option<Record>, StoreError> {
        let Some(sort) = attributes.get(item::SORT).and_then(|sort| sort.as_s().ok()).cloned() else {
            return Ok(None);
        };
        let item = Item::new(Key { sort, ..start.clone() }, attributes);
        if item.lock().is_some() { self.get(item.key()).await } else { item.record() }
    }

    async fn try_write(&self, changes: &[Change], writer: &str) -> Result<(), Failure> {
        let bytes: usize = changes.iter().map(Change::bytes).sum();
        match changes {
            [] => Ok(()),
            [one] if !one.needs_token() => self.write_one(one, writer).await,
            _ if changes.len() <= TRANSACTION_RECORDS && bytes <= TRANSACTION_BYTES => {
                self.write_together(changes, writer).await
            }
            _ => self.write_wide(changes).await,
        }
    }
}

#[async_trait]
impl Store for DynamoDbStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        let mut met = None;
        loop {
            let Some(item) = self.item(key).await? else { return Ok(None) };
            let Some(lock) = item.lock().map(str::to_owned) else { return item.record() };
            match self.state_of(&lock).await? {
                Some(wide::State::Committed) => return item.next_record(),
                // Its end took the lock away meanwhile; one that is left over all the same was never committed.
                None if met.as_ref() != Some(&lock) => met = Some(lock),
                _ => return item.record(),
            }
        }
    }

    async fn list(
        &self,
        table: Table,
        partition: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let start = Key { table, partition: partition.to_owned(), sort: after.to_owned() };
        let (mut records, mut from) = (Vec::new(), None);
        while records.len() < limit {
            let (items, next) = self.page(&start, from, limit - records.len()).await?;
            let shown = items.into_iter().map(|attributes| self.shown(&start, attributes));
            records.extend(try_join_all(shown).await?.into_iter().flatten());
            if next.is_none() {
                break;
            }
            from = next;
        }
        Ok(records)
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        each_record_once(&writes)?;
        let now: Timestamp = SystemClock.now();
        let changes: Vec<_> =
            writes.into_iter().map(|write| Change::of(write, now)).collect::<Result<_, _>>()?;
        let Some(first) = changes.first() else { return Ok(()) };
        // One name for all tries: a try that was applied and whose answer was lost is known again.
        let own_name = wide::new_id(&first.key)?;
        let mut outcome = self.try_write(&changes, &own_name).await;
        for tried in 1..TRIES {
            match &outcome {
                Err(Failure::Held { key, lock }) => self.let_go(key, lock).await?,
                Err(Failure::Contended(_) | Failure::Throttled(_)) => {}
                _ => break,
            }
            tokio::time::sleep(failure::pause(PAUSE_MS << tried.min(6))).await;
            outcome = self.try_write(&changes, &own_name).await;
        }
        outcome.map_err(Failure::into_error)
    }

    async fn write_in_order(&self, first: Vec<Write>, then: Vec<Write>) -> Result<(), StoreError> {
        each_record_once(&then)?;
        self.write(first).await?;
        let each: Vec<_> = then.into_iter().map(|write| self.write(vec![write])).collect();
        stream::iter(each).buffer_unordered(wide::LANES).try_collect().await
    }
}
