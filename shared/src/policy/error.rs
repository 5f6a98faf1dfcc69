//! Why a policy could not be read.

use std::fmt;

use serde::Serialize;

/// Faults that an error repeats; `warden policy check` names all of them.
const TOLD: usize = 10;

/// A policy that cannot be used. Nothing automatic happens under it.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// There is no such file, or it may not be read.
    #[error("the policy {file} cannot be read: {reason}")]
    NoFile {
        /// Its path.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// The text is not YAML, or some of it means nothing or makes no sense.
    #[error("the policy cannot be used: {}", told(.0))]
    Wrong(Vec<PolicyFault>),
}

/// One mistake in a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyFault {
    /// On which line, from 1.
    pub line: u64,
    /// The key, dotted; empty for the text as a whole.
    pub key: String,
    /// What is wrong, as a clause.
    pub problem: String,
    /// What was probably meant.
    pub did_you_mean: Option<String>,
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.key.is_empty() {
            write!(f, ", {}", self.key)?;
        }
        write!(f, ": {}", self.problem)?;
        match &self.did_you_mean {
            Some(meant) => write!(f, "; did you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

fn told(faults: &[PolicyFault]) -> String {
    let mut told: Vec<_> = faults.iter().take(TOLD).map(ToString::to_string).collect();
    if faults.len() > TOLD {
        told.push(format!("and {} more", faults.len() - TOLD));
    }
    told.join("; ")
}
