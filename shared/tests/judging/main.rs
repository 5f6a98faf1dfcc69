//! How logins are read, judged and told of.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod at_dynamodb;
#[path = "../org_under_watch/crashing_store.rs"]
mod crashing_store;
mod engine;
mod generated_org;
mod history_file;
mod pages;
mod policy;
mod strides;
