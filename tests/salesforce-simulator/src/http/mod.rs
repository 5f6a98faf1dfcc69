//! The org behind HTTP.

mod admission;
mod answer;
mod app_usage;
mod client;
mod collections;
mod columns;
mod composite;
pub(crate) mod cursors;
mod describe;
mod gate;
mod identity;
mod interference;
mod limits;
mod oauth;
mod passwords;
mod query;
mod query_jobs;
mod records;
mod router;
mod server;
mod tooling;

pub use server::Simulator;

use crate::objects::Caller;
use crate::org::Org;
use crate::switches::Lying;
use std::ops::{Deref, DerefMut};
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

/// What an ordered fault does to a write while it is handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Meddling {
    #[default]
    None,
    /// It is answered with success and not done.
    Lie,
    /// Every other item of a collection finds its row locked.
    RowLocked,
}

impl Shared {
    /// The org for one write, under whatever an ordered fault does to it.
    pub(crate) fn meddled(&self, meddling: Meddling) -> Meddled<'_> {
        let mut org = self.org();
        let lying = org.switches.lying;
        if meddling == Meddling::Lie {
            org.switches.lying = Lying::Always;
        }
        Meddled { org, lying }
    }
}

/// The org while one write is done; the switch is put back at its end.
pub(crate) struct Meddled<'o> {
    org: MutexGuard<'o, Org>,
    lying: Lying,
}

impl Deref for Meddled<'_> {
    type Target = Org;

    fn deref(&self) -> &Org {
        &self.org
    }
}

impl DerefMut for Meddled<'_> {
    fn deref_mut(&mut self) -> &mut Org {
        &mut self.org
    }
}

impl Drop for Meddled<'_> {
    fn drop(&mut self) {
        self.org.switches.lying = self.lying;
    }
}
