//! Exit codes: 0 nothing to report, 1 findings or an unverified containment, 2 wrong use or bad input,
//! 3 Salesforce or the store unreachable, 4 blind. Where several hold, 2 > 3 > 4 > 1 > 0.

use std::error::Error;
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
        Self::from(exit.code())
    }
}

impl Exit {
    /// As the process tells it.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::BadInput => 2,
            Self::Unreachable => 3,
            Self::Blind => 4,
        }
    }

    /// The exit code of an error, by its innermost cause: bad input unless something outside is to blame.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        error.chain().filter_map(Self::of_cause).last().unwrap_or(Self::BadInput)
    }

    /// Of a type that says where the blame lies. The stages' errors are transparent: what they hold is no cause of its own.
    fn of_cause(cause: &(dyn Error + 'static)) -> Option<Self> {
        let scan = || cause.downcast_ref().map(of_scan);
        let evaluate = || cause.downcast_ref().map(of_evaluate);
        let contain = || cause.downcast_ref().map(of_contain);
        let salesforce = || cause.downcast_ref().map(of_salesforce);
        let store = || cause.downcast_ref().map(of_store);
        scan().or_else(evaluate).or_else(contain).or_else(salesforce).or_else(store)
    }
}

fn of_scan(error: &ScanError) -> Exit {
    match error {
        ScanError::Blind { .. } => Exit::Blind,
        ScanError::Salesforce(error) => of_salesforce(error),
        ScanError::Store(error) => of_store(error),
    }
}

fn of_evaluate(error: &EvaluateError) -> Exit {
    match error {
        EvaluateError::Unreadable { .. } | EvaluateError::MixedOrgs { .. } => Exit::BadInput,
        EvaluateError::Store(error) => of_store(error),
    }
}

fn of_contain(error: &ContainError) -> Exit {
    match error {
        ContainError::NoFinding { .. }
        | ContainError::OtherOrg { .. }
        | ContainError::ScannerUnknown { .. }
        | ContainError::OtherSubject { .. }
        | ContainError::Stopped { .. } => Exit::BadInput,
        ContainError::Busy { .. } => Exit::Unreachable,
        ContainError::Salesforce(error) => of_salesforce(error),
        ContainError::Store(error) => of_store(error),
    }
}

fn of_salesforce(error: &SalesforceError) -> Exit {
    match error {
        SalesforceError::Configuration { .. } | SalesforceError::NotAuthorised { .. } => Exit::BadInput,
        // Salesforce is there, and what happens is unseen all the same.
        SalesforceError::ReserveReached { .. } => Exit::Blind,
        _ => Exit::Unreachable,
    }
}

fn of_store(error: &StoreError) -> Exit {
    match error {
        StoreError::Unreadable { .. } | StoreError::Unwritable { .. } => Exit::BadInput,
        StoreError::Conflict(_) | StoreError::Unavailable { .. } | StoreError::Undelivered { .. } => {
            Exit::Unreachable
        }
    }
}

#[cfg(test)]
mod tests {
    use session_warden::detection::FindingId;
    use session_warden::observation::OrgId;
    use session_warden::store::{Key, Table};

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
        assert_eq!(Exit::of(&anyhow::Error::new(unexpected(503)).context("Org x")), Exit::Unreachable);
    }

    fn unexpected(status: u16) -> SalesforceError {
        SalesforceError::UnexpectedAnswer { object: "token".into(), status, reason: "HTML".into() }
    }

    #[test]
    fn wrong_use_is_not_the_network() {
        let (org, key) = (OrgId::new("00D1"), Key::new(Table::Contain, &OrgId::new("00D1"), "caps", "day"));
        let refused = SalesforceError::NotAuthorised {
            error: "invalid_grant".into(),
            description: "invalid assertion".into(),
            hint: "Check the key".into(),
        };
        let damaged = StoreError::Unreadable { key: key.clone(), reason: "no number".into() };
        let wrong: [anyhow::Error; 6] = [
            ContainError::OtherOrg { asked: org.clone(), connected: OrgId::new("00D2") }.into(),
            ContainError::NoFinding { org: org.clone(), finding: FindingId::new("f1") }.into(),
            EvaluateError::MixedOrgs { first: org.clone(), other: OrgId::new("00D2") }.into(),
            ScanError::Salesforce(refused).into(),
            ContainError::Store(damaged).into(),
            StoreError::Unwritable { key, reason: "too large".into() }.into(),
        ];
        for error in wrong {
            assert_eq!(Exit::of(&error.context("Org x")), Exit::BadInput);
        }
    }
}
