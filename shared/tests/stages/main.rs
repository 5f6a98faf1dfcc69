//! The scan and the evaluation against a simulated org.
#![allow(clippy::unwrap_used, reason = "what a test builds its org with fails the test")]

mod history;
mod late_rows;
mod long_history;
#[path = "../org_under_watch/mod.rs"]
mod org_under_watch;
mod relayed;
mod whole;
