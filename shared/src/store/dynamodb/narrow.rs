//! Writes for which DynamoDB has an operation: one record, or up to a hundred in a transaction.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

use super::DynamoDbStore;
use super::change::{Change, Told};
use super::failure::{Failure, Refusal};
use super::item::key_attributes;
use crate::store::{Key, StoreError};

impl DynamoDbStore {
    pub(super) async fn write_one(&self, change: &Change, writer: &str) -> Result<(), Failure> {
        let told = change.told(writer);
        let outcome = if change.deletes() {
            self.delete(&change.key, told).await
        } else {
            self.update(&change.key, told).await
        };
        match outcome {
            Err(Failure::Conflict(key)) => self.why(&key, writer).await,
            outcome => outcome,
        }
    }

    /// All or none. The SDK gives every transaction a token, so that a repetition is none.
    pub(super) async fn write_together(&self, changes: &[Change], writer: &str) -> Result<(), Failure> {
        let items = changes.iter().map(|change| change.in_transaction(self.table(change.key.table), writer));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        match self.client.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Ok(()),
            Err(error) => self.cancelled(&error, changes, writer).await,
        }
    }

    async fn cancelled(
        &self,
        error: &SdkError<TransactWriteItemsError>,
        changes: &[Change],
        writer: &str,
    ) -> Result<(), Failure> {
        let refusal = error.as_service_error();
        let reasons = match refusal {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                cancelled.cancellation_reasons()
            }
            _ => &[],
        };
        let met = changes.iter().zip(reasons).map(|(change, reason)| (change, Refusal::of(reason.code())));
        let mut contended = None;
        for (change, refusal) in met {
            match refusal {
                // All of a transaction was applied, or nothing.
                Refusal::Unexpected => return self.why(&change.key, writer).await,
                Refusal::Contended => contended = Some(change.key.clone()),
                Refusal::Other => {}
            }
        }
        let throttled = reasons
            .iter()
            .any(|reason| matches!(reason.code(), Some("ThrottlingError" | "ProvisionedThroughputExceeded")));
        Err(match (contended, changes.first()) {
            (Some(key), _) => Failure::Contended(key),
            (None, Some(first)) if matches!(Refusal::of(error.code()), Refusal::Contended) => {
                Failure::Contended(first.key.clone())
            }
            _ if throttled => Failure::Throttled(self.unavailable(error)),
            _ => Failure::Store(self.unavailable(error)),
        })
    }

    /// Why a condition did not hold: a wide write has the record in hand, somebody else was first, or we were ourselves,
    /// and only the answer was lost.
    pub(super) async fn why(&self, key: &Key, writer: &str) -> Result<(), Failure> {
        let item = self.item(key).await?;
        match item.as_ref().and_then(|item| item.lock()) {
            Some(lock) => Err(Failure::Held { key: key.clone(), lock: lock.to_owned() }),
            None if item.as_ref().and_then(|item| item.writer()) == Some(writer) => Ok(()),
            None => Err(Failure::Conflict(key.clone())),
        }
    }

    pub(super) async fn update(&self, key: &Key, told: Told) -> Result<(), Failure> {
        let sent = self
            .client
            .update_item()
            .table_name(self.table(key.table))
            .set_key(Some(key_attributes(key)))
            .update_expression(told.update)
            .set_condition_expression((!told.condition.is_empty()).then_some(told.condition))
            .set_expression_attribute_names(Some(told.names))
            .set_expression_attribute_values((!told.values.is_empty()).then_some(told.values))
            .send();
        sent.await.map(|_| ()).map_err(|error| refused(key, error.code(), || self.unavailable(&error)))
    }

    pub(super) async fn delete(&self, key: &Key, told: Told) -> Result<(), Failure> {
        let sent = self
            .client
            .delete_item()
            .table_name(self.table(key.table))
            .set_key(Some(key_attributes(key)))
            .condition_expression(told.condition)
            .set_expression_attribute_names(Some(told.names))
            .set_expression_attribute_values((!told.values.is_empty()).then_some(told.values))
            .send();
        sent.await.map(|_| ()).map_err(|error| refused(key, error.code(), || self.unavailable(&error)))
    }
}

fn refused(key: &Key, code: Option<&str>, other: impl FnOnce() -> StoreError) -> Failure {
    match Refusal::of(code) {
        Refusal::Unexpected => Failure::Conflict(key.clone()),
        Refusal::Contended => Failure::Contended(key.clone()),
        Refusal::Other => Failure::Store(other()),
    }
}
