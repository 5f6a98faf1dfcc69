//! Progress on standard error; silent where that is no terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use session_warden::stages::{HISTORY, Progress};

/// A bar over a known length.
pub(crate) fn bar(length: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} % {eta}") {
        bar.set_style(style);
    }
    bar.with_message(what)
}

/// A bar over the login history that Salesforce keeps, by its days.
pub(crate) fn history(now: Timestamp, what: &'static str) -> ProgressBar {
    bar(days(now - HISTORY, now), what)
}

/// Moves a bar over the history to where a scan has come.
pub(crate) fn reached(bar: &ProgressBar, now: Timestamp, progress: Progress) {
    bar.set_position(days(now - HISTORY, progress.read_until));
}

fn days(from: Timestamp, until: Timestamp) -> u64 {
    u64::try_from(until.duration_since(from).as_hours() / 24).unwrap_or(0)
}

/// A spinner over work of unknown length.
pub(crate) fn spinner(what: String) -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner.with_message(what)
}

/// Tells how far the scan of an org has come: a bar over the rows of history while they teach, with the time that is left,
/// and words after that.
pub(crate) fn tell(bar: &ProgressBar, org: &str, progress: Progress) {
    let Progress { logins, read_until, learned, to_learn } = progress;
    if learned >= to_learn {
        bar.set_message(format!("{org}: {logins} logins, read until {read_until:.0}"));
        return;
    }
    if bar.length().is_none()
        && let Ok(style) =
            ProgressStyle::with_template("{msg} {wide_bar} {human_pos} of {human_len} rows, {eta} left")
    {
        bar.set_style(style);
        bar.reset_eta();
    }
    bar.set_length(to_learn);
    bar.set_position(learned);
    bar.set_message(format!("{org}: learning"));
}
