//! An organisation's own rules, written in Sigma over documented fields of logins and sessions.
//!
//! Each rule is a detection like any other: it has a mode and is told in findings. What a rule uses that is not
//! supported is an error that names it, so that no rule is taken for one that watches.

mod error;
mod event;
mod fields;
mod rule;
mod support;

pub use error::RuleError;

use std::path::{Path, PathBuf};

use rsigma_parser::parse_sigma_yaml;

use crate::detection::Detection;
use rule::OwnRule;

/// What a rule watches, by its log source's `service`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    /// Attempts to log in.
    Login,
    /// Live sessions.
    Session,
}

/// Reads the rules of all files.
///
/// # Errors
/// The number of the first file that cannot be used, and why.
pub fn read_all(files: &[PathBuf]) -> Result<Vec<Box<dyn Detection>>, (usize, RuleError)> {
    let mut all = Vec::<Box<dyn Detection>>::new();
    for (number, file) in files.iter().enumerate() {
        for rule in read_rules(file).map_err(|error| (number, error))? {
            let id = rule.about().id;
            if all.iter().any(|known| known.about().id == id) {
                return Err((number, RuleError::Twice { file: file.display().to_string(), id }));
            }
            all.push(rule);
        }
    }
    Ok(all)
}

/// Reads the rules of a file: one YAML document each.
///
/// # Errors
/// The file cannot be read, is no Sigma, or has a rule that uses something unsupported, which the error names.
pub fn read_rules(file: &Path) -> Result<Vec<Box<dyn Detection>>, RuleError> {
    let name = || file.display().to_string();
    let yaml = std::fs::read_to_string(file)
        .map_err(|error| RuleError::Unreadable { file: name(), reason: error.to_string() })?;
    let wrong = |reason: String| RuleError::NoSigma { file: name(), reason };
    let collection = parse_sigma_yaml(&yaml).map_err(|error| wrong(error.to_string()))?;
    if let Some(error) = collection.errors.first() {
        return Err(wrong(error.clone()));
    }
    support::only_rules(&collection).map_err(|what| RuleError::Unsupported {
        file: name(),
        rule: String::new(),
        what,
    })?;
    if collection.rules.is_empty() {
        return Err(wrong("it holds no rule".to_owned()));
    }
    let read = |rule| OwnRule::of(rule).map_err(|error| error.in_file(&name(), &rule.title));
    collection.rules.iter().map(|rule| Ok(Box::new(read(rule)?) as Box<dyn Detection>)).collect()
}

#[cfg(test)]
mod tests;
