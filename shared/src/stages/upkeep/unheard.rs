//! Ends of containments that no bus has taken. Where nobody listens, as on a machine of one's own, they would wait for ever.

use jiff::{SignedDuration, Timestamp};

use super::Upkeep;
use crate::messages::ContainmentEnded;
use crate::observation::OrgId;
use crate::store::{LocalOutbox, Queue, StoreError, Waiting};

/// What nobody took for so long is news no more; the records and the weekly review show it.
const WAITS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Looked at in one go.
const AT_ONCE: usize = 25;

impl Upkeep<'_> {
    /// Gives up what nobody has taken for a month; the oldest comes first in its queue.
    pub(super) async fn give_up_unheard(&self, org: &OrgId) -> Result<(), StoreError> {
        let (outbox, now) = (LocalOutbox::new(self.store), self.clock.now());
        loop {
            let waiting = outbox.next(Queue::Ended, org, AT_ONCE).await?.into_iter();
            let given_up: Vec<_> = waiting.take_while(|message| is_old(message, now)).collect();
            if given_up.is_empty() {
                return Ok(());
            }
            tracing::warn!(org.id = %org, given_up = given_up.len(), "How containments ended is told nobody: for a month no bus took it, or it cannot be read");
            self.store.write(given_up.into_iter().filter_map(|message| message.done).collect()).await?;
        }
    }
}

/// One that cannot be read would wait for ever too.
fn is_old(message: &Waiting, now: Timestamp) -> bool {
    let ended = serde_json::from_value::<ContainmentEnded>(message.body.clone());
    ended.map_or(true, |ended| now.duration_since(ended.at) > WAITS)
}
