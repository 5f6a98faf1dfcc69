//! History that was not learned before judging began, because it is too long for anybody to wait for.

use std::future::ready;

use futures::future::try_join;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use jiff::SignedDuration;
use tokio::sync::mpsc;

use super::cursor::{Cursor, Span};
use super::scan::{Progress, Scan, ScanError};
use super::sending::Sending;
use super::slices::{End, Slices, step};
use crate::observation::{Login, Observation};
use crate::salesforce::{Page, Piece, SalesforceError};

/// Rows from which on a query job takes fewer API calls than the pages.
const WORTH_A_JOB: u64 = 20_000;
/// A part with more rows is halved, if it is wider than this.
const DENSE: u64 = 2 * JOB_ROWS;
const NARROWEST: SignedDuration = SignedDuration::from_mins(1);
/// Rows of one job. Those that run at once are as many as a live row may wait for.
const JOB_ROWS: u64 = 25_000;

/// A piece on its way from the reading to the sending.
type FetchedPiece = Result<Piece, SalesforceError>;

/// What a step of the back-fill came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackFill {
    /// So many logins were sent on to teach; there is more.
    Taught {
        /// How many.
        logins: u64,
    },
    /// All of the history has been read.
    Complete,
    /// Half of the API calls that scanning may make in a day are used; live rows need the rest.
    Waits,
}

impl Scan<'_> {
    /// Reads the newest step of the history that is still unread, to teach and raise nothing: some slices of time by jobs that run
    /// beside each other, or one page by page. The mark moves when a whole slice has been sent on, the newest first: a crash repeats
    /// at most one, and the evaluation knows the rows.
    pub async fn back_fill(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<BackFill, ScanError> {
        let org = self.salesforce.org_id().await?;
        let Some(older) = Cursor::load(self.store, &org).await?.and_then(|kept| kept.value.older) else {
            return Ok(BackFill::Complete);
        };
        if self.salesforce.budget().is_some_and(|budget| !budget.allows_back_fill()) {
            return Ok(BackFill::Waits);
        }
        let rows = self.salesforce.login_count(older.from, older.until).await?;
        if rows >= WORTH_A_JOB && self.salesforce.runs_jobs() {
            let jobs = self.newest(older, rows).await?;
            let slices = jobs.into_iter().map(|job| (job.from, job.until)).collect();
            let taught = self.teach(self.salesforce.slices_by_jobs(slices), older, progress).await;
            self.salesforce.discard_open_jobs().await;
            return taught;
        }
        let slices = Slices::cut(older, rows, End::Last);
        let end = Ok(Piece::End { from: slices.whole.from });
        let read = self.salesforce.logins_in_slices(&slices.bounds).map_ok(Piece::Rows);
        self.teach(read.chain(stream::once(ready(end))), older, progress).await
    }

    /// The newest parts of a span in which `rows` were counted, the newest first: as many as jobs may run at once, and no more
    /// than are worth one. A part that is much denser than the rest is halved, so that a step stays short.
    async fn newest(&self, span: Span, rows: u64) -> Result<Vec<Span>, ScanError> {
        let jobs = (rows / JOB_ROWS).clamp(1, self.salesforce.jobs().max(1) as u64);
        let (mut left, mut parts) = (span, Vec::new());
        for number in 0..jobs {
            let mut part = step(left, rows.saturating_sub(number * JOB_ROWS), JOB_ROWS, End::Last);
            while part.width() > NARROWEST
                && self.salesforce.login_count(part.from, part.until).await? > DENSE
            {
                part = step(part, 2, 1, End::Last);
            }
            left.until = part.from;
            parts.push(part);
        }
        parts.retain(|part| part.from < part.until);
        Ok(parts)
    }

    async fn teach(
        &self,
        read: impl Stream<Item = FetchedPiece>,
        older: Span,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<BackFill, ScanError> {
        let (mut sending, _) = self.begin().await?;
        let (pieces, mut fetched) = mpsc::channel::<FetchedPiece>(1);
        let send = async {
            while let Some(piece) = fetched.recv().await {
                match piece? {
                    Piece::Rows(page) => self.send_old(&mut sending, page).await?,
                    Piece::End { from } => {
                        sending.cursor.older =
                            Some(Span { until: from, ..older }).filter(|left| left.from < left.until);
                        self.send(&mut sending, Vec::new(), Vec::new()).await?;
                    }
                }
                progress(sending.progress());
            }
            Ok::<_, ScanError>(())
        };
        try_join(Self::read(read, pieces).map(Ok), send).await?;
        Ok(BackFill::Taught { logins: sending.scanned.logins })
    }

    async fn send_old(&self, sending: &mut Sending, page: Page<Login>) -> Result<(), ScanError> {
        let aside = sending.set_aside(&page.rejected)?;
        sending.scanned.logins += page.rows.len() as u64;
        sending.cursor.learned.rows += page.rows.len() as u64;
        let logins = page.rows.into_iter().map(|login| Observation::Login(Box::new(login)));
        self.send(sending, logins.collect(), aside).await
    }
}
