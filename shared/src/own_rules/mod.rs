//! An organisation's own rules, written in Sigma over documented fields of logins and sessions.
//!
//! Each rule is a detection like any other: it has a mode and is told in findings. What a rule uses that is not
//! supported is an error that names it, so that no rule is taken for one that watches.

mod document;
mod error;
mod event;
mod fields;
mod rule;
mod support;
mod vocabulary;

pub use error::RuleError;

use std::path::{Path, PathBuf};

use rsigma_parser::parse_sigma_yaml;

use crate::detection::Detection;
use document::Document;
use error::Unsupported;
use rule::OwnRule;

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
    let name = || file.display().to_string();
    let yaml = std::fs::read_to_string(file)
        .map_err(|error| RuleError::Unreadable { file: name(), reason: error.to_string() })?;
    let wrong = |reason: String| RuleError::NoSigma { file: name(), reason };
    let documents = Document::all(&yaml);
    let of = |document: Option<&Document>, title: &str, error: Unsupported| {
        let line = document.map(|document| document.line(&error.at));
        RuleError::Unsupported { file: name(), line, rule: title.to_owned(), what: error.what }
    };
    let collection = parse_sigma_yaml(&yaml).map_err(|error| error.to_string());
    let collection = collection.and_then(|read| match read.errors.first() {
        Some(error) => Err(error.clone()),
        None => Ok(read),
    });
    // What the parser says of the file as a whole is told where no document shows where it is.
    let collection = collection.map_err(|said| {
        let fault = documents.iter().find_map(|document| Some((document, document.fault()?)));
        fault.map_or_else(|| wrong(said), |(at, error)| of(Some(at), at.title(), error))
    })?;
    support::only_rules(&collection).map_err(|(title, error)| {
        of(documents.iter().find(|document| document.title() == title), title, error)
    })?;
    if collection.rules.is_empty() {
        return Err(wrong("it holds no rule".to_owned()));
    }
    let shared = documents.iter().filter(|document| !document.is_rule());
    let slip = shared.into_iter().find_map(|document| Some((document, document.slip()?)));
    if let Some((document, error)) = slip {
        return Err(of(Some(document), document.title(), error));
    }
    let mut own = documents.iter().filter(|document| document.is_rule());
    let rules = collection.rules.iter().map(|rule| {
        let document = own.next();
        let slip = document.and_then(Document::slip).map_or(Ok(()), Err);
        let rule_of = slip.and_then(|()| OwnRule::of(rule));
        rule_of.map(|rule| Box::new(rule) as Rule).map_err(|error| of(document, &rule.title, error))
    });
    Ok(rules.collect())
}

#[cfg(test)]
mod tests;
