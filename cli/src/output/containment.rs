//! Containments, in words.

use session_warden::containment::{Containment, Outcome, StepKind, Survivor};

use super::harmless::harmless;

/// How a containment ended, in a few words.
pub(crate) fn outcome_words(containment: &Containment) -> String {
    match &containment.outcome {
        Some(Outcome::Contained) => match containment.residual_until {
            Some(until) => format!("contained, residual until {}", until.strftime("%H:%M:%SZ")),
            None => "contained".to_owned(),
        },
        Some(Outcome::AccessEnded) => "access ended, can log in again".to_owned(),
        Some(Outcome::NotContained { reason }) => format!("NOT contained: {}", harmless(reason)),
        Some(Outcome::Refused { refusals }) => {
            let reasons: Vec<_> = refusals.iter().map(|refusal| harmless(&refusal.reason)).collect();
            format!("nothing done: {}", reasons.join("; "))
        }
        None => "not finished".to_owned(),
    }
}

/// An act, in words.
pub(crate) fn step_words(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Freeze => "freeze the account",
        StepKind::RevokeTokens => "revoke refresh tokens",
        StepKind::DeleteSessions => "delete sessions",
        StepKind::Reread => "read again",
    }
}

/// What is left, in words.
pub(crate) fn survivor_words(survivor: &Survivor) -> String {
    match survivor {
        Survivor::Session { id, reason } => format!("session {id}: {}", harmless(reason)),
        Survivor::Token { app_name, reason, .. } => {
            format!("token of {}: {}", harmless(app_name), harmless(reason))
        }
        Survivor::Unfrozen { reason } => format!("the account is not frozen: {}", harmless(reason)),
    }
}
