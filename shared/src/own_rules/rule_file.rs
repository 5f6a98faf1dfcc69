//! A file of rules: what the Sigma parser reads, with the lines on which it stands.

use rsigma_parser::{SigmaCollection, parse_sigma_yaml};

use super::document::Document;
use super::error::{RuleError, Unsupported};
use super::rule::OwnRule;
use super::{Rule, support};

/// A file and its documents.
pub(super) struct RuleFile {
    name: String,
    documents: Vec<Document>,
}

impl RuleFile {
    pub(super) fn of(name: String, yaml: &str) -> Self {
        Self { name, documents: Document::all(yaml) }
    }

    /// Each of its rules, or why it cannot be used.
    pub(super) fn rules(&self, yaml: &str) -> Result<Vec<Result<Rule, RuleError>>, RuleError> {
        let collection = self.collection(yaml)?;
        let (rules, shared): (Vec<_>, Vec<_>) =
            self.documents.iter().partition(|document| document.is_rule());
        if let Some((document, slip)) = shared.into_iter().find_map(|one| Some((one, one.slip()?))) {
            return Err(self.error(Some(document), document.title(), slip));
        }
        let mut documents = rules.into_iter();
        let rules = collection.rules.iter().map(|rule| {
            let document = documents.next();
            let slip = document.and_then(Document::slip).map_or(Ok(()), Err);
            let own = slip.and_then(|()| OwnRule::of(rule));
            own.map(|own| Box::new(own) as Rule).map_err(|error| self.error(document, &rule.title, error))
        });
        Ok(rules.collect())
    }

    /// What the parser reads, if it is nothing but rules.
    fn collection(&self, yaml: &str) -> Result<SigmaCollection, RuleError> {
        let read = parse_sigma_yaml(yaml).map_err(|error| error.to_string());
        let read = read.and_then(|read| read.errors.first().cloned().map_or(Ok(read), Err));
        let collection = read.map_err(|said| self.refused(said))?;
        support::only_rules(&collection).map_err(|(title, error)| {
            let document = self.documents.iter().find(|document| document.title() == title);
            self.error(document, title, error)
        })?;
        if collection.rules.is_empty() {
            return Err(self.no_sigma("it holds no rule".to_owned()));
        }
        Ok(collection)
    }

    /// What the parser says of the file as a whole is told where no document shows where it is.
    fn refused(&self, said: String) -> RuleError {
        let fault = self.documents.iter().find_map(|document| Some((document, document.fault()?)));
        match fault {
            Some((document, fault)) => self.error(Some(document), document.title(), fault),
            None => self.no_sigma(said),
        }
    }

    fn no_sigma(&self, reason: String) -> RuleError {
        RuleError::NoSigma { file: self.name.clone(), reason }
    }

    fn error(&self, document: Option<&Document>, title: &str, error: Unsupported) -> RuleError {
        let line = document.map(|document| document.line(&error.at));
        RuleError::Unsupported { file: self.name.clone(), line, rule: title.to_owned(), what: error.what }
    }
}
