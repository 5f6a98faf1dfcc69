//! History that was not learned before judging began, because it is too long for anybody to wait for.

use std::future::ready;

use futures::future::try_join;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;

use super::cursor::{Cursor, Span};
use super::scan::{Progress, Scan, ScanError};
use super::sending::Sending;
use super::slices::{End, Slices, step};
use crate::observation::{Login, Observation};
use crate::salesforce::{Page, Piece, SalesforceError};

/// Rows from which on a query job takes fewer API calls than the pages.
const WORTH_A_JOB: u64 = 20_000;
/// Rows of one job. The four that run at once are as many as a live row may wait for.
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
            let jobs = newest(older, rows, self.salesforce.lanes() as u64);
            let slices = jobs.into_iter().map(|job| (job.from, job.until)).collect();
            return self.teach(self.salesforce.slices_by_jobs(slices), older, progress).await;
        }
        let slices = Slices::cut(older, rows, End::Last);
        let end = Ok(Piece::End { from: slices.whole.from });
        let read = self.salesforce.logins_in_slices(&slices.bounds).map_ok(Piece::Rows);
        self.teach(read.chain(stream::once(ready(end))), older, progress).await
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

/// The newest parts of a span in which `rows` were counted, the newest first: as many as jobs may run at once, and no more than
/// are worth one.
fn newest(older: Span, rows: u64, at_once: u64) -> Vec<Span> {
    let jobs = (rows / JOB_ROWS).clamp(1, at_once.max(1));
    let mut left = older;
    let mut parts = Vec::new();
    for number in 0..jobs {
        let part = step(left, rows.saturating_sub(number * JOB_ROWS), JOB_ROWS, End::Last);
        left.until = part.from;
        parts.push(part);
    }
    parts.retain(|part| part.from < part.until);
    parts
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn jobs_adjoin_from_the_newest_row_on_and_make_headway(seconds in 1..20_000_000_i64, rows in WORTH_A_JOB..9_000_000, at_once in 0..5_u64) {
            let at = |second| Timestamp::from_second(1_790_000_000 + second).unwrap();
            let older = Span { from: at(0), until: at(seconds) };
            let jobs = newest(older, rows, at_once);
            prop_assert!(!jobs.is_empty() && jobs.len() as u64 <= at_once.max(1));
            prop_assert_eq!(jobs[0].until, older.until);
            prop_assert!(jobs.windows(2).all(|two| two[0].from == two[1].until));
            prop_assert!(jobs.iter().all(|job| older.from <= job.from && job.from < job.until));
        }
    }
}
