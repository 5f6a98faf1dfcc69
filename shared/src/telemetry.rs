//! Logs: JSON lines on standard output for Lambda, plain lines on standard error for people.
//!
//! Never logged: secrets, tokens, session ids that open a door, usernames, network addresses. Users appear by id.

use std::io::{self, IsTerminal};
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, fmt};

use crate::settings::{Colour, SettingError, Settings};

/// The crates of this project. Below INFO the crates of others may log what they send and receive, and with it secrets;
/// so from them nothing below INFO is written, whatever was asked for.
const OURS: [&str; 5] =
    ["session_warden", "warden", "scan_login_history", "evaluate_activity", "revoke_sessions"];

/// Why logging could not begin.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A variable cannot be read.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// What was asked for is no level and no directive.
    #[error(
        "`{directives}` says not what to log ({reason}): write a level such as info into AWS_LAMBDA_LOG_LEVEL or RUST_LOG"
    )]
    Directives {
        /// What was asked for.
        directives: String,
        /// What the parser says.
        reason: <Targets as FromStr>::Err,
    },
    /// Somebody else has begun already.
    #[error(transparent)]
    Started(#[from] TryInitError),
}

/// Begins to log for Lambda, once in a process: JSON on standard output, from INFO up.
pub fn for_lambda(settings: &Settings) -> Result<(), TelemetryError> {
    let filter = filter(settings.log_directives()?, LevelFilter::INFO)?;
    Ok(json(io::stdout, SystemTime, filter).try_init()?)
}

/// Begins to log for a person: text on standard error, from WARN up, with `verbose` from INFO and twice from DEBUG.
/// Directives in the environment come before that; ones that cannot be read are complained of and left.
pub fn for_terminal(verbose: u8) {
    let settings = Settings::of_process();
    let asked = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let directives = settings.log_directives().map_err(TelemetryError::from);
    let (filter, complaint) = match directives.and_then(|directives| filter(directives, asked)) {
        Ok(filter) => (filter, None),
        Err(error) => (Targets::new().with_default(asked), Some(error)),
    };
    let colours = settings.colour() == Colour::Allowed && io::stderr().is_terminal();
    let lines = fmt::layer().with_writer(io::stderr).with_target(false).without_time().with_ansi(colours);
    // A second start in one process leaves the first as it is.
    let _ = Registry::default().with(filter).with(lines.with_filter(filter_fn(is_safe))).try_init();
    if let Some(error) = complaint {
        tracing::warn!("{error}");
    }
}

fn filter(directives: Option<&str>, default: LevelFilter) -> Result<Targets, TelemetryError> {
    let Some(directives) = directives else { return Ok(Targets::new().with_default(default)) };
    // An empty part would mean ERROR, and nothing else would be told.
    let parts = directives.split(',').map(str::trim).filter(|part| !part.is_empty());
    let asked = parts.collect::<Vec<_>>().join(",");
    if asked.is_empty() {
        return Ok(Targets::new().with_default(default));
    }
    asked.parse().map_err(|reason| TelemetryError::Directives { directives: directives.to_owned(), reason })
}

/// One object a line: what was said flat beside level and timestamp, without which Lambda takes every line for INFO,
/// and the span that holds the request's id.
fn json<W, T>(writer: W, timer: T, filter: Targets) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    T: FormatTime + Send + Sync + 'static,
{
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_timer(timer)
        .with_writer(writer);
    Registry::default().with(filter).with(lines.with_filter(filter_fn(is_safe)))
}

fn is_safe(metadata: &Metadata<'_>) -> bool {
    let ours = || metadata.target().split("::").next().is_some_and(|name| OURS.contains(&name));
    *metadata.level() <= tracing::Level::INFO || ours()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Noon;

    impl FormatTime for Noon {
        fn format_time(&self, w: &mut fmt::format::Writer<'_>) -> std::fmt::Result {
            w.write_str("2026-11-02T12:00:00.000000Z")
        }
    }

    fn logged(directives: Option<&str>, say: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let filter = filter(directives, LevelFilter::INFO).unwrap();
        let subscriber = json(move || writer.clone(), Noon, filter);
        tracing::subscriber::with_default(subscriber, say);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_is_flat_dated_and_says_which_request() {
        let line = logged(None, || {
            let span = tracing::info_span!("Lambda runtime invoke", requestId = "8476a536");
            let _inside = span.entered();
            tracing::info!(org.id = "00D000000000001EAA", logins = 3, duration_ms = 41, "Scanned");
        });
        let expected = concat!(
            r#"{"timestamp":"2026-11-02T12:00:00.000000Z","level":"INFO","message":"Scanned","#,
            r#""org.id":"00D000000000001EAA","logins":3,"duration_ms":41,"#,
            r#""span":{"requestId":"8476a536","name":"Lambda runtime invoke"}}"#,
            "\n"
        );
        assert_eq!(line, expected);
    }

    #[test]
    fn others_are_silent_below_info_whatever_is_asked_for() {
        let lines = logged(Some("trace"), || {
            tracing::debug!(target: "hyper::client", "Authorization: Bearer 00D!secret");
            tracing::trace!(target: "session_warden_lookalike", "secret");
            tracing::debug!(target: "session_warden::stages", "Ours");
            tracing::info!(target: "aws_config", "Theirs");
        });
        assert!(!lines.contains("secret"), "{lines}");
        assert!(lines.contains("Ours") && lines.contains("Theirs"), "{lines}");
    }

    #[test]
    fn what_is_left_empty_is_as_if_it_were_not_said() {
        for (directives, is_told) in
            [(Some(""), true), (Some(" , "), true), (Some("info,"), true), (Some("warn"), false)]
        {
            let lines = logged(directives, || tracing::info!(target: "session_warden", "Ours"));
            assert_eq!(lines.contains("Ours"), is_told, "{directives:?}");
        }
    }

    #[test]
    fn what_is_no_directive_is_refused_with_the_variables_name() {
        let error = filter(Some("warden=loud"), LevelFilter::WARN).unwrap_err().to_string();
        assert!(
            error.starts_with("`warden=loud` says not what to log") && error.contains("RUST_LOG"),
            "{error}"
        );
    }
}
