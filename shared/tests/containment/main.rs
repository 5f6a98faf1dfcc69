//! Containment against a simulated org: over real HTTP, from the stored finding to the proof.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod again;
mod crashes;
mod refusals;
mod support;
mod whole;
