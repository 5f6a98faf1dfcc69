//! The client against a simulated org: everything over real HTTP, from the signed assertion to the last page.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

mod client_apps;
mod context;
mod fields;
mod grants;
mod jobs;
mod logins;
mod manners;
mod recovery;
mod rows;
mod sessions;
mod support;
mod switches;
mod tokens;
mod transport;
mod users;
