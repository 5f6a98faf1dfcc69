//! Reading a window of LoginHistory to its end, whatever breaks on the way.
//!
//! Rows come ordered by LoginTime and Id. Where a query breaks for good the next one begins in the second of the last
//! row that came, and rows of that second that came already are left out: none is lost and none comes twice, however
//! many share a second. So it is where a query job breaks, from which on pages are read.

use std::collections::HashSet;
use std::sync::atomic::Ordering::Relaxed;

use jiff::{SignedDuration, Timestamp};

use super::client::Salesforce;
use super::datetime::literal;
use super::error::SalesforceError;
use super::login_job::LoginJob;
use super::login_record::{OBJECT, WANTED, login};
use super::query::{Cursor, Page};
use super::soql::quote;
use crate::observation::{Login, UserId};

/// How often a query is begun anew without having given a new row.
const SETBACKS: u32 = 3;
/// Nothing narrower can be asked for: LoginTime has whole seconds.
const NARROWEST: SignedDuration = SignedDuration::from_secs(1);

/// How rows are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Page by page.
    Pages,
    /// By a query job of Bulk API 2.0.
    Job,
}

/// A query under way.
enum UnderWay {
    Pages(Cursor),
    /// A job that is not made yet.
    ToRun(String),
    Job(Box<LoginJob>),
}

/// A window under reading.
pub(super) struct Reading {
    from: Timestamp,
    until: Timestamp,
    /// Whose logins; everyone's where nobody is named.
    user: Option<UserId>,
    /// What the query under way asks for: from the second of the last row, or the end of the part before.
    part: (Timestamp, Timestamp),
    /// How much one query asks for.
    width: SignedDuration,
    way: Way,
    /// `None` before the query is sent.
    under_way: Option<UnderWay>,
    /// The ids that came from the second in which the next query would begin.
    came_last: HashSet<String>,
    /// Rows that came, readable or not.
    came: u64,
    setbacks: u32,
    /// Whether a query gave fewer rows than it counted.
    fell_short: bool,
}

impl Reading {
    pub(super) fn of(from: Timestamp, until: Timestamp) -> Self {
        Self {
            from,
            until,
            user: None,
            part: (from, until),
            width: until.duration_since(from),
            way: Way::Pages,
            under_way: None,
            came_last: HashSet::new(),
            came: 0,
            setbacks: 0,
            fell_short: false,
        }
    }

    /// Of one user alone.
    pub(super) fn by(self, user: &UserId) -> Self {
        Self { user: Some(user.clone()), ..self }
    }

    /// By whichever way, as far as the org lets it.
    pub(super) fn going(self, way: Way) -> Self {
        Self { way, ..self }
    }

    /// Runs the job whose results are read next. A window whose job cannot be run is read by pages.
    ///
    /// # Errors
    /// What pages would meet, too.
    pub(super) async fn with_job_run(mut self, salesforce: &Salesforce) -> Result<Self, SalesforceError> {
        let Ok(fields) = salesforce.fields(&WANTED).await else { return Ok(self) };
        if let UnderWay::ToRun(soql) = self.begin(&fields, salesforce) {
            match LoginJob::run(salesforce, &soql).await {
                Ok(job) => self.under_way = Some(UnderWay::Job(Box::new(job))),
                Err(error) => self.leave_job(error)?,
            }
        }
        Ok(self)
    }

    /// The next page with rows that did not come before, and what is left to read; `None` at the end.
    pub(super) async fn next(
        mut self,
        salesforce: &Salesforce,
    ) -> Result<Option<(Page<Login>, Self)>, SalesforceError> {
        loop {
            let (under_way, asked) = match self.under_way.take() {
                Some(under_way) => (under_way, None),
                None => match salesforce.fields(&WANTED).await {
                    Ok(fields) => (self.begin(&fields, salesforce), Some(fields)),
                    Err(error) => {
                        self.recover(error, true)?;
                        continue;
                    }
                },
            };
            match under_way.next(salesforce).await {
                Ok(Some((page, under_way))) => {
                    self.in_order(&page, salesforce)?;
                    self.under_way = Some(under_way);
                    return Ok(Some((self.receive(page), self)));
                }
                Ok(None) if self.begin_next_part() => {}
                Ok(None) => return self.check(salesforce).await.map(|()| None),
                Err(error) if self.way == Way::Job => self.leave_job(error)?,
                Err(error) => match asked {
                    Some(fields) if error.code() == Some("INVALID_FIELD") => {
                        salesforce.leave_out(&WANTED, &fields, error)?;
                    }
                    asked => self.recover(error, asked.is_some())?,
                },
            }
        }
    }

    fn begin(&mut self, fields: &[&str], salesforce: &Salesforce) -> UnderWay {
        let query = self.query(fields);
        if self.way == Way::Job && salesforce.runs_jobs() {
            return UnderWay::ToRun(query);
        }
        self.way = Way::Pages;
        UnderWay::Pages(Cursor::Start(query))
    }

    /// Goes on page by page from the last row that came, unless that would meet the same.
    fn leave_job(&mut self, error: SalesforceError) -> Result<(), SalesforceError> {
        match error {
            SalesforceError::NotAuthorised { .. }
            | SalesforceError::RequestLimit { .. }
            | SalesforceError::ReserveReached { .. } => Err(error),
            error => {
                tracing::warn!(error = %error, from = %self.part.0, until = %self.part.1, "reading on page by page");
                self.fell_short |= matches!(error, SalesforceError::Incomplete { .. });
                self.way = Way::Pages;
                Ok(())
            }
        }
    }

    /// Nobody could go on after the last row of a job that does not give its rows in the order that was asked for.
    fn in_order(&self, page: &Page<Login>, salesforce: &Salesforce) -> Result<(), SalesforceError> {
        let goes_on = page.rows.first().is_none_or(|first| first.time >= whole_second(self.part.0));
        if self.way == Way::Pages || goes_on && page.rows.is_sorted_by_key(|login| login.time) {
            return Ok(());
        }
        salesforce.without_jobs.store(true, Relaxed);
        let reason = "a job's rows are not in the order of LoginTime".to_owned();
        Err(SalesforceError::UnexpectedAnswer { object: OBJECT.to_owned(), status: 200, reason })
    }

    /// Only LoginTime, Id and UserId are named beyond SELECT: `Status`, `Application`, `Browser` and others cannot be
    /// filtered.
    fn query(&self, fields: &[&str]) -> String {
        format!(
            "SELECT {} FROM {OBJECT} {}{} ORDER BY LoginTime, Id",
            fields.join(", "),
            within(self.part),
            self.of_user()
        )
    }

    fn of_user(&self) -> String {
        self.user.as_ref().map_or_else(String::new, |user| format!(" AND UserId = {}", quote(user.as_str())))
    }

    fn receive(&mut self, mut page: Page<Login>) -> Page<Login> {
        page.rows.retain(|login| !self.came_last.contains(login.id.as_str()));
        let known = |id: &Option<String>| id.as_ref().is_some_and(|id| self.came_last.contains(id));
        page.rejected.retain(|row| !known(&row.id));
        if page.came() == 0 {
            return page;
        }
        self.came += page.came();
        self.setbacks = 0;
        if let Some(last) = page.rows.last() {
            self.remember(whole_second(last.time), &page.rows);
        }
        self.came_last.extend(page.rejected.iter().filter_map(|row| row.id.clone()));
        page
    }

    fn remember(&mut self, second: Timestamp, rows: &[Login]) {
        if self.part.0 < second {
            self.came_last.clear();
            self.part.0 = second;
        }
        let of_second = rows.iter().rev().take_while(|login| login.time >= second);
        self.came_last.extend(of_second.map(|login| login.id.as_str().to_owned()));
    }

    /// Goes on after the query under way, and asks for more again after it had to ask for less.
    fn begin_next_part(&mut self) -> bool {
        let from = self.part.1;
        if from >= self.until {
            return false;
        }
        self.width = self.width.saturating_mul(2);
        self.part = (from, self.ends(from));
        self.came_last.clear();
        true
    }

    fn ends(&self, from: Timestamp) -> Timestamp {
        from.saturating_add(self.width).map_or(self.until, |end| end.min(self.until))
    }

    /// Begins another query after an error, unless that is of no use.
    fn recover(&mut self, error: SalesforceError, is_first: bool) -> Result<(), SalesforceError> {
        let is_short = matches!(error, SalesforceError::Incomplete { .. });
        let is_crowded = matches!(error, SalesforceError::TooManyAtOnce { .. });
        let is_lost =
            error.code() == Some("INVALID_QUERY_LOCATOR") || error.is_passing() && (is_crowded || !is_first);
        let width = self.part.1.duration_since(self.part.0);
        if error.is_slow() && width > NARROWEST {
            self.width = SignedDuration::from_secs((width.as_secs() / 2).max(1));
            self.part.1 = self.ends(self.part.0);
        } else if (is_short || is_lost) && self.setbacks < SETBACKS {
            self.setbacks += 1;
            self.fell_short |= is_short;
        } else {
            return Err(error);
        }
        tracing::warn!(error = %error, from = %self.part.0, until = %self.part.1, "reading on with a new query");
        Ok(())
    }

    /// Where a query fell short, the count of the whole window says whether its rows came after all.
    async fn check(&self, salesforce: &Salesforce) -> Result<(), SalesforceError> {
        if !self.fell_short {
            return Ok(());
        }
        let expected = salesforce.count_logins((self.from, self.until), &self.of_user()).await?;
        if expected <= self.came {
            return Ok(());
        }
        Err(SalesforceError::Incomplete { object: OBJECT.to_owned(), expected, read: self.came })
    }
}

impl UnderWay {
    async fn next(self, salesforce: &Salesforce) -> Result<Option<(Page<Login>, Self)>, SalesforceError> {
        let job = match self {
            Self::Pages(cursor) => {
                let page = salesforce.page(OBJECT, cursor, login).await?;
                return Ok(page.map(|(page, cursor)| (page, Self::Pages(cursor))));
            }
            Self::ToRun(soql) => LoginJob::run(salesforce, &soql).await?,
            Self::Job(job) => *job,
        };
        Ok(job.next(salesforce).await?.map(|(page, job)| (page, Self::Job(Box::new(job)))))
    }
}

/// The condition for a span of time; its ends are taken to whole seconds.
pub(super) fn within((from, until): (Timestamp, Timestamp)) -> String {
    format!("WHERE LoginTime >= {} AND LoginTime < {}", literal(from), literal(until))
}

fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
