//! Query jobs of Bulk API 2.0: a query's rows, made ready behind its back and given out in parts.

use crate::id::Id;
use crate::objects::Object;
use crate::soql::{CsvTemplate, Sequence};
use crate::switches::BulkJobs;
use jiff::Timestamp;
use std::sync::Arc;

/// How far a job is. What is asked for moves it on: it is under way when it is first asked about, and done the next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// `UploadComplete`: taken, and not begun.
    Taken,
    /// `InProgress`.
    UnderWay,
    /// `JobComplete`.
    Complete,
    /// `Failed`.
    Failed,
    /// `Aborted` by whoever made it.
    Aborted,
}

impl JobState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Taken => "UploadComplete",
            Self::UnderWay => "InProgress",
            Self::Complete => "JobComplete",
            Self::Failed => "Failed",
            Self::Aborted => "Aborted",
        }
    }

    pub(crate) fn is_over(self) -> bool {
        !matches!(self, Self::Taken | Self::UnderWay)
    }

    pub(crate) fn moved_on(self, jobs: BulkJobs) -> Self {
        match (self, jobs) {
            (Self::Taken, _) => Self::UnderWay,
            (Self::UnderWay, BulkJobs::Complete) => Self::Complete,
            (Self::UnderWay, BulkJobs::Fail) => Self::Failed,
            (over, _) => over,
        }
    }
}

/// A query's rows as they were when the job was made.
#[derive(Clone)]
pub(crate) struct QueryJob {
    pub(crate) id: Id,
    pub(crate) owner: Id,
    pub(crate) object: Object,
    pub(crate) operation: &'static str,
    pub(crate) line_ending: &'static str,
    /// Such as `67.0`.
    pub(crate) version: Arc<str>,
    pub(crate) created: Timestamp,
    pub(crate) state: JobState,
    pub(crate) template: Arc<CsvTemplate>,
    pub(crate) rows: Sequence,
    /// Whether its locators lead nowhere any more.
    pub(crate) locators: Locators,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locators {
    Good,
    Expired,
}

/// The jobs that are not deleted.
#[derive(Default)]
pub(crate) struct QueryJobs {
    pub(crate) kept: Vec<QueryJob>,
    /// How many were ever made.
    pub(crate) made: u64,
}

impl std::fmt::Debug for QueryJobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QueryJobs({} kept, {} made)", self.kept.len(), self.made)
    }
}

impl QueryJobs {
    pub(crate) fn next_id(&mut self) -> Id {
        self.made += 1;
        Id::new("750", self.made)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&QueryJob> {
        let id = Id::parse(id)?;
        self.kept.iter().find(|job| job.id == id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut QueryJob> {
        let id = Id::parse(id)?;
        self.kept.iter_mut().find(|job| job.id == id)
    }

    pub(crate) fn expire_locators(&mut self) {
        self.kept.iter_mut().for_each(|job| job.locators = Locators::Expired);
    }
}
