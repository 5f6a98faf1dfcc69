//! Access tokens that outlive what they came from, and the containment that ended it: a later one of the same access finds
//! nothing left of them, and says until when they may work all the same.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::plan::SKEW;
use super::{Containment, Stage, Target, containments};
use crate::observation::OrgId;
use crate::store::{Expect, Kept, Room, Store, StoreError, Table, Write};

/// Longer than Salesforce lets a JWT access token live on.
const JWT_LIFE: SignedDuration = SignedDuration::from_mins(30);

/// What a containment may have left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Left {
    until: Timestamp,
}

/// The room of those that may have left some, by containment id.
fn room(org: &OrgId) -> Room<Left> {
    Room::new(Table::Contain, org, "residuals")
}

/// Whether a token that went out at `at` may still work at `now`, both by Salesforce's clock.
pub(super) fn is_in_jwt_life(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < JWT_LIFE + SKEW
}

/// Until when a token works on that goes out at `now`.
pub(crate) fn after_jwt(now: Timestamp) -> Option<Timestamp> {
    now.checked_add(JWT_LIFE).ok()
}

/// The write by which later containments know what this one leaves.
pub(super) fn written(record: &Containment) -> Result<Option<Write>, StoreError> {
    let key = room(&record.request.org_id).key(record.containment_id.as_str());
    let left = record.residual_until.map(|until| Left { until });
    left.map(|left| Write::put(key, Expect::Any, &left)).transpose()
}

/// Until when a token may still work that others have left of what this containment is about. What cannot be read may
/// have left one just now.
pub(super) async fn of_others(
    store: &dyn Store,
    record: &Containment,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let (org, target) = (&record.request.org_id, &record.request.target);
    let (mut latest, mut over) = (None, Vec::new());
    for (id, left) in room(org).each(store).await? {
        let until = match (left, containments(org).get(store, &id).await) {
            _ if id == record.containment_id.as_str() => None,
            // Also what is about others, or it would stay for ever.
            (Ok(left), Ok(other)) if left.value.until <= now && !is_acting(other.as_ref()) => {
                over.push(Write::Delete { key: room(org).key(&id), expect: Expect::Version(left.version) });
                None
            }
            (Ok(_), Ok(Some(other))) if !other.value.may_leave_tokens_of(target) => None,
            (Ok(_), Ok(Some(other))) if other.value.stage == Stage::Acting => after_jwt(now),
            (Ok(left), Ok(_)) => Some(left.value.until),
            (Err(StoreError::Unreadable { .. }), _) | (_, Err(StoreError::Unreadable { .. })) => {
                after_jwt(now)
            }
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        latest = latest.max(until);
    }
    for write in over {
        if let Err(error) = store.write(vec![write]).await {
            tracing::debug!(error = %error, "what is over stays in the store until the next look");
        }
    }
    Ok(latest)
}

fn is_acting(kept: Option<&Kept<Containment>>) -> bool {
    kept.is_some_and(|kept| kept.value.stage == Stage::Acting)
}

impl Containment {
    /// Whether a token that this has left may open what the target is about.
    fn may_leave_tokens_of(&self, target: &Target) -> bool {
        match (&self.request.target, target) {
            (Target::App { app_name }, Target::App { app_name: other }) => app_name == other,
            (Target::App { .. }, Target::Session { user_id, .. } | Target::User { user_id }) => {
                self.reach.as_ref().is_none_or(|reach| reach.may_hold(user_id))
            }
            (own, other) => own.is_wide() || other.is_wide() || own.user() == other.user(),
        }
    }
}
