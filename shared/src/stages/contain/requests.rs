//! What a finding asks for, and what is told of how it ended.

use std::collections::BTreeSet;

use crate::containment::{Containment, Marks, Outcome, Request, RequestedBy, Target, Trigger};
use crate::detection::{Action, Finding, Level, SubjectKind};
use crate::observation::UserId;

/// A request per user whom a finding about one user lets contain; none where it asks for nothing.
pub(super) fn requests(finding: &Finding) -> Vec<Request> {
    if finding.action == Action::None || finding.subject.kind != SubjectKind::User {
        return Vec::new();
    }
    finding.containable_users.iter().map(|user| request(finding, user)).collect()
}

fn request(finding: &Finding, user: &UserId) -> Request {
    let titles: Vec<_> = finding.detections.iter().map(|detected| detected.title.as_str()).collect();
    let user_id = user.clone();
    Request {
        request_id: format!("finding/{}/{user}", finding.finding_id),
        org_id: finding.org_id.clone(),
        target: match finding.level {
            Some(Level::Session) => Target::Session { user_id, hostile: Marks::of(finding) },
            _ => Target::User { user_id },
        },
        also: BTreeSet::new(),
        reason: titles.join("; "),
        requested_by: RequestedBy::Policy,
        trigger: Some(Trigger::of(finding)),
    }
}

/// The one line about a containment.
pub(super) fn tell(record: &Containment) {
    let outcome = match &record.outcome {
        None => "open",
        Some(Outcome::Contained) => "contained",
        Some(Outcome::AccessEnded) => "access ended",
        Some(Outcome::SessionEnded) => "session ended",
        Some(Outcome::NotContained { .. }) => "not contained",
        Some(Outcome::Refused { .. }) => "refused",
    };
    tracing::info!(
        "org.id" = %record.request.org_id,
        "containment.level" = ?record.request.target.level(),
        "user.id" = record.request.target.user().map(UserId::as_str),
        "containment.id" = %record.containment_id,
        "containment.outcome" = outcome,
        "containment.survivors" = record.survivors_total,
        "containment.api_calls" = record.api_calls,
        "containment: {outcome}"
    );
}
