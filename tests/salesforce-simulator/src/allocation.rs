//! What REST calls cost: the day's allocation, an app's own, and calls at the same time.

use crate::access::RestError;
use crate::org::Org;
use std::fmt::Write;

impl Org {
    /// Counts one call of a session of `app`.
    pub(crate) fn spend_call(&mut self, app: Option<&str>) -> Result<(), RestError> {
        if self.journal.api_calls >= self.daily_calls() {
            return Err(RestError::limit_exceeded("TotalRequests Limit exceeded."));
        }
        self.journal.api_calls += 1;
        if let Some(app) = app {
            *self.journal.calls_by_app.entry(app.to_owned()).or_default() += 1;
        }
        Ok(())
    }

    /// Counts one call more in progress.
    pub(crate) fn begin_call(&mut self) -> Result<(), RestError> {
        if self.settings.concurrent_calls.is_some_and(|most| self.settings.calls_in_progress >= most) {
            return Err(RestError::limit_exceeded(
                "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            ));
        }
        self.settings.calls_in_progress += 1;
        Ok(())
    }

    /// Counts one call less in progress.
    pub(crate) fn end_call(&mut self) {
        self.settings.calls_in_progress = self.settings.calls_in_progress.saturating_sub(1);
    }

    /// The value of `Sforce-Limit-Info`.
    pub(crate) fn limit_info(&self) -> String {
        let mut info = format!("api-usage={}/{}", self.journal.api_calls, self.daily_calls());
        if let Some((app, most)) = &self.settings.app_allocation {
            let used = self.journal.calls_by_app.get(app).copied().unwrap_or_default();
            // Writing to a String cannot fail.
            _ = write!(info, "; per-app-api-usage={used}/{most}(appName={app})");
        }
        info
    }
}
