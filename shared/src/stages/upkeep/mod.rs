//! What is due by itself whether or not anybody may act: the weekly review, taking old evidence away, telling whom
//! Salesforce itself has frozen, and giving up what nobody listens to.

mod platform_freezes;
mod retention;
mod review;
mod unheard;

use super::contain_error::ContainError;
use crate::clock::Clock;
use crate::observation::OrgId;
use crate::policy::Policy;
use crate::salesforce::Salesforce;
use crate::store::Store;

pub use retention::{Pruned, prune};

/// The upkeep of one org's records.
pub struct Upkeep<'a> {
    /// Where records and the ledger are kept.
    pub store: &'a dyn Store,
    /// Asked which sessions are open; it need not be an identity that acts.
    pub salesforce: &'a Salesforce,
    /// How long evidence is kept, and what a review looks for.
    pub policy: &'a Policy,
    /// When something is due.
    pub clock: &'a dyn Clock,
}

impl Upkeep<'_> {
    /// Does what is due. What fails is told to the log: nobody waits for it, and it keeps nothing else from being done.
    pub async fn do_what_is_due(&self, org: &OrgId) {
        if let Err(error) = self.review(org).await {
            tracing::error!(org.id = %org, error = %error, "the week could not be reviewed");
        }
        if let Err(error) = self.tell_platform_freezes(org).await {
            tracing::error!(org.id = %org, error = %error, "whom Salesforce itself has frozen could not be looked up");
        }
        if let Err(error) = self.retain(org).await {
            tracing::error!(org.id = %org, error = %error, "old evidence could not be taken away; it is tried again in a day");
        }
        if let Err(error) = self.give_up_unheard(org).await {
            tracing::error!(org.id = %org, error = %error, "how containments ended waits on");
        }
    }
}
