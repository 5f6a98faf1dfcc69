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
    /// A rule uses what is not supported here, or what matches nothing.
    #[error("{file}{}{}: {what}", on(.line), of(.rule))]
    Unsupported {
        /// Which file.
        file: String,
        /// On which line, from 1, where that is known.
        line: Option<u64>,
        /// The rule's title; empty where it has none.
        rule: String,
        /// What it uses, and what may stand there.
        what: String,
    },
}

#[expect(clippy::ref_option, reason = "as the error's own text hands it over")]
fn on(line: &Option<u64>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}

fn of(rule: &str) -> String {
    if rule.is_empty() { String::new() } else { format!(", rule “{rule}”") }
}

/// What is wrong with one rule, before it is known in which file it stands.
#[derive(Debug)]
pub(super) struct Unsupported {
    pub(super) what: String,
    pub(super) at: Spot,
}

/// What of a rule is at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spot {
    /// A key, below others.
    Key(Vec<String>),
    /// A field of one of its detections, and the value where it is one of them.
    Field { detection: String, field: String, value: Option<String> },
}

impl Unsupported {
    /// Something about a key below others; about the rule as a whole where none is named.
    pub(super) fn at(keys: &[&str], what: impl Into<String>) -> Self {
        Self { what: what.into(), at: Spot::Key(keys.iter().map(|key| (*key).to_owned()).collect()) }
    }
}
