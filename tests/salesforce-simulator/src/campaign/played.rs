//! What every kind of attack can do.

use super::Campaign;
use crate::org::Org;
use jiff::Timestamp;

/// An attack with its parameters.
pub trait Played {
    /// Plays it so that it ends at `now`.
    fn play(&self, org: &mut Org, now: Timestamp) -> Campaign;
}
