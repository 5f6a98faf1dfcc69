//! Counting logins, also where one count over the whole time takes Salesforce too long.

use std::sync::atomic::Ordering::Relaxed;

use jiff::{SignedDuration, Timestamp};

use super::client::Salesforce;
use super::error::SalesforceError;
use super::login_reading::within;
use super::login_record::OBJECT;

/// Nothing narrower is counted by itself: six months are at most 4,400 of these, and an org that cannot count an hour in
/// two minutes is ill.
const NARROWEST: SignedDuration = SignedDuration::from_hours(1);

impl Salesforce {
    /// How many logins there are with `from` <= LoginTime < `until`, both taken to whole seconds. Where that takes too
    /// long, half of the time is counted at once from there on, down to an hour; the next count begins near what
    /// was counted at once.
    ///
    /// # Errors
    /// `QUERY_TIMEOUT` or [`SalesforceError::TimedOut`] where even an hour takes too long, and whatever else fails.
    pub async fn login_count(&self, from: Timestamp, until: Timestamp) -> Result<u64, SalesforceError> {
        self.count_logins((from, until), "").await
    }

    /// As [`login_count`](Self::login_count), of those for which `more` holds too: nothing, or a condition with its AND.
    pub(super) async fn count_logins(
        &self,
        (from, until): (Timestamp, Timestamp),
        more: &str,
    ) -> Result<u64, SalesforceError> {
        let (mut begin, mut rows) = (from, 0);
        let whole = until.duration_since(from);
        let mut width = match self.countable.load(Relaxed) {
            0 => whole,
            // Once more than it could the last time, for it may have had a bad minute.
            seconds => whole.min(SignedDuration::from_secs(2 * seconds)),
        };
        loop {
            let end = begin.saturating_add(width).map_or(until, |end| end.min(until));
            let soql = format!("SELECT COUNT() FROM {OBJECT} {}{more}", within((begin, end)));
            match self.count(OBJECT, &soql).await {
                Ok(counted) => {
                    if width < whole {
                        self.countable.store(width.as_secs(), Relaxed);
                    }
                    (begin, rows) = (end, rows + counted);
                }
                Err(error) if error.is_slow() && width > NARROWEST => {
                    width = half(width.min(end.duration_since(begin)));
                    self.countable.store(width.as_secs(), Relaxed);
                    tracing::warn!(error = %error, from = %begin, hours = width.as_hours(), "counting less at once");
                }
                Err(error) => return Err(error),
            }
            if begin >= until {
                return Ok(rows);
            }
        }
    }
}

/// In whole seconds, because a query has nothing finer: parts that adjoin count every row once.
fn half(width: SignedDuration) -> SignedDuration {
    SignedDuration::from_secs(width.as_secs() / 2).max(NARROWEST)
}
