//! What the simulator answers, where Salesforce documents its answer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod campaigns;
mod describe;
mod faults;
mod full_org;
mod grants;
mod large_org;
mod limits;
mod oauth;
mod objects;
mod query_jobs;
mod relay;
mod sessions;
mod support;
mod switches;
mod tooling;
mod writes;
