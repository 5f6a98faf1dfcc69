//! Containments, in words.

use session_warden::containment::{Containment, Outcome, Pending, StepKind, Survivor};

use super::harmless::harmless;

/// How a containment ended, in a few words.
pub(crate) fn outcome_words(containment: &Containment) -> String {
    if let Some(pending) = &containment.pending {
        return waiting_words(containment, pending);
    }
    let until = containment.residual_until.filter(|_| containment.is_proven());
    let residual = until.map(|until| format!(", residual until {}", until.strftime("%H:%M:%SZ")));
    let unchecked = containment.unchecked.as_ref();
    let unchecked = unchecked
        .map(|reason| format!("; whether it has come back could not be checked: {}", harmless(reason)));
    [Some(ended_words(containment)), residual, unchecked].into_iter().flatten().collect()
}

fn ended_words(containment: &Containment) -> String {
    match &containment.outcome {
        Some(Outcome::Contained) => "contained".to_owned(),
        Some(Outcome::AccessEnded) => "access ended, can log in again".to_owned(),
        Some(Outcome::SessionEnded) => "session ended, the user's own live on".to_owned(),
        Some(Outcome::NotContained { reason }) => format!("NOT contained: {}", harmless(reason)),
        Some(Outcome::Refused { refusals }) => {
            let reasons: Vec<_> = refusals.iter().map(|refusal| harmless(&refusal.reason)).collect();
            format!("nothing done: {}", reasons.join("; "))
        }
        None => "not finished".to_owned(),
    }
}

/// What people are asked, in words.
fn waiting_words(containment: &Containment, pending: &Pending) -> String {
    let people =
        if pending.needed == 1 { "one person".to_owned() } else { format!("{} people", pending.needed) };
    let reasons: Vec<_> = match &containment.outcome {
        Some(Outcome::Refused { refusals }) => {
            refusals.iter().map(|refusal| harmless(&refusal.reason)).collect()
        }
        _ => Vec::new(),
    };
    format!(
        "waits for {people} to approve until {}: {}; warden approve {}",
        pending.expires.strftime("%Y-%m-%d %H:%M:%SZ"),
        reasons.join("; "),
        containment.containment_id
    )
}

/// An act, in words.
pub(crate) fn step_words(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Freeze => "freeze the account",
        StepKind::ResetPassword => "make the password invalid",
        StepKind::RevokeTokens => "revoke refresh tokens",
        StepKind::DeleteSessions => "delete sessions",
        StepKind::ForgetAddresses => "forget trusted addresses",
        StepKind::Reread => "read again",
        StepKind::Thaw => "thaw the account",
    }
}

/// What is left, in words.
pub(crate) fn survivor_words(survivor: &Survivor) -> String {
    match survivor {
        Survivor::Session { id, reason } => format!("session {id}: {}", harmless(reason)),
        Survivor::Token { app_name, reason, .. } => {
            format!("token of {}: {}", harmless(app_name), harmless(reason))
        }
        Survivor::Password { reason } => format!("the password is the old one: {}", harmless(reason)),
        Survivor::Address { address, reason } => {
            format!("trusted address {}: {}", harmless(address), harmless(reason))
        }
        Survivor::Unfrozen { reason } => format!("the account is not frozen: {}", harmless(reason)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_may_still_work_is_told_of_every_outcome_that_is_proven() {
        let words = |outcome: &str| {
            let record: Containment = serde_json::from_value(json!({
                "containment_id": "c1", "policy_hash": "", "stage": "finished", "impact": {}, "steps": [],
                "request": { "request_id": "r1", "org_id": "00D000000000001EAA", "level": "user",
                    "user_id": "005000000000001AAA", "reason": "", "requested_by": { "by": "policy" }, "trigger": null },
                "survivors": [], "survivors_total": 0, "outcome": { "outcome": outcome, "reason": "one thing is left" },
                "residual_until": "2026-11-02T12:30:00Z", "started": "2026-11-02T12:00:00Z",
                "finished": "2026-11-02T12:00:00Z", "api_calls": 0, "login_to_verified_seconds": null,
                "evidence_head": null, "unchecked": null,
            }))
            .unwrap();
            let unchecked = Containment { unchecked: Some("no\u{1b}[1m sight".to_owned()), ..record.clone() };
            [outcome_words(&record), outcome_words(&unchecked)]
        };
        assert_eq!(words("contained")[0], "contained, residual until 12:30:00Z");
        assert_eq!(words("access_ended")[0], "access ended, can log in again, residual until 12:30:00Z");
        assert_eq!(
            words("session_ended")[0],
            "session ended, the user's own live on, residual until 12:30:00Z"
        );
        assert_eq!(words("not_contained")[0], "NOT contained: one thing is left");
        assert!(
            words("contained")[1].contains("could not be checked: no")
                && !words("contained")[1].contains('\u{1b}')
        );
    }
}
