//! Whether this client's own user is still let in. What it holds works on when it is frozen, and its next login is refused.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use jiff::SignedDuration;

use super::ability::Ability;
use super::client::Salesforce;
use super::error::SalesforceError;
use super::user_login::Frozen;

/// For so long a client that was not frozen, or may not see it, is taken to be so still: 96 calls a day.
const BELIEVED: SignedDuration = SignedDuration::from_mins(15);

/// When the own user was last seen not to be frozen, in seconds since 1970.
#[derive(Debug)]
pub(super) struct SeenFree(AtomicI64);

impl Default for SeenFree {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl Salesforce {
    /// Whether the own user is frozen: one call, and none within a quarter of an hour after it was not. Who has no record of
    /// it, or does not see it, is not called frozen.
    pub async fn is_own_user_frozen(&self) -> Result<bool, SalesforceError> {
        if self.off.contains(&Ability::UserLogins) {
            return Ok(false);
        }
        let now = self.now().as_second();
        let age = now.saturating_sub(self.seen_free.0.load(Relaxed));
        if (0..BELIEVED.as_secs()).contains(&age) {
            return Ok(false);
        }
        let state = self.freeze_state(&self.own_user().await?).await;
        let is_frozen = state.map(|state| state.is_some_and(|state| state.frozen == Frozen::Yes));
        // Who may not see it is told so as seldom.
        if matches!(&is_frozen, Ok(false)) || is_frozen.as_ref().is_err_and(|error| !error.retryable()) {
            self.seen_free.0.store(now, Relaxed);
        }
        is_frozen
    }
}
