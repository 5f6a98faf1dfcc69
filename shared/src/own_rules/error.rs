//! Why a rule cannot be used.

/// A rule that cannot be used. None of its file is.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// There is no such file, or it may not be read.
    #[error("{file}: cannot be read: {reason}")]
    Unreadable {
        /// Which file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// It is no Sigma.
    #[error("{file}: is no Sigma rule: {reason}")]
    NoSigma {
        /// Which file.
        file: String,
        /// What the parser says.
        reason: String,
    },
    /// Two rules cannot be told apart.
    #[error("{file}: two rules are called {id}; give each an `id` of its own")]
    Twice {
        /// The file of the second.
        file: String,
        /// What both are called.
        id: &'static str,
    },
    /// A rule uses what is not supported here.
    #[error("{file}{}: {what}", of(.rule))]
    Unsupported {
        /// Which file.
        file: String,
        /// The rule's title; empty where it is the file as a whole.
        rule: String,
        /// What it uses, and what may stand there.
        what: String,
    },
}

fn of(rule: &str) -> String {
    if rule.is_empty() { String::new() } else { format!(", rule “{rule}”") }
}

/// What is wrong with one rule, before it is known in which file it stands.
#[derive(Debug)]
pub(super) struct Unsupported(pub(super) String);

impl Unsupported {
    pub(super) fn in_file(self, file: &str, rule: &str) -> RuleError {
        RuleError::Unsupported { file: file.to_owned(), rule: rule.to_owned(), what: self.0 }
    }
}
