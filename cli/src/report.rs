//! Reports: what a command saw, gathered for the page that the shared crate draws.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::Containment;
use session_warden::detection::{Finding, FindingId};
use session_warden::observation::{Login, UserId};
use session_warden::report::{Report, TimelineEvent, render};

use crate::output;

/// How much of a user's life is drawn around a finding.
const AROUND: SignedDuration = SignedDuration::from_hours(12);
/// Logins drawn around one finding.
const DRAWN: usize = 60;

/// The logins around each finding, gathered while a history passes by.
pub(crate) struct Timelines<'a> {
    findings: &'a [Finding],
    by_user: HashMap<&'a UserId, Vec<usize>>,
    events: HashMap<FindingId, Vec<TimelineEvent>>,
}

impl<'a> Timelines<'a> {
    /// Timelines that begin with what was detected and done.
    pub(crate) fn of(findings: &'a [Finding], containments: &[Containment]) -> Self {
        let mut by_user: HashMap<_, Vec<_>> = HashMap::new();
        let mut events: HashMap<_, Vec<_>> = HashMap::new();
        for (number, finding) in findings.iter().enumerate() {
            for user in &finding.affected_users {
                by_user.entry(user).or_default().push(number);
            }
            let about = containments
                .iter()
                .filter(|c| finding.user_id.is_some() && c.request.target.user() == finding.user_id.as_ref());
            let events = events.entry(finding.finding_id.clone()).or_default();
            events.push(TimelineEvent::detection(finding));
            events.extend(about.flat_map(TimelineEvent::containment));
        }
        Self { findings, by_user, events }
    }

    /// Draws a login where it belongs to a finding or happened around one.
    pub(crate) fn see(&mut self, login: &Login) {
        let Some(numbers) = login.user_id.as_ref().and_then(|user| self.by_user.get(user)) else { return };
        for finding in numbers.iter().map(|number| &self.findings[*number]) {
            let began = finding.detections.iter().filter_map(|one| one.evidence.get("login")?.as_str());
            let is_evidence =
                finding.login_ids.contains(&login.id) || began.into_iter().any(|id| id == login.id.as_str());
            let is_near =
                login.time >= finding.first_seen - AROUND && login.time <= finding.last_seen + AROUND;
            let events = self.events.entry(finding.finding_id.clone()).or_default();
            if is_evidence || is_near && events.len() < DRAWN {
                events.push(TimelineEvent::login(login, is_evidence.then_some(finding.severity)));
            }
        }
    }

    /// The earliest instant that any timeline asks for.
    pub(crate) fn earliest(&self) -> Option<Timestamp> {
        self.findings.iter().map(|finding| finding.first_seen - AROUND).min()
    }

    /// What was gathered.
    pub(crate) fn gathered(self) -> HashMap<FindingId, Vec<TimelineEvent>> {
        self.events
    }
}

/// Draws a report and writes it.
pub(crate) fn write(path: &Path, report: &Report) -> anyhow::Result<()> {
    let page = render(report).context("Failed to draw the report")?;
    output::write_file(path, page.as_bytes())
}

/// The present, for a report.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}
