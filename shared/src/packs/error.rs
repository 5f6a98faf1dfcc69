//! Why a pack cannot be used.

use std::fmt;
use std::path::{Path, PathBuf};

/// A file that cannot be used as what it was given for, with the line where one is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackError {
    /// Which file.
    pub file: PathBuf,
    /// Which line of it, from 1.
    pub line: Option<u64>,
    /// Why, as a clause.
    pub reason: String,
}

impl PackError {
    pub(super) fn new(file: &Path, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, reason: reason.into() }
    }

    pub(super) fn at(file: &Path, line: u64, reason: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::new(file, reason) }
    }

    pub(super) fn unreadable(file: &Path, reason: impl fmt::Display) -> Self {
        Self::new(file, format!("cannot be read: {reason}"))
    }
}

impl std::error::Error for PackError {}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}
