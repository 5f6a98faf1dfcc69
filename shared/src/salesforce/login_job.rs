//! A window of LoginHistory as one query job, in rows as a query's pages have them.

use super::client::Salesforce;
use super::error::SalesforceError;
use super::http::Body;
use super::login_lines::LoginLines;
use super::login_record::OBJECT;
use super::query::Page;
use super::query_job::{Job, Part};
use crate::observation::Login;

/// A job's results under reading.
pub(super) struct LoginJob {
    job: Job,
    /// The part under reading; `None` before the first.
    part: Option<UnderWay>,
    next: Option<String>,
    read: u64,
}

/// A part on its way.
struct UnderWay {
    body: Body,
    lines: LoginLines,
    /// Records that are still to come, where the org tells it.
    left: Option<u64>,
}

impl LoginJob {
    /// Runs the job; nothing of its results is read yet.
    pub(super) async fn run(salesforce: &Salesforce, soql: &str) -> Result<Self, SalesforceError> {
        let job = salesforce.run_job(OBJECT, soql).await?;
        Ok(Self { job, part: None, next: None, read: 0 })
    }

    /// The next rows, and what is left; `None` at the end.
    pub(super) async fn next(
        mut self,
        salesforce: &Salesforce,
    ) -> Result<Option<(Page<Login>, Self)>, SalesforceError> {
        loop {
            if let Some(part) = &mut self.part {
                let page = part.page().await?;
                self.read += page.came();
                if page.came() > 0 {
                    let page = Page { total: self.job.total.unwrap_or(self.read), ..page };
                    return Ok(Some((page, self)));
                }
                if let Some(missing) = part.left.filter(|left| *left > 0) {
                    return Err(self.incomplete(self.read + missing));
                }
                if self.next.is_none() {
                    salesforce.has_read(&self.job);
                    return self.check().map(|()| None);
                }
            }
            let Part { body, records, next } =
                salesforce.job_part(OBJECT, &self.job, self.next.as_deref()).await?;
            self.part = Some(UnderWay { body, lines: LoginLines::default(), left: records });
            self.next = next;
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

impl UnderWay {
    /// The next rows; none at the end.
    async fn page(&mut self) -> Result<Page<Login>, SalesforceError> {
        loop {
            let goes_on = self.body.read_on(&mut self.lines.come).await?;
            let Some((lines, columns)) = self.lines.take(goes_on)? else {
                if goes_on {
                    continue;
                }
                return Ok(Page::default());
            };
            let (columns, page) = columns.rows(&lines)?;
            self.lines.columns = columns;
            self.left = self.left.map(|left| left.saturating_sub(page.came()));
            if page.came() > 0 {
                return Ok(page);
            }
        }
    }
}
