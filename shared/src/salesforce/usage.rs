//! What the API costs.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use jiff::{SignedDuration, Timestamp};

use super::budget::{ApiBudget, looks_again};
use super::error::SalesforceError;

/// The API calls of one client, and the org's budget as Salesforce last told it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApiUsage {
    /// Requests sent by this client, repetitions and token requests included.
    pub calls: u64,
    /// Token requests sent by this client; each one that succeeds is a login of the identity.
    pub token_requests: u64,
    /// Calls of the whole org in the last 24 hours; `None` before the first answer.
    pub used: Option<u64>,
    /// Calls that the org may make in 24 hours; `None` before the first answer.
    pub allowed: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Meter {
    calls: AtomicU64,
    token_requests: AtomicU64,
    used: AtomicU64,
    allowed: AtomicU64,
    /// When `used` was told, in seconds since 1970.
    told_at: AtomicI64,
    /// How far Salesforce's clock is ahead, in seconds.
    skew: AtomicI64,
}

/// No clock is this wrong.
const UNKNOWN_SKEW: i64 = i64::MIN;

impl Default for Meter {
    fn default() -> Self {
        Self {
            calls: AtomicU64::new(0),
            token_requests: AtomicU64::new(0),
            used: AtomicU64::new(0),
            allowed: AtomicU64::new(0),
            told_at: AtomicI64::new(0),
            skew: AtomicI64::new(UNKNOWN_SKEW),
        }
    }
}

impl Meter {
    pub(super) fn count_call(&self) {
        self.calls.fetch_add(1, Relaxed);
    }

    pub(super) fn count_token_request(&self) {
        self.token_requests.fetch_add(1, Relaxed);
    }

    /// Takes note of `Sforce-Limit-Info` and `Date`; a header that is missing or cannot be read changes nothing.
    pub(super) fn note(&self, limit_info: Option<&str>, date: Option<Timestamp>, now: Timestamp) {
        if let Some((used, allowed)) = limit_info.and_then(read) {
            self.used.store(used, Relaxed);
            self.allowed.store(allowed, Relaxed);
            self.told_at.store(now.as_second(), Relaxed);
        }
        if let Some(date) = date {
            self.skew.store(date.as_second() - now.as_second(), Relaxed);
        }
    }

    /// Takes note that Salesforce refuses for the day.
    pub(super) fn note_exhausted(&self, now: Timestamp) {
        self.used.fetch_max(self.allowed.load(Relaxed), Relaxed);
        self.told_at.store(now.as_second(), Relaxed);
    }

    /// Asks for one more call. At the reserve one call in a while is let through, so that the count is told anew.
    pub(super) fn claim(
        &self,
        reserve_percent: u8,
        now: Timestamp,
        object: &str,
    ) -> Result<(), SalesforceError> {
        let usage = self.usage();
        let (Some(used), Some(allowed)) = (usage.used, usage.allowed) else { return Ok(()) };
        let budget = ApiBudget::new(used, allowed, reserve_percent);
        if reserve_percent == 0 || budget.left() > 0 {
            return Ok(());
        }
        let told_at = self.told_at.load(Relaxed);
        let again_at = looks_again(Timestamp::from_second(told_at).unwrap_or(now));
        let is_first = || self.told_at.compare_exchange(told_at, now.as_second(), Relaxed, Relaxed).is_ok();
        if now >= again_at && is_first() {
            return Ok(());
        }
        let object = object.to_owned();
        Err(SalesforceError::ReserveReached { object, used, allowed, reserve: budget.reserve, again_at })
    }

    pub(super) fn skew(&self) -> Option<SignedDuration> {
        let seconds = self.skew.load(Relaxed);
        (seconds != UNKNOWN_SKEW).then(|| SignedDuration::from_secs(seconds))
    }

    pub(super) fn usage(&self) -> ApiUsage {
        // An org is allowed at least one call, so that zero stands for "never told".
        let allowed = Some(self.allowed.load(Relaxed)).filter(|allowed| *allowed > 0);
        ApiUsage {
            calls: self.calls.load(Relaxed),
            token_requests: self.token_requests.load(Relaxed),
            used: allowed.map(|_| self.used.load(Relaxed)),
            allowed,
        }
    }
}

/// `api-usage=18/15000; per-app-api-usage=17/250(appName=x)`.
fn read(limit_info: &str) -> Option<(u64, u64)> {
    let usage = limit_info.split(';').find_map(|part| part.trim().strip_prefix("api-usage="))?;
    let (used, allowed) = usage.split_once('/')?;
    Some((used.trim().parse().ok()?, allowed.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_read_and_rubbish_is_not() {
        assert_eq!(read("api-usage=18/15000"), Some((18, 15_000)));
        assert_eq!(read("per-app-api-usage=17/250(appName=x); api-usage=9/10"), Some((9, 10)));
        for header in ["", "api-usage=", "api-usage=a/b", "api-usage=-1/5", "per-app-api-usage=17/250"] {
            assert_eq!(read(header), None, "{header}");
        }
        let meter = Meter::default();
        meter.note(Some("rubbish"), None, Timestamp::UNIX_EPOCH);
        assert_eq!((meter.usage(), meter.skew()), (ApiUsage::default(), None));
    }

    #[test]
    fn the_reserve_is_for_others_and_is_looked_at_again() {
        let (meter, at) = (Meter::default(), |minute: i64| Timestamp::from_second(minute * 60).unwrap());
        let claim = |percent, minute| meter.claim(percent, at(minute), "LoginHistory");
        assert_eq!(claim(20, 0), Ok(()), "nothing was told yet");
        meter.note(Some("api-usage=79/100"), Some(at(3)), at(0));
        assert_eq!((claim(20, 0), meter.skew()), (Ok(()), Some(SignedDuration::from_mins(3))));
        meter.note(Some("api-usage=80/100"), None, at(1));
        assert_eq!(claim(0, 1), Ok(()), "containment may");
        let error = claim(20, 15).unwrap_err();
        assert!(matches!(&error, SalesforceError::ReserveReached { again_at, .. } if *again_at == at(16)));
        assert_eq!(claim(20, 16), Ok(()), "one call asks again");
        assert!(claim(20, 16).is_err(), "and only one");
        meter.note(Some("api-usage=10/100"), None, at(16));
        assert_eq!(claim(20, 16), Ok(()));
        meter.note_exhausted(at(17));
        assert!(claim(20, 18).is_err());
    }
}
