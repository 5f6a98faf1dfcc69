//! Rows that Salesforce shows later than the overlap: nobody reads their time again, but they can be counted.

use std::pin::pin;

use futures::TryStreamExt;
use jiff::SignedDuration;

use super::counts::Counts;
use super::cursor::Span;
use super::scan::{Scan, ScanError};
use super::sending::Sending;
use crate::observation::Observation;

/// One call in this time, 24 a day: how long a row that appears late may stay unseen.
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How far back is looked. How late Salesforce may show a row is not documented; event log files of the same logins, which
/// are written from the same servers, are complete within a day.
const BACK: SignedDuration = SignedDuration::from_hours(24);
/// So many rows are read again at once instead of being narrowed down further: one page.
const FEW: u64 = 2_000;

impl Scan<'_> {
    /// Compares once an hour how many rows of the last day there are with how many were read, and sends on again what
    /// stands around those that are more. The evaluation knows the rows it has seen, and flags the others as late.
    pub(super) async fn send_late(&self, sending: &mut Sending) -> Result<(), ScanError> {
        let Some(day) = sending.cursor.look_for_late(sending.now, EVERY, BACK) else { return Ok(()) };
        let mut waiting = vec![day];
        while let Some(span) = waiting.pop() {
            let there = self.salesforce.login_count(span.from, span.until).await?;
            let read = sending.cursor.counts.of(span);
            match halves(span).filter(|_| there > FEW) {
                _ if there <= read => {}
                Some(halves) => waiting.extend(halves),
                None => self.send_again(sending, span, there - read).await?,
            }
        }
        sending.cursor.looked_for_late = Some(sending.now);
        self.send(sending, Vec::new(), Vec::new()).await
    }

    async fn send_again(&self, sending: &mut Sending, span: Span, late: u64) -> Result<(), ScanError> {
        tracing::warn!(org.id = %sending.scanned.org, late, from = %span.from, until = %span.until, "Rows appeared late");
        sending.cursor.counts.reset(span);
        let mut pages = pin!(self.salesforce.logins(span.from, span.until));
        while let Some(page) = pages.try_next().await? {
            page.rows.iter().for_each(|login| sending.cursor.counts.add(login.time, 1));
            sending.cursor.counts.add(span.from, page.rejected.len() as u64);
            let aside = sending.set_aside(&page.rejected)?;
            let logins = page.rows.into_iter().map(|login| Observation::Login(Box::new(login)));
            self.send(sending, logins.collect(), aside).await?;
        }
        sending.scanned.late += late;
        Ok(())
    }
}

/// The halves of a span of several counted widths.
fn halves(span: Span) -> Option<[Span; 2]> {
    let middle = Counts::begin(span.from + SignedDuration::from_secs(span.width().as_secs() / 2));
    (middle > span.from).then_some([Span { until: middle, ..span }, Span { from: middle, ..span }])
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_day_is_halved_down_to_what_was_counted_and_no_further() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let mut span = Span { from: at(86_400), until: at(2 * 86_400) };
        let mut times = 0;
        while let Some([first, second]) = halves(span) {
            assert_eq!((first.from, first.until, second.until), (span.from, second.from, span.until));
            span = second;
            times += 1;
        }
        assert_eq!((span.until, times), (at(2 * 86_400), 9));
        assert!(span.width() < SignedDuration::from_mins(10));
    }
}
