//! LoginHistory, page by page. Source: Object Reference, LoginHistory.

use std::collections::HashMap;
use std::future::ready;

use futures::{Stream, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;

use super::client::Salesforce;
use super::datetime::Instant;
use super::error::SalesforceError;
use super::in_turn::in_turn;
use super::login_reading::{Reading, Way};
use super::login_record::OBJECT;
use super::query::Page;
use super::soql::{IDS_PER_QUERY, list};
use super::wire::Address;
use crate::observation::{Login, LoginId, Source, UserId};

/// Pages that a slice is read ahead of its turn: in office hours it holds several, and slices that read one after the other
/// while only the first is awaited would be no faster than one.
const AHEAD: usize = 3;

/// Jobs whose results are read at once: while rows are made of what came of one, more comes of the other.
const READ: usize = 2;

/// What comes of slices that are read one after the other.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Rows of the slice whose turn it is.
    Rows(Page<Login>),
    /// All of that slice has come.
    End {
        /// Where it begins.
        from: Timestamp,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Join {
    id: LoginId,
    login_time: Instant,
    #[serde(default)]
    source_ip: Address,
}

impl Salesforce {
    /// The logins with `from` <= LoginTime < `until`, both taken to whole seconds, ordered by LoginTime and Id. Holds
    /// one page at a time. Where this identity may not see LoginGeo, places come from the country alone. A query that
    /// breaks for good is begun anew after the last row that came, and one that takes too long is cut.
    ///
    /// # Errors
    /// What still fails then; [`SalesforceError::Incomplete`] when rows that Salesforce counts cannot be had.
    pub fn logins(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Stream<Item = Result<Page<Login>, SalesforceError>> + Send + '_ {
        self.rest(Reading::of(from, until))
    }

    /// As [`logins`](Self::logins), of one user alone: UserId is among the fields that the Object Reference lists as
    /// filterable.
    pub fn logins_of_user(
        &self,
        user: &UserId,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Stream<Item = Result<Page<Login>, SalesforceError>> + Send + use<'_> {
        self.rest(Reading::of(from, until).by(user))
    }

    /// The logins of adjoining slices of time, each from one instant of `bounds` to the next, in order. As many slices
    /// are asked for at once as there are [lanes](Self::lanes); of each at most three pages are held.
    pub fn logins_in_slices(
        &self,
        bounds: &[Timestamp],
    ) -> impl Stream<Item = Result<Page<Login>, SalesforceError>> + Send + use<'_> {
        let slices: Vec<_> = bounds.windows(2).map(|ends| Reading::of(ends[0], ends[1])).collect();
        in_turn(stream::iter(slices).map(move |slice| self.rest(slice)), self.lanes(), AHEAD)
    }

    /// Slices of time, one after the other as they are given, each by a query job of Bulk API 2.0 where the org runs them; jobs run ahead
    /// of the slices that are read. A slice takes about five API calls, however many rows it has. One whose job is refused, fails,
    /// takes longer than half a minute or breaks is read on page by page. Each slice's rows are followed by word that it has been read to
    /// its end. At the end the jobs are taken from the org; whoever stops before does that.
    pub fn slices_by_jobs(
        &self,
        slices: Vec<(Timestamp, Timestamp)>,
    ) -> impl Stream<Item = Result<Piece, SalesforceError>> + Send + use<'_> {
        let run = move |(from, until)| async move {
            let end = Ok(Piece::End { from });
            let reading = Reading::of(from, until).going(Way::Job).with_job_run(self).await;
            let pages = stream::once(ready(reading)).map_ok(|reading| self.rest(reading)).try_flatten();
            pages.map_ok(Piece::Rows).chain(stream::once(ready(end)))
        };
        let discard = async move {
            self.discard_open_jobs().await;
            stream::empty()
        };
        in_turn(stream::iter(slices).map(run).buffered(self.jobs()), self.lanes().min(READ), 1)
            .chain(stream::once(discard).flatten())
    }

    /// What of a window is still to be read.
    fn rest(
        &self,
        reading: Reading,
    ) -> impl Stream<Item = Result<Page<Login>, SalesforceError>> + Send + use<'_> {
        stream::try_unfold(reading, move |reading| reading.next(self))
    }

    /// Time and address of these logins; a login that cannot be seen is absent from the answer.
    pub async fn logins_by_id(
        &self,
        ids: &[LoginId],
    ) -> Result<HashMap<LoginId, (Timestamp, Source)>, SalesforceError> {
        let mut found = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(IDS_PER_QUERY) {
            let ids = list(chunk.iter().map(LoginId::as_str));
            let soql = format!("SELECT Id, LoginTime, SourceIp FROM {OBJECT} WHERE Id IN {ids}");
            let rows = self.rows(OBJECT, soql, Ok::<Join, String>).await?;
            found.extend(rows.into_iter().map(|row| (row.id, (row.login_time.0, row.source_ip.0))));
        }
        Ok(found)
    }
}
