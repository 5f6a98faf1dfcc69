//! What one evaluation leaves for the next of the same process.

use std::sync::{Mutex, PoisonError};

use super::Knowledge;
use crate::observation::OrgId;

/// Observations in the tails of all orgs that are remembered, at most: some three kilobytes each, with the profiles that it names.
const ENTRIES: usize = 40_000;

/// What is known of the orgs that were evaluated last, so that their tails and profiles are not read again each time. It is never
/// relied upon: whoever has written meanwhile makes the next write conflict, and that reads everything anew.
#[derive(Default)]
pub struct Memory {
    known: Mutex<Vec<(OrgId, Knowledge)>>,
}

impl Memory {
    /// What is remembered of an org; whatever comes of it must be kept again.
    pub(in crate::stages) fn take(&self, org: &OrgId) -> Option<Knowledge> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let place = known.iter().position(|(of, _)| of == org)?;
        Some(known.remove(place).1)
    }

    /// Remembers an org, the last of which is always remembered.
    pub(in crate::stages) fn keep(&self, org: OrgId, knowledge: Knowledge) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.push((org, knowledge));
        let entries =
            |known: &[(OrgId, Knowledge)]| known.iter().map(|(_, of)| of.state.tail.len()).sum::<usize>();
        while known.len() > 1 && entries(&known) > ENTRIES {
            known.remove(0);
        }
    }
}
