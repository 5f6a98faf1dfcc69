//! Containment against a simulated org: over real HTTP, from the stored finding to the proof.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod afterwards;
mod again;
mod also;
mod attacker;
mod crashes;
mod every_key;
mod faults_of_others;
mod frugal;
mod giving_back;
mod interrupted;
mod joining;
mod notices;
mod refusals;
mod review;
mod sequences;
mod session_level;
mod support;
mod upkeep;
mod waiting;
mod whole;
mod wide;
