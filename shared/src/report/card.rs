//! One finding, with everything that is said of it.

use jiff::{SignedDuration, Timestamp};

use super::Report;
use super::shown::Shown;
use super::timeline::{Drawing, Format, TimelineEvent};
use super::verdict::Verdict;
use super::wording::{civil, count, duration, fact_name, fact_value, instant};
use crate::containment::{Containment, FrozenBy, RequestedBy, Step, StepKind, StepResult, Survivor};
use crate::detection::{Detected, Finding, SubjectKind};

/// Events of one timeline that are listed as text.
const LISTED: usize = 200;
/// Events of one timeline that are drawn.
const DRAWN: usize = 2_000;

pub(super) struct Card {
    pub(super) id: Shown,
    pub(super) anchor: String,
    pub(super) severity: &'static str,
    pub(super) score: String,
    pub(super) subject: Shown,
    pub(super) kind: &'static str,
    pub(super) verdict: &'static str,
    pub(super) words: Shown,
    pub(super) titles: Vec<Shown>,
    pub(super) first_seen: String,
    pub(super) last_seen: String,
    pub(super) lasted: String,
    pub(super) detected_at: String,
    pub(super) sources: Vec<Shown>,
    pub(super) users: String,
    pub(super) explanation: Vec<Shown>,
    pub(super) detections: Vec<DetectedView>,
    pub(super) containments: Vec<ContainmentView>,
    pub(super) drawings: Vec<Drawing>,
    pub(super) events: Vec<EventView>,
    pub(super) more_events: usize,
}

pub(super) struct DetectedView {
    pub(super) id: Shown,
    pub(super) title: Shown,
    pub(super) severity: &'static str,
    pub(super) mitre: Vec<Shown>,
    pub(super) facts: Vec<(Shown, Shown)>,
}

pub(super) struct ContainmentView {
    said: Said,
    pub(super) verdict: &'static str,
    pub(super) words: Shown,
    pub(super) whom: Shown,
    pub(super) reason: Shown,
    pub(super) asked_by: Shown,
    pub(super) started: String,
    pub(super) took: String,
    pub(super) api_calls: u64,
    pub(super) steps: Vec<StepView>,
    pub(super) survivors: Vec<Shown>,
    pub(super) more_survivors: usize,
    pub(super) warnings: Vec<Shown>,
    pub(super) residual: String,
    pub(super) evidence_head: Shown,
}

/// Whether the words about a containment stand above it already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Already,
    NotYet,
}

pub(super) struct StepView {
    pub(super) name: &'static str,
    pub(super) targets: usize,
    pub(super) class: &'static str,
    pub(super) result: Shown,
    pub(super) at: String,
}

pub(super) struct EventView {
    pub(super) at: String,
    pub(super) lane: &'static str,
    pub(super) label: Shown,
}

impl Card {
    pub(super) fn of(
        finding: &Finding,
        number: usize,
        verdict: &Verdict,
        report: &Report,
        own: &[&Containment],
    ) -> Self {
        let mut events = report.timelines.get(&finding.finding_id).cloned().unwrap_or_default();
        events.sort_by_key(|event| (event.at, event.lane));
        let said = if own.len() == 1 { Said::Already } else { Said::NotYet };
        Self {
            id: Shown::of(finding.finding_id.as_str()),
            anchor: format!("finding-{number}"),
            severity: finding.severity.name(),
            score: format!("{:.0}", finding.score),
            subject: subject(finding),
            kind: kind(finding.subject.kind),
            verdict: verdict.kind.class(),
            words: Shown::of(&verdict.words),
            titles: finding.detections.iter().map(|detected| Shown::of(&detected.title)).collect(),
            first_seen: civil(finding.first_seen),
            last_seen: civil(finding.last_seen),
            lasted: lasted(finding.first_seen, finding.last_seen),
            detected_at: civil(finding.detected_at),
            sources: sources(finding),
            users: count(finding.totals.affected_users as u64, "account", "accounts"),
            explanation: finding.explanation.iter().map(Shown::of).collect(),
            detections: finding.detections.iter().map(DetectedView::of).collect(),
            containments: own
                .iter()
                .map(|containment| ContainmentView::of(containment, said, report.generated_at))
                .collect(),
            drawings: drawings(&events),
            more_events: events.len().saturating_sub(LISTED),
            events: events.iter().take(LISTED).map(EventView::of).collect(),
        }
    }
}

fn drawings(events: &[TimelineEvent]) -> Vec<Drawing> {
    let events = &events[..events.len().min(DRAWN)];
    [Format::Wide, Format::Narrow].into_iter().filter_map(|format| Drawing::of(events, format)).collect()
}

pub(super) fn subject(finding: &Finding) -> Shown {
    let (name, id) = (&finding.subject.name, &finding.subject.id);
    Shown::of(if name.is_empty() { id } else { name })
}

fn kind(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::User => "User",
        SubjectKind::Network => "Network",
        SubjectKind::Application => "Application",
        SubjectKind::Org => "Org",
    }
}

fn lasted(first: Timestamp, last: Timestamp) -> String {
    let length = last.duration_since(first);
    if length.is_zero() { String::new() } else { format!("over {}", duration(length)) }
}

/// Addresses and places that the evidence names, each once.
pub(super) fn sources(finding: &Finding) -> Vec<Shown> {
    const NAMES: [&str; 6] =
        ["source", "to", "login_source", "session_source", "threat_source", "registered_from"];
    let mut sources: Vec<Shown> = Vec::new();
    for name in NAMES {
        for detected in &finding.detections {
            let value = detected.evidence.get(name).map(fact_value).filter(|value| !value.is_empty());
            sources.extend(value.filter(|value| !sources.contains(value)));
        }
    }
    sources
}

impl DetectedView {
    fn of(detected: &Detected) -> Self {
        let facts = detected.evidence.iter();
        Self {
            id: Shown::of(&detected.id),
            title: Shown::of(&detected.title),
            severity: detected.severity.name(),
            mitre: detected.mitre.iter().map(Shown::of).collect(),
            facts: facts.map(|(name, value)| (fact_name(name), fact_value(value))).collect(),
        }
    }
}

impl ContainmentView {
    pub(super) fn of(containment: &Containment, said: Said, now: Timestamp) -> Self {
        let verdict = Verdict::of_containment(containment);
        let (request, impact) = (&containment.request, &containment.impact);
        let username = impact.username.as_str();
        Self {
            said,
            verdict: verdict.kind.class(),
            words: Shown::of(verdict.words),
            whom: if username.is_empty() { Shown::of(request.target.name()) } else { Shown::of(username) },
            reason: Shown::of(&request.reason),
            asked_by: Shown::of(match &request.requested_by {
                RequestedBy::Policy => "the policy",
                RequestedBy::Person { name } | RequestedBy::Event { name } => name,
                RequestedBy::Watch => "the watch",
            }),
            started: civil(containment.started),
            took: containment
                .login_to_verified_seconds
                .map(SignedDuration::from_secs)
                .map(duration)
                .unwrap_or_default(),
            api_calls: containment.api_calls,
            steps: containment.steps.iter().map(StepView::of).collect(),
            survivors: containment.survivors.iter().map(survivor).collect(),
            more_survivors: containment.survivors_total.saturating_sub(containment.survivors.len()),
            warnings: impact
                .unread
                .iter()
                .chain(&impact.irreversible)
                .chain(&impact.warnings)
                .map(Shown::of)
                .chain(containment.frozen_by_others.iter().map(frozen))
                .chain(containment.unchecked.iter().map(not_checked))
                .collect(),
            residual: containment.residual_until.map(|until| residual(until, now)).unwrap_or_default(),
            evidence_head: Shown::of(containment.evidence_head.as_deref().unwrap_or_default()),
        }
    }
}

impl ContainmentView {
    /// Whether its own words are to be shown.
    pub(super) fn is_to_be_said(&self) -> bool {
        self.said == Said::NotYet
    }
}

fn frozen(by: &FrozenBy) -> Shown {
    Shown::of(format!("{} has frozen the account since.", by.name()))
}

fn not_checked(reason: &String) -> Shown {
    Shown::of(format!("Whether access has come back could not be checked: {reason}"))
}

fn residual(until: Timestamp, now: Timestamp) -> String {
    if until > now {
        format!("An access token that was already out may still work until {}.", instant(until))
    } else {
        format!(
            "An access token that was already out could work until {}; that time has passed.",
            instant(until)
        )
    }
}

impl StepView {
    fn of(step: &Step) -> Self {
        let (class, result) = match &step.result {
            StepResult::Planned => ("planned", "not done".to_owned()),
            StepResult::Begun => ("failed", "begun, the end is not known".to_owned()),
            StepResult::Done => ("done", "done".to_owned()),
            StepResult::AlreadySo => ("done", "was so already".to_owned()),
            StepResult::Failed { reason } => ("failed", format!("FAILED: {reason}")),
        };
        let (name, at) = (act_name(step.kind), step.at.strftime("%H:%M:%S").to_string());
        Self { name, targets: step.targets, class, result: Shown::of(result), at }
    }
}

/// A table says beside it what became of an act.
fn act_name(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Freeze => "Freeze the account",
        StepKind::ResetPassword => "Make the password invalid",
        StepKind::RevokeTokens => "Revoke refresh tokens",
        StepKind::DeleteSessions => "Delete sessions",
        StepKind::ForgetAddresses => "Forget trusted addresses",
        StepKind::Reread => "Read again",
        StepKind::Thaw => "Thaw the account",
    }
}

fn survivor(survivor: &Survivor) -> Shown {
    Shown::of(match survivor {
        Survivor::Session { id, reason } => format!("Session {id}: {reason}"),
        Survivor::Token { app_name, reason, .. } => format!("Refresh token of {app_name}: {reason}"),
        Survivor::Password { reason } => format!("The password is the old one: {reason}"),
        Survivor::Address { address, reason } => format!("Trusted address {address}: {reason}"),
        Survivor::Unfrozen { reason } => format!("The account is not frozen: {reason}"),
    })
}

impl EventView {
    fn of(event: &TimelineEvent) -> Self {
        Self { at: civil(event.at), lane: event.lane.name(), label: Shown::of(&event.label) }
    }
}
