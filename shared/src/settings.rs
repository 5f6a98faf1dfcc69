//! Every environment variable, read once, in one place.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;

use crate::policy::{Policy, PolicyError};
use crate::secrets::{ConnectionSource, FRESH, SourceError};
use crate::store::{LocationError, StoreLocation};

/// A variable that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What to write into it.
    pub write: &'static str,
}

/// All variables that are read. The AWS SDK and the Lambda runtime read their own besides.
pub const VARIABLES: [Variable; 15] = [
    STORE,
    CONNECTION,
    CONNECTION_FRESH,
    POLICY,
    OBSERVATIONS_QUEUE,
    FINDINGS_BUS,
    EVIDENCE_BUCKET,
    NOTICES_TOPIC,
    LAMBDA_LOG_LEVEL,
    RUST_LOG,
    STATE_HOME,
    HOME,
    USER,
    NO_COLOR,
    TERM,
];

const STORE: Variable =
    Variable { name: "WARDEN_STORE", write: "where records are kept: sqlite:PATH or dynamodb:TABLE" };
const CONNECTION: Variable = Variable {
    name: "WARDEN_CONNECTION",
    write: "where the connection document lies: secretsmanager:NAME or a file's path; {org} stands for the org's id",
};
const CONNECTION_FRESH: Variable = Variable {
    name: "WARDEN_CONNECTION_FRESH_SECONDS",
    write: "for how many seconds a connection document in Secrets Manager is not asked for again: 0 to 1800",
};
const POLICY: Variable =
    Variable { name: "WARDEN_POLICY", write: "the policy file's path; infra/policy.yaml is a start" };
const OBSERVATIONS_QUEUE: Variable =
    Variable { name: "WARDEN_OBSERVATIONS_QUEUE", write: "the URL of the SQS FIFO queue to the evaluation" };
const FINDINGS_BUS: Variable =
    Variable { name: "WARDEN_FINDINGS_BUS", write: "the name or ARN of the event bus for findings" };
const EVIDENCE_BUCKET: Variable = Variable {
    name: "WARDEN_EVIDENCE_BUCKET",
    write: "the name of the S3 bucket with Object Lock for the heads of the evidence",
};
const NOTICES_TOPIC: Variable =
    Variable { name: "WARDEN_NOTICES_TOPIC", write: "the ARN of the SNS topic by which people are told" };
const LAMBDA_LOG_LEVEL: Variable =
    Variable { name: "AWS_LAMBDA_LOG_LEVEL", write: "TRACE, DEBUG, INFO, WARN, ERROR or FATAL" };
const RUST_LOG: Variable =
    Variable { name: "RUST_LOG", write: "a log level, or directives such as warn,session_warden=debug" };
const STATE_HOME: Variable =
    Variable { name: "XDG_STATE_HOME", write: "the absolute path below which the command keeps its store" };
const HOME: Variable = Variable { name: "HOME", write: "your home directory's absolute path" };
const USER: Variable = Variable { name: "USER", write: "your name, for the record of what you ask for" };
const NO_COLOR: Variable = Variable { name: "NO_COLOR", write: "anything, for output without colours" };
const TERM: Variable = Variable { name: "TERM", write: "`dumb`, for a terminal without colours" };

/// While the service fails an old document is used for an hour; a longer time would never ask.
const LONGEST_FRESH: i64 = 1_800;

/// A variable that is missing or cannot be used. Says what to write.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// It is needed and not set.
    #[error("{} is not set: write {}", .0.name, .0.write)]
    Missing(Variable),
    /// It is not text, or not an absolute path where one is needed.
    #[error("{} {reason}: write {}", variable.name, variable.write)]
    Unusable {
        /// Which variable.
        variable: Variable,
        /// A predicate.
        reason: &'static str,
    },
    /// It names no store.
    #[error("WARDEN_STORE: {0}")]
    Store(#[from] LocationError),
    /// It names no connection document.
    #[error("WARDEN_CONNECTION: {0}")]
    Connection(#[from] SourceError),
}

/// Whether output may be coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// If it goes to a terminal.
    Allowed,
    /// The operator wants none.
    Unwanted,
}

/// The directory below which this process keeps its state.
pub fn state_directory() -> Result<PathBuf, SettingError> {
    Settings::of_process().state_directory()
}

/// A variable that the AWS SDK would read; an empty one counts as not set.
#[cfg(all(feature = "aws", any(test, not(feature = "aws-profiles"))))]
#[expect(clippy::disallowed_methods, reason = "the names are the SDK's, one for each service")]
pub(crate) fn variable_of_sdk(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The values of [`VARIABLES`]; empty ones count as not set.
#[derive(Debug, Clone, Default)]
pub struct Settings(BTreeMap<&'static str, OsString>);

impl Settings {
    /// Those of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// Those that `lookup` knows.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |variable: Variable| {
            let value = lookup(variable.name).filter(|value| !value.is_empty())?;
            Some((variable.name, value))
        };
        Self(VARIABLES.into_iter().filter_map(set).collect())
    }

    /// Where a function keeps its records.
    pub fn store(&self) -> Result<StoreLocation, SettingError> {
        Ok(StoreLocation::parse(self.required(STORE)?)?)
    }

    /// Where a function finds the connection document.
    pub fn connection(&self) -> Result<ConnectionSource, SettingError> {
        Ok(ConnectionSource::parse(self.required(CONNECTION)?)?)
    }

    /// For how long what Secrets Manager has answered is not asked for again.
    pub fn connection_fresh_for(&self) -> Result<SignedDuration, SettingError> {
        let Some(text) = self.text(CONNECTION_FRESH)? else { return Ok(FRESH) };
        let seconds = text.parse().ok().filter(|seconds| (0..=LONGEST_FRESH).contains(seconds));
        let reason = "is no number of seconds from 0 to 1800";
        let unusable = SettingError::Unusable { variable: CONNECTION_FRESH, reason };
        seconds.map(SignedDuration::from_secs).ok_or(unusable)
    }

    /// The policy of the file that is named; `None` where none is, and what the store holds is in force.
    pub fn policy(&self) -> Result<Option<Policy>, PolicyError> {
        self.0.get(POLICY.name).map(|file| Policy::read(Path::new(file))).transpose()
    }

    /// The queue to the evaluation; `None` for the one inside the store.
    pub fn observations_queue(&self) -> Result<Option<&str>, SettingError> {
        self.text(OBSERVATIONS_QUEUE)
    }

    /// The bus on which findings are announced; `None` for the queue inside the store.
    pub fn findings_bus(&self) -> Result<Option<&str>, SettingError> {
        self.text(FINDINGS_BUS)
    }

    /// The bucket for the heads of the evidence; `None` for none.
    pub fn evidence_bucket(&self) -> Result<Option<&str>, SettingError> {
        self.text(EVIDENCE_BUCKET)
    }

    /// The topic by which people are told; `None` where nobody is.
    pub fn notices_topic(&self) -> Result<Option<&str>, SettingError> {
        self.text(NOTICES_TOPIC)
    }

    /// Where the paths that the policy names begin.
    pub fn policy_folder(&self) -> PathBuf {
        let file = self.0.get(POLICY.name).map(Path::new);
        file.and_then(Path::parent).unwrap_or(Path::new("")).to_owned()
    }

    /// What to log: Lambda's level before the developer's directives; `None` where neither is set.
    pub fn log_directives(&self) -> Result<Option<&str>, SettingError> {
        Ok(match self.text(LAMBDA_LOG_LEVEL)? {
            Some("FATAL") => Some("ERROR"),
            Some(level) => Some(level),
            None => self.text(RUST_LOG)?,
        })
    }

    /// The directory below which programs keep their state, by the XDG Base Directory Specification.
    pub fn state_directory(&self) -> Result<PathBuf, SettingError> {
        // The specification says that a relative path is to be ignored.
        if let Some(directory) =
            self.0.get(STATE_HOME.name).map(PathBuf::from).filter(|path| path.is_absolute())
        {
            return Ok(directory);
        }
        let home = self.0.get(HOME.name).map(PathBuf::from).ok_or(SettingError::Missing(HOME))?;
        if !home.is_absolute() {
            return Err(SettingError::Unusable { variable: HOME, reason: "is not an absolute path" });
        }
        Ok(home.join(".local/state"))
    }

    /// Who asks, as the operating system calls him: a claim for the record, not an identity.
    pub fn person(&self) -> String {
        self.0.get(USER.name).map_or_else(|| "unnamed".to_owned(), |name| name.to_string_lossy().into_owned())
    }

    /// Whether colours are wanted.
    pub fn colour(&self) -> Colour {
        let dumb = self.0.get(TERM.name).is_some_and(|term| term == "dumb");
        if dumb || self.0.contains_key(NO_COLOR.name) { Colour::Unwanted } else { Colour::Allowed }
    }

    fn required(&self, variable: Variable) -> Result<&str, SettingError> {
        self.text(variable)?.ok_or(SettingError::Missing(variable))
    }

    fn text(&self, variable: Variable) -> Result<Option<&str>, SettingError> {
        let read = |value: &'_ OsString| value.to_str().is_some();
        match self.0.get(variable.name) {
            Some(value) if !read(value) => {
                Err(SettingError::Unusable { variable, reason: "is not UTF-8 text" })
            }
            value => Ok(value.and_then(|value| value.to_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    fn settings(set: &[(&str, &str)]) -> Settings {
        Settings::from_lookup(|name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn what_is_missing_is_named_with_what_to_write() {
        let error = settings(&[]).store().unwrap_err().to_string();
        assert_eq!(
            error,
            "WARDEN_STORE is not set: write where records are kept: sqlite:PATH or dynamodb:TABLE"
        );
        let error = settings(&[("WARDEN_CONNECTION", "")]).connection().unwrap_err().to_string();
        assert!(error.starts_with("WARDEN_CONNECTION is not set: write "), "{error}");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let error = settings(&[("WARDEN_STORE", "mysql:x")]).store().unwrap_err().to_string();
        assert!(error.starts_with("WARDEN_STORE: `mysql:x` names no store"), "{error}");
        let garbled =
            Settings::from_lookup(|name| (name == "RUST_LOG").then(|| OsString::from_vec(vec![0xff])));
        let error = garbled.log_directives().unwrap_err().to_string();
        assert!(error.starts_with("RUST_LOG is not UTF-8 text: write "), "{error}");
    }

    #[test]
    fn a_connection_document_is_fresh_for_five_minutes_or_as_long_as_is_said() {
        let fresh =
            |text: &str| settings(&[("WARDEN_CONNECTION_FRESH_SECONDS", text)]).connection_fresh_for();
        assert_eq!(fresh("").unwrap(), SignedDuration::from_mins(5));
        assert_eq!(fresh("0").unwrap(), SignedDuration::ZERO);
        for text in ["-1", "3601", "5m"] {
            let error = fresh(text).unwrap_err().to_string();
            assert!(
                error.contains("_FRESH_SECONDS is no number of seconds from 0 to 1800: write"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_policy_that_is_named_must_be_there() {
        assert!(settings(&[]).policy().unwrap().is_none());
        let error = settings(&[("WARDEN_POLICY", "/nowhere/policy.yaml")]).policy().unwrap_err().to_string();
        assert!(error.starts_with("the policy /nowhere/policy.yaml cannot be read: "), "{error}");
    }

    #[test]
    fn lambda_decides_the_log_level_before_the_developer() {
        let level = |set: &[(&str, &str)]| settings(set).log_directives().unwrap().map(str::to_owned);
        assert_eq!(level(&[]), None);
        assert_eq!(level(&[("RUST_LOG", "warn,hyper=off")]), Some("warn,hyper=off".to_owned()));
        assert_eq!(
            level(&[("RUST_LOG", "debug"), ("AWS_LAMBDA_LOG_LEVEL", "FATAL")]),
            Some("ERROR".to_owned())
        );
    }

    #[test]
    fn the_state_directory_follows_the_specification() {
        let directory = |set: &[(&str, &str)]| settings(set).state_directory();
        assert_eq!(directory(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]).unwrap(), Path::new("/s"));
        assert_eq!(
            directory(&[("XDG_STATE_HOME", "s"), ("HOME", "/h")]).unwrap(),
            Path::new("/h/.local/state")
        );
        assert!(directory(&[]).unwrap_err().to_string().starts_with("HOME is not set"));
        assert!(
            directory(&[("HOME", "h")]).unwrap_err().to_string().starts_with("HOME is not an absolute path")
        );
    }

    #[test]
    fn colours_can_be_declined() {
        assert_eq!(settings(&[("TERM", "xterm")]).colour(), Colour::Allowed);
        assert_eq!(settings(&[("TERM", "dumb")]).colour(), Colour::Unwanted);
        assert_eq!(settings(&[("NO_COLOR", "1")]).colour(), Colour::Unwanted);
    }
}
