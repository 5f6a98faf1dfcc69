//! The org behind HTTP.

mod answer;
mod collections;
pub(crate) mod cursors;
mod gate;
mod limits;
mod oauth;
mod query;
mod records;
mod router;
mod server;

pub use server::Simulator;

use crate::objects::Caller;
use crate::org::Org;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What every handler shares.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    org: Arc<Mutex<Org>>,
    pub(crate) url: Arc<str>,
}

impl Shared {
    pub(crate) fn org(&self) -> MutexGuard<'_, Org> {
        self.org.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call to a REST resource, let through by the gate.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) caller: Caller,
    /// Such as `67.0`.
    pub(crate) version: Arc<str>,
}
