//! What stands on a timeline.

use jiff::Timestamp;

use crate::containment::{Containment, Outcome, StepKind, StepResult};
use crate::detection::{Finding, Severity};
use crate::observation::{Login, Session, Verification};

/// The row of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Attempts to log in.
    Login,
    /// Identity verifications.
    Verification,
    /// Live sessions.
    Session,
    /// What was detected.
    Detection,
    /// What was done.
    Containment,
}

/// Whether what was tried came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventOutcome {
    /// It did; drawn filled.
    Succeeded,
    /// It did not; drawn hollow.
    Failed,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEvent {
    /// When.
    pub at: Timestamp,
    /// In which row it stands.
    pub lane: Lane,
    /// What, in a few words.
    pub label: String,
    /// How bad; `None` for what is no sign of an attack.
    pub severity: Option<Severity>,
    /// Whether it came about.
    pub outcome: EventOutcome,
}

impl Lane {
    /// Every lane from top to bottom.
    pub(in crate::report) const ALL: [Self; 5] =
        [Self::Login, Self::Verification, Self::Session, Self::Detection, Self::Containment];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "Logins",
            Self::Verification => "Verifications",
            Self::Session => "Sessions",
            Self::Detection => "Detection",
            Self::Containment => "Response",
        }
    }
}

impl TimelineEvent {
    /// An attempt to log in: from where, and for a failure how it failed.
    pub fn login(login: &Login, severity: Option<Severity>) -> Self {
        let place = login.place.as_ref().map(|place| format!(" ({})", place.label())).unwrap_or_default();
        let from = format!("{}{place}", login.source);
        let (label, outcome) = if login.succeeded() {
            (from, EventOutcome::Succeeded)
        } else {
            (format!("{}, {from}", login.status), EventOutcome::Failed)
        };
        Self { at: login.time, lane: Lane::Login, label, severity, outcome }
    }

    /// An identity verification.
    pub fn verification(verification: &Verification, severity: Option<Severity>) -> Self {
        let succeeded = matches!(verification.status.as_str(), "Succeeded" | "AutomatedSuccess");
        Self {
            at: verification.time,
            lane: Lane::Verification,
            label: format!("{}: {}", verification.activity, verification.status),
            severity,
            outcome: if succeeded { EventOutcome::Succeeded } else { EventOutcome::Failed },
        }
    }

    /// The beginning of a session.
    pub fn session(session: &Session, severity: Option<Severity>) -> Self {
        let label = format!("{} session, {}", session.session_type, session.source);
        Self { at: session.created, lane: Lane::Session, label, severity, outcome: EventOutcome::Succeeded }
    }

    /// The instant at which a finding was raised.
    pub fn detection(finding: &Finding) -> Self {
        let title = finding.detections.first().map_or("Finding", |detected| detected.title.as_str());
        Self {
            at: finding.detected_at,
            lane: Lane::Detection,
            label: title.to_owned(),
            severity: Some(finding.severity),
            outcome: EventOutcome::Succeeded,
        }
    }

    /// Every step of a containment that was taken, and how it ended.
    pub fn containment(containment: &Containment) -> Vec<Self> {
        let event = |at, label, outcome| Self { at, lane: Lane::Containment, label, severity: None, outcome };
        let mut events: Vec<_> = containment
            .steps
            .iter()
            .filter_map(|step| {
                let (name, outcome) = match step.result {
                    StepResult::Planned | StepResult::Begun => return None,
                    StepResult::Done | StepResult::AlreadySo => {
                        (step_name(step.kind), EventOutcome::Succeeded)
                    }
                    StepResult::Failed { .. } => (failure_name(step.kind), EventOutcome::Failed),
                };
                Some(event(step.at, name.to_owned(), outcome))
            })
            .collect();
        let end = containment.finished.zip(containment.outcome.as_ref());
        events.extend(end.map(|(at, outcome)| match outcome {
            Outcome::Contained => event(at, "Contained, verified".to_owned(), EventOutcome::Succeeded),
            Outcome::SessionEnded => event(at, "Session ended, verified".to_owned(), EventOutcome::Succeeded),
            Outcome::AccessEnded => event(at, "Access ended, verified".to_owned(), EventOutcome::Succeeded),
            Outcome::NotContained { .. } => event(at, "NOT contained".to_owned(), EventOutcome::Failed),
            Outcome::Refused { .. } => event(at, "Refused".to_owned(), EventOutcome::Failed),
        }));
        events
    }
}

fn failure_name(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Freeze => "Freezing failed",
        StepKind::ResetPassword => "Resetting the password failed",
        StepKind::RevokeTokens => "Revoking tokens failed",
        StepKind::DeleteSessions => "Deleting sessions failed",
        StepKind::ForgetAddresses => "Forgetting addresses failed",
        StepKind::Reread => "Reading again failed",
        StepKind::Thaw => "Thawing failed",
    }
}

/// What an act is when it is done, for people.
fn step_name(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Freeze => "Account frozen",
        StepKind::ResetPassword => "Password made invalid",
        StepKind::RevokeTokens => "Refresh tokens revoked",
        StepKind::DeleteSessions => "Sessions deleted",
        StepKind::ForgetAddresses => "Trusted addresses forgotten",
        StepKind::Reread => "Read again",
        StepKind::Thaw => "Account thawed",
    }
}
