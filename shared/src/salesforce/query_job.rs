//! Queries that run as jobs of Bulk API 2.0: made, waited for, read as their results come, deleted. A part of a long history is worth
//! many pages, so that it takes fewer of the org's API calls. Source: Bulk API 2.0 and Bulk API Developer Guide, "Query Jobs".
//!
//! For which objects there are jobs is not documented in full, and an org may refuse them: whoever runs one can do without.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use futures::{StreamExt, stream};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::{Call, Salesforce};
use super::error::SalesforceError;
use super::http::Body;
use super::query::parse;
use super::refusal::printable;
use super::soql::is_record_id;

/// Records of one part: more than a job of the usual size has. It is not held while it is read.
const RECORDS: u64 = 100_000;
/// A job is first looked at after this time, then after pauses that double up to the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// What a job is to people, where it is not about its object.
const JOB: &str = "query job";
/// How long a job is waited for; in this time the pages of fifty thousand rows are read.
const PATIENCE: Duration = Duration::from_secs(30);

/// A job whose results can be read.
pub(super) struct Job {
    id: String,
    /// Records of all parts, where the org tells it.
    pub(super) total: Option<u64>,
}

/// What has become of a job that still lies in the org.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// It may still run.
    UnderWay,
    /// Its results were read.
    Read,
}

/// A part of a job's results.
pub(super) struct Part {
    /// CSV with a line of names.
    pub(super) body: Body,
    /// How many records it holds, where the org tells it.
    pub(super) records: Option<u64>,
    /// Where the next part begins; `None` at the end.
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    id: String,
    state: String,
    #[serde(default)]
    number_records_processed: Option<u64>,
    #[serde(default)]
    error_message: Option<String>,
}

impl Salesforce {
    /// Whether the org is worth asking for a job: it has not refused one, let one fail or been too slow with one.
    pub fn runs_jobs(&self) -> bool {
        !self.without_jobs.load(Relaxed)
    }

    /// Makes a job of a query and waits until its results can be read, at most half a minute.
    ///
    /// # Errors
    /// What keeps the job from being run; where that is not about this query alone, no job is worth asking for any more.
    pub(super) async fn run_job(&self, object: &'static str, soql: &str) -> Result<Job, SalesforceError> {
        let outcome = self.make_and_await(object, soql).await;
        if let Err(error) = &outcome
            && is_about_jobs(error)
        {
            tracing::info!(object, error = %error, "this org runs no such jobs; its pages are read");
            self.without_jobs.store(true, Relaxed);
        }
        outcome
    }

    async fn make_and_await(&self, object: &'static str, soql: &str) -> Result<Job, SalesforceError> {
        let body = Some(json!({ "operation": "query", "query": soql }));
        let call = Call { method: Method::POST, body, ..Call::get(object, self.path("jobs/query")) };
        let job = self.send_and_read(&call, |body| info(object, &body)).await?;
        self.open_jobs().insert(job.id.clone(), Left::UnderWay);
        self.awaited(object, job).await
    }

    async fn awaited(&self, object: &'static str, mut job: Info) -> Result<Job, SalesforceError> {
        let (mut pause, mut waited) = (FIRST_PAUSE, Duration::ZERO);
        while job.state != "JobComplete" {
            if matches!(job.state.as_str(), "Failed" | "Aborted") {
                return Err(failed(object, &job));
            }
            if waited >= PATIENCE {
                tracing::info!(object, "this org's jobs take too long; its pages are read");
                self.without_jobs.store(true, Relaxed);
                return Err(SalesforceError::TimedOut {
                    object: object.to_owned(),
                    seconds: PATIENCE.as_secs(),
                });
            }
            tokio::time::sleep(pause).await;
            waited += pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let look = Call::get(object, self.job_path(&job.id));
            job = self.send_and_read(&look, |body| info(object, &body)).await?;
        }
        Ok(Job { id: job.id, total: job.number_records_processed })
    }

    /// The part of a job's results that begins at `locator`.
    pub(super) async fn job_part(
        &self,
        object: &'static str,
        job: &Job,
        locator: Option<&str>,
    ) -> Result<Part, SalesforceError> {
        let begin = locator.map(|locator| ("locator", locator.to_owned()));
        let query = [("maxRecords", RECORDS.to_string())].into_iter().chain(begin).collect();
        let path = self.job_path(&job.id) + "/results";
        let call = Call { query, accept: "text/csv", ..Call::get(object, path) };
        let (head, body) = self.send_and_begin(&call).await?;
        Ok(Part { body, records: head.records, next: head.locator.filter(|locator| locator != "null") })
    }

    /// Notes that a job's results were read.
    pub(super) fn has_read(&self, job: &Job) {
        self.open_jobs().insert(job.id.clone(), Left::Read);
    }

    /// Takes from the org what jobs were made, with their results, which else lie there for a week. No reading waits for it, and that it
    /// may fail changes nothing.
    pub(crate) async fn discard_open_jobs(&self) {
        let left = self.open_jobs().clone();
        let discard = async |(id, left): (String, Left)| {
            if left == Left::UnderWay {
                self.abort(JOB, &id).await;
            }
            self.try_once(Call { method: Method::DELETE, ..Call::get(JOB, self.job_path(&id)) }).await;
            self.open_jobs().remove(&id);
        };
        stream::iter(left).for_each_concurrent(self.lanes(), discard).await;
    }

    fn open_jobs(&self) -> MutexGuard<'_, BTreeMap<String, Left>> {
        self.open_jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn abort(&self, object: &'static str, id: &str) {
        let body = Some(json!({ "state": "Aborted" }));
        self.try_once(Call { method: Method::PATCH, body, ..Call::get(object, self.job_path(id)) }).await;
    }

    async fn try_once(&self, call: Call) {
        let outcome = async { self.attempt_alone(&call, &*self.grant().await?).await }.await;
        if let Err(error) = outcome {
            tracing::debug!(error = %error, "a job is left to the org");
        }
    }

    fn job_path(&self, id: &str) -> String {
        self.path(&format!("jobs/query/{id}"))
    }
}

/// Whether it says that this org, or this identity, does without jobs. An unknown field is the query's fault.
fn is_about_jobs(error: &SalesforceError) -> bool {
    error.is_refusal() && error.code() != Some("INVALID_FIELD")
}

fn info(object: &'static str, body: &[u8]) -> Result<Info, SalesforceError> {
    let info: Info = parse(object, body)?;
    if is_record_id(&info.id) {
        return Ok(info);
    }
    let reason = format!("a job's id is no record id: `{}`", printable(&info.id, 40));
    Err(SalesforceError::UnexpectedAnswer { object: object.to_owned(), status: 200, reason })
}

fn failed(object: &str, job: &Info) -> SalesforceError {
    let (code, message) =
        (format!("the job is {}", job.state), job.error_message.as_deref().unwrap_or_default());
    SalesforceError::Api { object: object.to_owned(), code, message: printable(message, 400), status: 200 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_record_id_stands_in_a_path() {
        let told = |id: &str| info("x", json!({ "id": id, "state": "InProgress" }).to_string().as_bytes());
        assert!(told("7505g00000AbCdEAAV").is_ok());
        assert!(told("../../oauth2/revoke").is_err());
    }
}
