//! What the API costs.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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

#[derive(Debug, Default)]
pub(super) struct Meter {
    calls: AtomicU64,
    token_requests: AtomicU64,
    used: AtomicU64,
    allowed: AtomicU64,
}

impl Meter {
    pub(super) fn count_call(&self) {
        self.calls.fetch_add(1, Relaxed);
    }

    pub(super) fn count_token_request(&self) {
        self.token_requests.fetch_add(1, Relaxed);
    }

    /// Takes note of `Sforce-Limit-Info`; a header that cannot be read changes nothing.
    pub(super) fn note(&self, limit_info: &str) {
        if let Some((used, allowed)) = read(limit_info) {
            self.used.store(used, Relaxed);
            self.allowed.store(allowed, Relaxed);
        }
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
        meter.note("rubbish");
        assert_eq!(meter.usage(), ApiUsage::default());
    }
}
