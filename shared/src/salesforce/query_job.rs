//! Queries that run as jobs of Bulk API 2.0: made, waited for, read part by part, deleted. Of a long history a part is five
//! pages, so that it takes fewer of the org's API calls. Source: Bulk API 2.0 and Bulk API Developer Guide, "Query Jobs".
//!
//! For which objects there are jobs is not documented in full, and an org may refuse them: whoever runs one can do without.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::{Call, Salesforce};
use super::error::SalesforceError;
use super::http::{Answer, cut_off};
use super::query::parse;
use super::refusal::printable;
use super::soql::is_record_id;

/// Records of one part: some 3.5 MB of login history, which is held while it is read.
const RECORDS: u64 = 10_000;
/// A job is first looked at after this time, then after pauses that double up to the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// How long a job is waited for; in this time the pages of fifty thousand rows are read.
const PATIENCE: Duration = Duration::from_secs(30);

/// A job whose results can be read.
pub(super) struct Job {
    id: String,
    /// Records of all parts, where the org tells it.
    pub(super) total: Option<u64>,
}

/// A part of a job's results.
pub(super) struct Part {
    /// CSV with a line of names.
    pub(super) body: Vec<u8>,
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
        self.open_jobs().insert(job.id.clone());
        let id = job.id.clone();
        let outcome = self.awaited(object, job).await;
        if outcome.is_err() {
            self.abort(object, &id).await;
            self.discard(object, &id).await;
        }
        outcome
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
        self.send_and_look(&call, |answer| part(object, answer)).await
    }

    /// Takes a job that is over from the org, with its results, which else lie there for a week. That it may fail changes nothing.
    pub(super) async fn discard_job(&self, object: &'static str, job: &Job) {
        self.discard(object, &job.id).await;
    }

    /// Takes from the org what jobs were made and not read to their end: whoever read them has stopped.
    pub(crate) async fn discard_open_jobs(&self) {
        let object = "query job";
        let open = std::mem::take(&mut *self.open_jobs());
        for id in open {
            self.abort(object, &id).await;
            self.discard(object, &id).await;
        }
    }

    fn open_jobs(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.open_jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn discard(&self, object: &'static str, id: &str) {
        self.open_jobs().remove(id);
        self.try_once(Call { method: Method::DELETE, ..Call::get(object, self.job_path(id)) }).await;
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

/// A part whose body has fewer lines than it should have records was cut off on its way.
fn part(object: &str, answer: Answer) -> Result<Part, SalesforceError> {
    let Answer { body, records, locator, .. } = answer;
    let lines = body.split(|byte| *byte == b'\n').count() as u64 - 1;
    let ends = lines + u64::from(body.ends_with(b"\""));
    if body.is_empty() || records.is_some_and(|records| ends <= records) {
        return Err(cut_off(object));
    }
    Ok(Part { body, records, next: locator.filter(|locator| locator != "null") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str, records: u64) -> Answer {
        let (records, locator) = (Some(records), Some("null".to_owned()));
        Answer { body: body.into(), records, locator, ..Answer::default() }
    }

    #[test]
    fn a_part_that_was_cut_off_is_told_from_one_that_is_whole() {
        for whole in ["\"Id\"\n\"1\"\n", "\"Id\"\n\"1\"", "\"Id\"\n\"a\nb\"\n"] {
            assert!(part("x", answer(whole, 1)).unwrap().next.is_none(), "{whole:?}");
        }
        for cut in ["", "\"Id\"\n", "\"Id\"\n\"1", "\"Id"] {
            assert!(part("x", answer(cut, 1)).is_err_and(|error| error.is_passing()), "{cut:?}");
        }
    }

    #[test]
    fn only_a_record_id_stands_in_a_path() {
        let told = |id: &str| info("x", json!({ "id": id, "state": "InProgress" }).to_string().as_bytes());
        assert!(told("7505g00000AbCdEAAV").is_ok());
        assert!(told("../../oauth2/revoke").is_err());
    }
}
