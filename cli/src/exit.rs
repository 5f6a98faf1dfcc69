//! Exit codes: 0 nothing to report, 1 findings or an unverified containment, 2 wrong use or bad input,
//! 3 Salesforce or the store unreachable, 4 blind. Where several hold, 2 > 3 > 4 > 1 > 0.

use std::process::ExitCode;

use session_warden::salesforce::SalesforceError;
use session_warden::stages::{ContainError, EvaluateError, ScanError};
use session_warden::store::StoreError;

/// How a command ends. The order is the precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done, nothing to report.
    Clean,
    /// Findings, or a containment that is not verified.
    Findings,
    /// Something could not be seen.
    Blind,
    /// Salesforce or the store cannot be reached.
    Unreachable,
    /// Wrong use or bad input.
    BadInput,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::BadInput => 2,
            Exit::Unreachable => 3,
            Exit::Blind => 4,
        })
    }
}

impl Exit {
    /// The exit code of an error: bad input unless something outside is to blame.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        error.chain().find_map(Self::of_cause).unwrap_or(Self::BadInput)
    }

    fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<Self> {
        if let Some(ScanError::Blind { .. }) = cause.downcast_ref() {
            return Some(Self::Blind);
        }
        if let Some(EvaluateError::Unreadable { .. }) = cause.downcast_ref() {
            return Some(Self::BadInput);
        }
        let outside = cause.is::<ScanError>()
            || cause.is::<EvaluateError>()
            || cause.is::<ContainError>()
            || cause.is::<SalesforceError>()
            || cause.is::<StoreError>();
        outside.then_some(Self::Unreachable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_two_three_four_one_zero() {
        let mut exits = [Exit::Findings, Exit::Unreachable, Exit::Clean, Exit::Blind, Exit::BadInput];
        exits.sort_unstable();
        assert_eq!(exits, [Exit::Clean, Exit::Findings, Exit::Blind, Exit::Unreachable, Exit::BadInput]);
    }

    #[test]
    fn errors_say_where_the_blame_lies() {
        let blind = anyhow::Error::new(ScanError::Blind { missing: "Manage Users".into() }).context("scan");
        assert_eq!(Exit::of(&blind), Exit::Blind);
        assert_eq!(Exit::of(&anyhow::anyhow!("no such file")), Exit::BadInput);
        let store = StoreError::Unavailable { store: "sqlite:x".into(), reason: "disk I/O error".into() };
        assert_eq!(Exit::of(&anyhow::Error::new(EvaluateError::Store(store))), Exit::Unreachable);
    }
}
