//! The report: one HTML file that needs no network and no script, for people who must decide what to do.
//!
//! Everything that came from Salesforce is hostile text. It reaches the template only as [`shown::Shown`], which names
//! what steers or hides and cuts what is long; the template escapes it.

mod backtest;
mod card;
mod digest;
mod page;
mod shown;
mod timeline;
mod verdict;
mod wording;

pub use backtest::{BacktestRun, render_backtest};
pub use digest::{render_digest, watch_words};
pub(crate) use shown::Shown;
pub use timeline::{EventOutcome, Lane, TimelineEvent};

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use jiff::Timestamp;
use serde::Serialize;

use crate::containment::Containment;
use crate::detection::{Finding, FindingId};

/// Everything a report says.
#[derive(Debug, Clone)]
pub struct Report {
    /// The heading.
    pub title: String,
    /// The org, by alias or id.
    pub org: String,
    /// When the report was made.
    pub generated_at: Timestamp,
    /// What it rests on.
    pub source: ReportSource,
    /// The findings; they are shown by severity, then by time.
    pub findings: Vec<Finding>,
    /// What was done. A containment stands with the finding that asked for it, or with one about the same user; what
    /// belongs to none stands by itself.
    pub containments: Vec<Containment>,
    /// What happened around each finding, in any order.
    pub timelines: HashMap<FindingId, Vec<TimelineEvent>>,
    /// Detections that did not run.
    pub detections_off: Vec<DetectionOff>,
    /// What a drill expected and got; empty in a report on a real org.
    pub drill: Vec<DrillResult>,
}

/// What a report rests on.
#[derive(Debug, Clone, Default)]
pub struct ReportSource {
    /// What was read, for example `LoginHistory.csv`.
    pub what: String,
    /// Rows that could be used.
    pub rows: u64,
    /// The first and the last instant of those rows.
    pub period: Option<(Timestamp, Timestamp)>,
    /// Rows that could not be used.
    pub rejected: u64,
    /// The first of them, as sentences.
    pub rejected_first: Vec<String>,
}

/// A detection that did not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DetectionOff {
    /// Its id.
    pub id: String,
    /// Why, as a sentence.
    pub reason: String,
}

impl DetectionOff {
    /// The ids for each reason.
    pub fn by_reason(off: &[Self]) -> BTreeMap<&str, Vec<&str>> {
        let mut reasons = BTreeMap::<_, Vec<_>>::new();
        for one in off {
            reasons.entry(one.reason.as_str()).or_default().push(one.id.as_str());
        }
        reasons
    }
}

/// One expectation of a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillResult {
    /// What was played.
    pub name: String,
    /// What had to come of it.
    pub expected: String,
    /// What came of it.
    pub seen: String,
    /// Whether that is the same.
    pub verdict: DrillVerdict,
}

/// Whether an expectation was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrillVerdict {
    /// It was.
    Met,
    /// It was not.
    Missed,
}

/// A report that could not be put into HTML.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written as HTML: {0}")]
pub struct ReportError(#[from] askama::Error);

/// The report as one HTML file.
pub fn render(report: &Report) -> Result<String, ReportError> {
    Ok(page::Page::of(report).render()?)
}
