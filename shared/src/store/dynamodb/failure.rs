//! Why a write did not happen, and what DynamoDB's errors mean.

use std::error::Error;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::DynamoDbStore;
use crate::aws::reason;
use crate::store::{Key, StoreError};

/// Why a write did not happen.
#[derive(Debug)]
pub(super) enum Failure {
    /// What was expected does not hold.
    Conflict(Key),
    /// Another write is under way there at this moment.
    Contended(Key),
    /// A wide write has the record in hand.
    Held { key: Key, lock: String },
    /// The database is asked for more than it gives, as it says for a while.
    Throttled(StoreError),
    /// The database failed.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Conflict(key) | Self::Contended(key) | Self::Held { key, .. } => StoreError::Conflict(key),
            Self::Throttled(error) | Self::Store(error) => error,
        }
    }
}

/// What an error says about one record.
pub(super) enum Refusal {
    /// The condition does not hold.
    Unexpected,
    /// Another write is under way there.
    Contended,
    /// Something else.
    Other,
}

impl Refusal {
    pub(super) fn of(code: Option<&str>) -> Self {
        match code {
            Some("ConditionalCheckFailedException" | "ConditionalCheckFailed") => Self::Unexpected,
            Some(
                "TransactionConflictException" | "TransactionConflict" | "TransactionInProgressException",
            ) => Self::Contended,
            _ => Self::Other,
        }
    }
}

/// Between half and all of so many milliseconds, so that those who met do not meet again.
pub(super) fn pause(milliseconds: u64) -> Duration {
    let mut byte = [u8::MAX];
    // Without randomness all of it is waited.
    let _ = aws_lc_rs::rand::fill(&mut byte);
    Duration::from_micros(milliseconds * (500 + 500 * u64::from(byte[0]) / 255))
}

impl DynamoDbStore {
    pub(super) fn unavailable<E, R>(&self, error: &SdkError<E, R>) -> StoreError
    where
        E: Error + ProvideErrorMetadata + 'static,
        R: std::fmt::Debug + 'static,
    {
        let reason = reason(error.code(), error.message(), error);
        StoreError::Unavailable { store: self.name(), reason }
    }
}
