//! The weekly review: made by itself, kept in the ledger, and told.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ContainError, Upkeep};
use crate::digest::{Digest, Kept, OpenSessions};
use crate::evidence::{EntryKind, Ledger};
use crate::notice::Due;
use crate::observation::OrgId;
use crate::salesforce::{Ability, Owned, SalesforceError, Sight};
use crate::store::{Room, StoreError, Table};

/// What a review spans, or more where nobody tended meanwhile.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The one record of its room.
const LAST: &str = "last";
/// Cases of each kind that an entry of the ledger holds.
const LISTED: usize = 200;

/// Until when an org was reviewed, or since when it is tended: each review begins where the one before has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    until: Timestamp,
}

fn reviews(org: &OrgId) -> Room<Reviewed> {
    Room::new(Table::Contain, org, "reviews")
}

impl Upkeep<'_> {
    /// Reviews the time since the last review, once that is a week. The review, its entry in the ledger and its notice
    /// are one write; where another worker was faster there is nothing to do.
    pub(super) async fn review(&self, org: &OrgId) -> Result<(), ContainError> {
        let (room, now) = (reviews(org), self.clock.now());
        let last = room.get(self.store, LAST).await?;
        let done = room.put(LAST, last.as_ref().map(|kept| kept.version), &Reviewed { until: now })?;
        let written = match last.map(|kept| kept.value.until) {
            None => self.store.write(vec![done]).await,
            Some(from) if now.duration_since(from) < WEEK => Ok(()),
            Some(from) => {
                let kept = Kept::read(self.store, org).await?;
                let review = &self.policy.review;
                let sessions = self.open_sessions(now).await;
                let digest = Digest::of(org, (from, now), &kept, sessions, review).listing(LISTED);
                let also = [done, Due::of_review(org, &digest)?];
                let ledger = Ledger::new(self.store, org.clone());
                ledger.append_with(EntryKind::Review, None, now, &digest, &also).await.map(|_| ())
            }
        };
        match written {
            Err(StoreError::Conflict(key)) if key == room.key(LAST) => Ok(()),
            other => Ok(other?),
        }
    }

    async fn open_sessions(&self, now: Timestamp) -> OpenSessions {
        match self.live_sessions(now).await {
            Ok(Ok(sessions)) => sessions,
            Ok(Err(missing)) => OpenSessions::NotRead {
                reason: format!(
                    "the identity that looked cannot see the sessions of others; it lacks {missing}"
                ),
            },
            Err(error) => OpenSessions::NotRead { reason: format!("could not be read: {error}") },
        }
    }

    /// `Err` inside says what it takes to see them.
    async fn live_sessions(&self, now: Timestamp) -> Result<Result<OpenSessions, String>, SalesforceError> {
        if let Sight::Blind { missing } = self.salesforce.visibility().await?.of(Ability::Sessions) {
            return Ok(Err(missing));
        }
        let found = self.salesforce.every_session().await?.into_iter();
        let others = found.filter(|found| found.owned == Owned::ByOthers).map(|found| found.session);
        let live: Vec<_> = others.filter(|session| session.is_live(now)).collect();
        Ok(Ok(OpenSessions::of(&live, self.policy.review.longest_session, now)))
    }
}
