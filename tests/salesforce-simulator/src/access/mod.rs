//! Who gets in: grants, revocations, deletes and freezes. The HTTP handlers and a campaign's attacker use the same code.

mod attempt;
mod authorize;
mod client_apps;
mod delete;
mod error;
mod freeze;
mod grant;
pub(crate) mod identity;
mod intruder;
mod jwt;
pub(crate) mod keys;
mod password;
mod revoke;
pub(crate) mod secrets;
mod sessions;

pub use attempt::{Access, Door};
pub(crate) use delete::{AllOrNone, DeleteFailure, ItemResult};
pub(crate) use error::{OauthError, RestError};
pub(crate) use grant::{Grant, LOGIN_HOST};
pub use identity::Approval;
