//! An organisation's own rules, written in Sigma over documented fields of logins and sessions.
//!
//! Each rule is a detection like any other: it has a mode and is told in findings. What a rule uses that is not
//! supported is an error that names it, so that no rule is taken for one that watches.

mod document;
mod error;
mod event;
mod fields;
mod rule;
mod rule_file;
mod support;
mod vocabulary;

pub use error::RuleError;

use std::path::{Path, PathBuf};

use crate::detection::Detection;
use rule_file::RuleFile;

/// What a rule watches, by its log source's `service`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    /// Attempts to log in.
    Login,
    /// Live sessions.
    Session,
}

/// A rule, as the detection that it is.
type Rule = Box<dyn Detection>;

/// Reads the rules of all files.
///
/// # Errors
/// The number of the first file that cannot be used, and why.
pub fn read_all(files: &[PathBuf]) -> Result<Vec<Rule>, (usize, RuleError)> {
    let (rules, wrong) = read_each(files);
    wrong.into_iter().next().map_or(Ok(rules), Err)
}

/// Reads the rules of all files, whatever is wrong with some: answers those that can be used, and for each of the others the number of
/// its file and why not.
pub fn read_each(files: &[PathBuf]) -> (Vec<Rule>, Vec<(usize, RuleError)>) {
    let (mut all, mut wrong) = (Vec::<Rule>::new(), Vec::new());
    for (number, file) in files.iter().enumerate() {
        for rule in each_of(file).unwrap_or_else(|error| vec![Err(error)]) {
            let twice = |id| RuleError::Twice { file: file.display().to_string(), id };
            match rule.map(|rule| (rule.about().id, rule)) {
                Ok((id, _)) if all.iter().any(|known| known.about().id == id) => {
                    wrong.push((number, twice(id)));
                }
                Ok((_, rule)) => all.push(rule),
                Err(error) => wrong.push((number, error)),
            }
        }
    }
    (all, wrong)
}

/// Reads the rules of a file: one YAML document each.
///
/// # Errors
/// The file cannot be read, is no Sigma, or has a rule that uses something unsupported, which the error names.
pub fn read_rules(file: &Path) -> Result<Vec<Rule>, RuleError> {
    each_of(file)?.into_iter().collect()
}

fn each_of(file: &Path) -> Result<Vec<Result<Rule, RuleError>>, RuleError> {
    let name = file.display().to_string();
    let yaml = std::fs::read_to_string(file)
        .map_err(|error| RuleError::Unreadable { file: name.clone(), reason: error.to_string() })?;
    RuleFile::of(name, &yaml).rules(&yaml)
}

#[cfg(test)]
mod tests;
