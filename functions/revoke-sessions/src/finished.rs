//! How a containment has ended, told to other systems and counted.

use std::fmt::Display;

use jiff::Timestamp;
use serde_json::{Value, json};
use session_warden::containment::{Containment, Outcome, Stage, containments};
use session_warden::lambda::{EventBus, FINISHED, Handled, Metrics, Unit};
use session_warden::messages::{ContainmentEnded, SCHEMA_VERSION};
use session_warden::observation::OrgId;
use session_warden::store::{Queue, Store, StoreError, Waiting};

/// Survivors in an event end here; `survivors_total` says how many there are.
const LISTED: usize = 50;

/// Tells of those that have ended: they wait since the write that made it true, and one may be told twice.
pub(crate) async fn announce(bus: &EventBus, store: &dyn Store, org: &OrgId) -> Result<usize, StoreError> {
    let news = async |waiting: &Waiting| news(store, org, waiting).await;
    bus.announce_as(FINISHED, store, (Queue::Ended, org), news).await
}

/// How it has ended, as the record says by now. `None` where it has begun again, whose end will be told, and where nobody can say.
async fn news(store: &dyn Store, org: &OrgId, waiting: &Waiting) -> Result<Option<Value>, StoreError> {
    let unread = |reason: &dyn Display| {
        tracing::error!(message.order = waiting.order, "The end of a containment cannot be told: {reason}");
        Ok(None)
    };
    let ended: ContainmentEnded = match serde_json::from_value(waiting.body.clone()) {
        Ok(ended) => ended,
        Err(error) => return unread(&error),
    };
    match containments(org).get(store, ended.containment_id.as_str()).await {
        Err(error @ StoreError::Unreadable { .. }) => unread(&error),
        Err(error) => Err(error),
        Ok(kept) => {
            let record = kept.map(|kept| kept.value).filter(|record| record.stage == Stage::Finished);
            Ok(record.as_ref().map(detail))
        }
    }
}

fn detail(record: &Containment) -> Value {
    let request = &record.request;
    let (outcome, reason) = outcome(record);
    json!({
        "schema_version": SCHEMA_VERSION,
        "containment_id": record.containment_id,
        "request_id": request.request_id,
        "org_id": request.org_id,
        "subject": request.target,
        "finding_id": request.trigger.as_ref().map(|trigger| &trigger.finding_id),
        "requested_by": request.requested_by,
        "policy_hash": record.policy_hash,
        "outcome": outcome,
        "reason": reason,
        "steps": record.steps,
        "survivors": record.survivors.iter().take(LISTED).collect::<Vec<_>>(),
        "survivors_total": record.survivors_total,
        "residual_until": record.residual_until,
        "api_calls": record.api_calls,
        "login_to_verified_seconds": record.login_to_verified_seconds,
        "evidence_head": record.evidence_head,
        "released": record.released,
        "unchecked": record.unchecked,
    })
}

fn outcome(record: &Containment) -> (&'static str, Option<String>) {
    match &record.outcome {
        None => ("open", None),
        Some(Outcome::Contained) => ("contained", None),
        Some(Outcome::AccessEnded) => ("access_ended", None),
        Some(Outcome::SessionEnded) => ("session_ended", None),
        Some(Outcome::NotContained { reason }) => ("not_contained", Some(reason.clone())),
        Some(Outcome::Refused { refusals }) => {
            let reasons: Vec<_> = refusals.iter().map(|refusal| refusal.reason.as_str()).collect();
            ("refused", Some(reasons.join("; ")))
        }
    }
}

/// The numbers of one invocation.
pub(crate) fn measure(handled: &Handled<Vec<Containment>>, now: Timestamp) {
    count_failed(handled.failed.len() - handled.busy, now);
    for record in handled.outcomes.iter().flatten() {
        let metrics = Metrics::of_org(&record.request.org_id);
        let metrics = match &record.outcome {
            _ if record.stage == Stage::Waiting => metrics.count("ContainmentsWaiting", 1),
            Some(Outcome::Contained | Outcome::AccessEnded | Outcome::SessionEnded) => {
                metrics.count("ContainmentsVerified", 1)
            }
            Some(Outcome::NotContained { .. }) => metrics.count("ContainmentsNotVerified", 1),
            Some(Outcome::Refused { .. }) => metrics.count("ContainmentsRefused", 1),
            None => metrics,
        };
        let taken = [
            ("LoginToVerifiedSeconds", record.login_to_verified_seconds),
            ("DetectToVerifiedSeconds", detect_to_verified(record)),
        ];
        let known = taken.into_iter().filter_map(|(name, seconds)| Some((name, seconds?.max(0) as f64)));
        known.fold(metrics, |metrics, (name, seconds)| metrics.with(name, Unit::Seconds, seconds)).tell(now);
    }
}

/// Counts messages that were not done as asked, and that nobody else is doing.
pub(crate) fn count_failed(messages: usize, now: Timestamp) {
    Metrics::of_function("revoke-sessions").count("MessagesFailed", messages).tell(now);
}

/// `None` for what is not proven.
fn detect_to_verified(record: &Containment) -> Option<i64> {
    let detected = record.request.trigger.as_ref()?.detected_at.filter(|_| record.is_proven())?;
    Some(record.finished?.duration_since(detected).as_secs())
}
