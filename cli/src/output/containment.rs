//! Containments, in words.

use session_warden::containment::{Containment, Outcome, Pending, StepKind, Survivor};

use super::harmless::harmless;

/// How a containment ended, in a few words.
pub(crate) fn outcome_words(containment: &Containment) -> String {
    if let Some(pending) = &containment.pending {
        return waiting_words(containment, pending);
    }
    match &containment.outcome {
        Some(Outcome::Contained) => match containment.residual_until {
            Some(until) => format!("contained, residual until {}", until.strftime("%H:%M:%SZ")),
            None => "contained".to_owned(),
        },
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
