//! History that was not learned before judging began, because it is too long for anybody to wait for.

use futures::future::try_join;
use futures::{FutureExt, Stream};
use tokio::sync::mpsc;

use super::cursor::{Cursor, Span};
use super::scan::{FetchedPage, Progress, Scan, ScanError};
use super::slices::{End, Slices};
use crate::observation::Observation;

/// Rows from which on a query job takes fewer API calls than the pages.
const WORTH_A_JOB: u64 = 20_000;

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
    /// Reads the newest step of the history that is still unread, to teach and raise nothing. The mark moves when the
    /// whole step has been sent on: a crash repeats it, and the evaluation knows the rows.
    pub async fn back_fill(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<BackFill, ScanError> {
        let org = self.salesforce.org_id().await?;
        let Some(older) = Cursor::load(self.store, &org).await?.and_then(|kept| kept.value.older) else {
            return Ok(BackFill::Complete);
        };
        if self.salesforce.budget().is_some_and(|budget| !budget.allows_back_fill()) {
            return Ok(BackFill::Waits);
        }
        let rows = self.salesforce.login_count(older.from, older.until).await?;
        let slices = Slices::cut(older, rows, End::Last);
        if rows >= WORTH_A_JOB && self.salesforce.runs_jobs() {
            let bounds = [slices.whole.from, slices.whole.until];
            return self.teach(self.salesforce.logins_in_jobs(&bounds), &slices, older, progress).await;
        }
        self.teach(self.salesforce.logins_in_slices(&slices.bounds), &slices, older, progress).await
    }

    async fn teach(
        &self,
        read: impl Stream<Item = FetchedPage>,
        slices: &Slices,
        older: Span,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<BackFill, ScanError> {
        let (mut sending, _) = self.begin().await?;
        let (pages, mut fetched) = mpsc::channel::<FetchedPage>(1);
        let send = async {
            while let Some(page) = fetched.recv().await {
                let page = page?;
                let aside = sending.set_aside(&page.rejected)?;
                sending.scanned.logins += page.rows.len() as u64;
                sending.cursor.learned.rows += page.rows.len() as u64;
                let logins = page.rows.into_iter().map(|login| Observation::Login(Box::new(login)));
                self.send(&mut sending, logins.collect(), aside).await?;
                progress(sending.progress());
            }
            let left = Span { until: slices.whole.from, ..older };
            sending.cursor.older = Some(left).filter(|left| left.from < left.until);
            self.send(&mut sending, Vec::new(), Vec::new()).await
        };
        try_join(Self::read(read, pages).map(Ok), send).await?;
        Ok(BackFill::Taught { logins: sending.scanned.logins })
    }
}
