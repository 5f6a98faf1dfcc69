//! The review of some days: what was found and done, what waits, which sessions are older than the policy wants, and
//! whether the monitor ran without gaps. Made from what the store keeps; pure once that is read.

mod counts;
mod sessions;
mod watch;
mod words;

use jiff::Timestamp;
use serde::Serialize;

use crate::containment::{Containment, Stage, containments};
use crate::detection::Finding;
use crate::notice::{Answer, answers};
use crate::observation::OrgId;
use crate::policy::Review;
use crate::stages::{dismissals, findings, watched};
use crate::store::{Each, Store, StoreError};

pub use counts::{Case, Outcomes, Severities};
pub use sessions::{LongSession, OpenSessions};
pub use watch::{Pause, Watch};

/// The version of this shape.
const SCHEMA_VERSION: u32 = 1;

/// A review of one org over a span of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Digest {
    /// The shape's version.
    pub schema_version: u32,
    /// Which org.
    pub org_id: OrgId,
    /// Its first instant.
    pub from: Timestamp,
    /// The instant after its last.
    pub until: Timestamp,
    /// Findings that were raised or escalated in it, gravest severity first.
    pub findings: Vec<Severities>,
    /// What users have answered in it to "was this you?".
    pub answers: Vec<Answer>,
    /// What became of the containments that began in it.
    pub containments: Outcomes,
    /// Those that ended without success, whenever they began: they need a person.
    pub not_contained: Vec<Case>,
    /// Those that wait for people now.
    pub waiting: Vec<Case>,
    /// Live sessions that are older than the policy wants.
    pub open_sessions: OpenSessions,
    /// Whether the monitor ran.
    pub watch: Watch,
    /// How many records could not be read, so that the review goes without them.
    pub unreadable: usize,
}

/// Everything a digest is made of.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    findings: Vec<(Finding, bool)>,
    answers: Vec<Answer>,
    containments: Vec<Containment>,
    hours: Vec<crate::stages::WatchedHour>,
    unreadable: usize,
}

impl Kept {
    /// Reads what the store keeps about an org. A record that cannot be read hides no other, and is counted: a review that
    /// left it out would look like good news.
    ///
    /// # Errors
    /// The store's.
    pub async fn read(store: &dyn Store, org: &OrgId) -> Result<Self, StoreError> {
        let mut unreadable = 0;
        let dismissed = readable(dismissals(org).each(store).await?, &mut unreadable);
        let is_dismissed = |finding: &Finding| dismissed.iter().any(|dismissal| dismissal.answers(finding));
        let findings = readable(findings(org).each(store).await?, &mut unreadable).into_iter();
        let findings = findings.map(|finding| (is_dismissed(&finding), finding)).map(|(no, it)| (it, no));
        Ok(Self {
            findings: findings.collect(),
            answers: readable(answers(org).each(store).await?, &mut unreadable),
            containments: readable(containments(org).each(store).await?, &mut unreadable),
            hours: readable(watched(org).each(store).await?, &mut unreadable),
            unreadable,
        })
    }
}

fn readable<T>(each: Vec<Each<T>>, unreadable: &mut usize) -> Vec<T> {
    let read = each.into_iter().filter_map(|(_, kept)| {
        let told = |error: &StoreError| tracing::error!(error = %error, "the review goes without it");
        kept.inspect_err(told).inspect_err(|_| *unreadable += 1).ok()
    });
    read.map(|kept| kept.value).collect()
}

impl Digest {
    /// The review of `from` <= time < `until`.
    pub fn of(
        org: &OrgId,
        (from, until): (Timestamp, Timestamp),
        kept: &Kept,
        open_sessions: OpenSessions,
        review: &Review,
    ) -> Self {
        let is_within = |at: Timestamp| at >= from && at < until;
        let begun: Vec<_> = kept.containments.iter().filter(|record| is_within(record.started)).collect();
        let cases = |which: &dyn Fn(&&Containment) -> bool| {
            let mut cases: Vec<_> = kept.containments.iter().filter(which).map(Case::of).collect();
            cases.sort_by_key(|case| case.since);
            cases
        };
        let mut answered: Vec<_> =
            kept.answers.iter().filter(|answer| is_within(answer.at)).cloned().collect();
        answered.sort_by_key(|answer| answer.at);
        Self {
            schema_version: SCHEMA_VERSION,
            org_id: org.clone(),
            from,
            until,
            findings: Severities::of(kept.findings.iter().filter(|(it, _)| is_within(it.detected_at))),
            answers: answered,
            containments: Outcomes::of(&begun),
            not_contained: cases(&|record| record.is_not_contained() || record.stage == Stage::Acting),
            waiting: cases(&|record| record.stage == Stage::Waiting),
            open_sessions,
            watch: Watch::of(&kept.hours, (from, until), review.longest_pause),
            unreadable: kept.unreadable,
        }
    }

    /// The same with at most so many of what may be very many, the first of each.
    pub(crate) fn listing(mut self, most: usize) -> Self {
        self.answers.truncate(most);
        self.not_contained.truncate(most);
        self.waiting.truncate(most);
        self
    }

    /// Whether somebody has to do something.
    pub fn needs_attention(&self) -> bool {
        let sessions = matches!(&self.open_sessions, OpenSessions::Read { total, .. } if *total > 0);
        !self.not_contained.is_empty()
            || !self.waiting.is_empty()
            || sessions
            || !self.watch.is_whole()
            || self.unreadable > 0
            || self.findings.iter().any(|of_severity| of_severity.open > 0)
    }
}
