//! The evidence, and the report made of it.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod anchor;
mod ledger;
mod report;
mod retention;
mod tampering;
