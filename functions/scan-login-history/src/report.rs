//! What an invocation came to: its answer, and its one line in the log.

use jiff::Timestamp;
use serde::Serialize;
use session_warden::lambda::{Metrics, Unit};
use session_warden::observation::OrgId;
use session_warden::salesforce::{Ability, ApiBudget};
use session_warden::stages::Scanned;

use crate::request::ScanRequest;

/// The answer to the schedule: nobody reads it, but a person who invokes by hand does.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    org: OrgId,
    /// Whether another invocation is scanning this org, so that nothing was done here.
    busy: bool,
    /// Logins that were read.
    pub(crate) logins: u64,
    /// Logins that Salesforce showed only after their time had been read.
    late: u64,
    sessions: usize,
    tokens: usize,
    rejected: u64,
    read_until: Timestamp,
    /// Whether the present has been reached.
    pub(crate) caught_up: bool,
    /// What is needed and could not be seen.
    blind: Vec<String>,
    /// What is useful and could not be seen.
    unseen: Vec<String>,
    /// What the operator does without.
    off: Vec<&'static str>,
}

impl Report {
    pub(crate) fn of(scanned: Scanned) -> Self {
        Self {
            org: scanned.org,
            busy: false,
            logins: scanned.logins,
            late: scanned.late,
            sessions: scanned.sessions,
            tokens: scanned.tokens,
            rejected: scanned.rejected,
            read_until: scanned.read_until,
            caught_up: scanned.caught_up,
            blind: scanned.blind,
            unseen: scanned.unseen,
            off: scanned.off.into_iter().map(Ability::id).collect(),
        }
    }

    /// Nothing, because another scan of the org is under way.
    pub(crate) fn busy(org: OrgId, now: Timestamp) -> Self {
        tracing::info!(org.id = %org, "Another scan of this org is under way");
        Metrics::of_org(&org).count("Busy", 1).tell(now);
        Self {
            org,
            busy: true,
            logins: 0,
            late: 0,
            sessions: 0,
            tokens: 0,
            rejected: 0,
            read_until: now,
            caught_up: false,
            blind: Vec::new(),
            unseen: Vec::new(),
            off: Vec::new(),
        }
    }

    /// That nothing at all can be seen.
    pub(crate) fn tell_blind(org: &OrgId, now: Timestamp) {
        Metrics::of_org(org).count("Blind", 1).tell(now);
    }

    /// This step and the one after it.
    pub(crate) fn and(self, next: Self) -> Self {
        Self {
            logins: self.logins + next.logins,
            late: self.late + next.late,
            sessions: self.sessions + next.sessions,
            tokens: self.tokens + next.tokens,
            rejected: self.rejected + next.rejected,
            ..next
        }
    }

    pub(crate) fn tell(
        &self,
        request: &ScanRequest,
        budget: Option<ApiBudget>,
        began: Timestamp,
        now: Timestamp,
    ) {
        self.measure(budget, now);
        for sentence in &self.blind {
            tracing::error!(org.id = %self.org, error.type = "Blind", "{sentence}");
        }
        for sentence in &self.unseen {
            tracing::warn!(org.id = %self.org, "{sentence}");
        }
        tracing::info!(
            org.id = %self.org,
            schedule.time = %request.scheduled_time,
            schedule.execution = request.execution_id,
            schedule.attempt = request.attempt,
            scan.logins = self.logins,
            scan.late = self.late,
            scan.sessions = self.sessions,
            scan.tokens = self.tokens,
            scan.rejected = self.rejected,
            scan.caught_up = self.caught_up,
            scan.lag_seconds = now.duration_since(self.read_until).as_secs(),
            duration_ms = now.duration_since(began).as_millis() as u64,
            "Scanned the login history"
        );
    }

    fn measure(&self, budget: Option<ApiBudget>, now: Timestamp) {
        let lag = now.duration_since(self.read_until).as_secs_f64();
        let metrics = Metrics::of_org(&self.org)
            .count_always("LoginsScanned", self.logins as usize)
            .count("RowsRejected", self.rejected as usize)
            .count_always("Blind", usize::from(!self.blind.is_empty()))
            .with("LagSeconds", Unit::Seconds, lag.max(0.0));
        let left = |budget: ApiBudget| {
            let left = budget.allowed.saturating_sub(budget.used);
            left as f64 * 100.0 / budget.allowed.max(1) as f64
        };
        match budget.map(left) {
            Some(left) => metrics.with("ApiCallsLeftPercent", Unit::Percent, left),
            None => metrics,
        }
        .tell(now);
    }
}
