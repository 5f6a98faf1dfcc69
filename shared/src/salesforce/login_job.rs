//! A window of LoginHistory as one query job, in rows as a query's pages have them.

use super::client::Salesforce;
use super::error::SalesforceError;
use super::http::cut_off;
use super::login_lines::LoginLines;
use super::login_record::OBJECT;
use super::query::Page;
use super::query_job::{Job, Part};
use crate::observation::Login;

/// A job's results under reading.
pub(super) struct LoginJob {
    job: Job,
    /// What is left of the part under reading; `None` before the first.
    lines: Option<LoginLines>,
    /// Records that the part under reading still has, where the org tells it.
    left_of_part: Option<u64>,
    next: Option<String>,
    read: u64,
}

impl LoginJob {
    /// Runs the job; nothing of its results is read yet.
    pub(super) async fn run(salesforce: &Salesforce, soql: &str) -> Result<Self, SalesforceError> {
        let job = salesforce.run_job(OBJECT, soql).await?;
        Ok(Self { job, lines: None, left_of_part: None, next: None, read: 0 })
    }

    /// The next rows, and what is left; `None` at the end. Afterwards, and after an error, the job is gone.
    pub(super) async fn next(
        mut self,
        salesforce: &Salesforce,
    ) -> Result<Option<(Page<Login>, Self)>, SalesforceError> {
        match self.page(salesforce).await {
            Ok(Some(page)) => Ok(Some((page, self))),
            ended => {
                salesforce.discard_job(OBJECT, &self.job).await;
                ended.map(|_| None)
            }
        }
    }

    async fn page(&mut self, salesforce: &Salesforce) -> Result<Option<Page<Login>>, SalesforceError> {
        loop {
            if let Some(lines) = self.lines.take() {
                let (lines, page) = read_aside(lines).await?;
                self.lines = Some(lines);
                self.read += page.came();
                self.left_of_part = self.left_of_part.map(|left| left.saturating_sub(page.came()));
                if page.came() > 0 {
                    return Ok(Some(Page { total: self.job.total.unwrap_or(self.read), ..page }));
                }
                if let Some(missing) = self.left_of_part.filter(|left| *left > 0) {
                    return Err(self.incomplete(self.read + missing));
                }
                if self.next.is_none() {
                    return self.check().map(|()| None);
                }
            }
            let locator = self.next.take();
            let Part { body, records, next } =
                salesforce.job_part(OBJECT, &self.job, locator.as_deref()).await?;
            (self.lines, self.left_of_part, self.next) = (Some(LoginLines::of(body)?), records, next);
        }
    }

    fn check(&self) -> Result<(), SalesforceError> {
        match self.job.total {
            Some(total) if self.read < total => Err(self.incomplete(total)),
            _ => Ok(()),
        }
    }

    fn incomplete(&self, expected: u64) -> SalesforceError {
        SalesforceError::Incomplete { object: OBJECT.to_owned(), expected, read: self.read }
    }
}

/// Makes rows of lines on a thread of their own, so that two jobs' parts are read at the same time and answers come in meanwhile.
async fn read_aside(mut lines: LoginLines) -> Result<(LoginLines, Page<Login>), SalesforceError> {
    let read = tokio::task::spawn_blocking(move || lines.page().map(|page| (lines, page)));
    read.await.unwrap_or_else(|failed| match failed.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The runtime is ending.
        Err(_) => Err(cut_off(OBJECT)),
    })
}
