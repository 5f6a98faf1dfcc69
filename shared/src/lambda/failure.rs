//! Why an invocation failed, as alarms and operators see it.

use lambda_runtime::Diagnostic;

use crate::detection::FindingId;
use crate::observation::OrgId;
use crate::salesforce::{ConnectionError, SalesforceError};
use crate::secrets::SecretsError;
use crate::stages::{ContainError, EvaluateError, ScanError};
use crate::store::StoreError;

/// Why an invocation, or one message of its batch, failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was sent is not what the function takes. Sending it again is no help.
    #[error("the payload cannot be read: {0}")]
    InvalidPayload(String),
    /// The org's connection document cannot be had.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The org's connection document cannot be used.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// The connection document leads to another org than the one asked for.
    #[error("the connection of org {asked} leads to org {found}; nothing was done")]
    OtherOrg {
        /// The org of the payload.
        asked: OrgId,
        /// The org of the connection.
        found: OrgId,
    },
    /// What would be seen proves nothing.
    #[error("logins cannot be seen: {missing}; the org is not being watched")]
    Blind {
        /// What is missing.
        missing: String,
    },
    /// The event is about a finding that the store does not know.
    #[error("org {org} has no finding {finding}; nothing was done")]
    NoFinding {
        /// Which org.
        org: OrgId,
        /// Which finding.
        finding: FindingId,
    },
    /// Whom the org is scanned as is not known, so it could be the very user who is to be contained.
    #[error(
        "it is not known as whom org {org} is scanned, so nobody is contained; run the scan of this org once first"
    )]
    ScannerUnknown {
        /// Which org.
        org: OrgId,
    },
    /// The kill switch is thrown.
    #[error("{0}")]
    Stopped(String),
    /// Another worker has the subject in hand.
    #[error("{what} is being contained by another worker")]
    Busy {
        /// What.
        what: String,
    },
    /// Salesforce failed.
    #[error(transparent)]
    Salesforce(#[from] SalesforceError),
    /// The store failed, or somebody else wrote first.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The policy in force cannot be read, or there is none; whom it protects is not to be guessed.
    #[error("{0}; nobody is contained without a policy: write one with `warden policy push`")]
    Policy(String),
    /// What was done stays done, but nobody can prove yet that its evidence is whole.
    #[error("the head of the evidence is not kept in the bucket {bucket}: {reason}")]
    HeadNotKept {
        /// Which bucket.
        bucket: String,
        /// What S3 says.
        reason: String,
    },
    /// Lambda would have ended it soon; what was begun is gone on with.
    #[error("it was not done when the time of the invocation was nearly up")]
    OutOfTime,
    /// The program is wrong. The message of the panic stands in the log.
    #[error("this message made the program panic")]
    Panicked,
}

impl Failure {
    /// Whether Salesforce lets the identity of the connection document not in.
    pub(super) fn is_not_let_in(&self) -> bool {
        matches!(self, Self::Salesforce(SalesforceError::NotAuthorised { .. }))
    }

    /// Whether the fault lies with the message: it comes back each time, and other messages need not share it. Every other fault
    /// lies with what surrounds it, and would meet the next message too.
    pub(super) fn is_of_the_message(&self) -> bool {
        let of_its_records =
            matches!(self, Self::Store(StoreError::Unwritable { .. } | StoreError::Unreadable { .. }));
        of_its_records || matches!(self, Self::InvalidPayload(_) | Self::Panicked)
    }

    /// The closed set of names by which alarms tell failures apart.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::InvalidPayload(_) => "InvalidPayload",
            Self::Secrets(SecretsError::Unavailable { .. }) => "SecretsUnavailable",
            Self::Secrets(_)
            | Self::Connection(_)
            | Self::OtherOrg { .. }
            | Self::Salesforce(SalesforceError::Configuration { .. }) => "ConnectionUnusable",
            Self::Blind { .. } => "Blind",
            Self::NoFinding { .. } => "FindingUnknown",
            Self::ScannerUnknown { .. } => "ScannerUnknown",
            Self::Stopped(_) => "Stopped",
            Self::Salesforce(error) if error.retryable() => "SalesforceUnreachable",
            Self::Salesforce(_) => "SalesforceRefused",
            Self::Busy { .. } | Self::Store(StoreError::Conflict(_)) => "Overtaken",
            Self::Store(StoreError::Undelivered { .. }) => "QueueUnavailable",
            Self::Store(_) => "StoreUnavailable",
            Self::Policy(_) => "PolicyUnreadable",
            Self::HeadNotKept { .. } => "HeadNotKept",
            Self::OutOfTime => "OutOfTime",
            Self::Panicked => "Panicked",
        }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.error_type().to_owned(), error_message: failure.to_string() }
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Blind { missing } => Self::Blind { missing },
            ScanError::Salesforce(error) => Self::Salesforce(error),
            ScanError::Store(error) => Self::Store(error),
        }
    }
}

impl From<EvaluateError> for Failure {
    fn from(error: EvaluateError) -> Self {
        match error {
            EvaluateError::Store(error) => Self::Store(error),
            unreadable => Self::InvalidPayload(unreadable.to_string()),
        }
    }
}

impl From<ContainError> for Failure {
    fn from(error: ContainError) -> Self {
        match error {
            ContainError::Salesforce(error) => Self::Salesforce(error),
            ContainError::Store(error) => Self::Store(error),
            ContainError::NoFinding { org, finding } => Self::NoFinding { org, finding },
            ContainError::ScannerUnknown { org } => Self::ScannerUnknown { org },
            ContainError::OtherOrg { asked, connected } => Self::OtherOrg { asked, found: connected },
            other @ ContainError::OtherSubject { .. } => Self::InvalidPayload(other.to_string()),
            stopped @ ContainError::Stopped { .. } => Self::Stopped(stopped.to_string()),
            ContainError::Busy { what } => Self::Busy { what },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Key, Table};

    fn key() -> Key {
        Key::new(Table::Scan, &OrgId::new("00D000000000001EAA"), "cursors", "logins")
    }

    #[test]
    fn alarms_can_tell_failures_apart() {
        let unreachable = SalesforceError::TimedOut { object: "LoginHistory".to_owned(), seconds: 60 };
        let refused = SalesforceError::NotAuthorised {
            error: "invalid_grant".to_owned(),
            description: "user hasn't approved this consumer".to_owned(),
            hint: "Approve it".to_owned(),
        };
        let down = StoreError::Unavailable { store: "sqlite:/w".to_owned(), reason: "disk full".to_owned() };
        let told = |failure: Failure| Diagnostic::from(failure).error_type;
        assert_eq!(told(unreachable.into()), "SalesforceUnreachable");
        assert_eq!(told(ScanError::Salesforce(refused).into()), "SalesforceRefused");
        assert_eq!(told(down.into()), "StoreUnavailable");
        assert_eq!(told(EvaluateError::Store(StoreError::Conflict(key())).into()), "Overtaken");
        let unknown = ContainError::ScannerUnknown { org: OrgId::new("00D000000000001EAA") };
        assert_eq!(told(unknown.into()), "ScannerUnknown");
        assert_eq!(told(ScanError::Blind { missing: "Manage Users".to_owned() }.into()), "Blind");
    }

    #[test]
    fn a_message_of_mixed_orgs_is_an_invalid_payload() {
        let error = EvaluateError::MixedOrgs { first: OrgId::new("a"), other: OrgId::new("b") };
        assert_eq!(Failure::from(error).error_type(), "InvalidPayload");
    }
}
