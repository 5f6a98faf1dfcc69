//! What every store promises, whoever keeps the records.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod contract;
mod dynamodb;
mod outbox;
mod sqlite;
