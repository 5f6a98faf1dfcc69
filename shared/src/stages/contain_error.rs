//! How a containment fails.

use crate::containment::ContainmentId;
use crate::detection::FindingId;
use crate::observation::OrgId;
use crate::salesforce::SalesforceError;
use crate::store::StoreError;

/// Why a containment failed. It is safe to ask again: what was begun is gone on with, what was done is not repeated.
#[derive(Debug, thiserror::Error)]
pub enum ContainError {
    /// Salesforce failed before anything was done.
    #[error(transparent)]
    Salesforce(#[from] SalesforceError),
    /// The store failed, or another worker took over. Without a record of it nothing more was done.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such finding.
    #[error("org {org} has no finding {finding}; nothing is done")]
    NoFinding {
        /// Which org.
        org: OrgId,
        /// Which finding.
        finding: FindingId,
    },
    /// The connection leads to another org than the request names.
    #[error("the request is about org {asked} and the connection leads to {connected}; nothing is done")]
    OtherOrg {
        /// The org of the request.
        asked: OrgId,
        /// The org of the connection.
        connected: OrgId,
    },
    /// Whom the org is scanned as is not known, so it could be the very user who is to be contained.
    #[error(
        "it is not known as whom org {org} is scanned, so nobody is contained; run the scan of this org once first"
    )]
    ScannerUnknown {
        /// Which org.
        org: OrgId,
    },
    /// The id of the request is that of a containment of another subject, which answers nothing about this one.
    #[error(
        "the request {request_id} is about {asked}, and containment {kept} of that id is about another; ask under another id"
    )]
    OtherSubject {
        /// Under which id.
        request_id: String,
        /// About what.
        asked: String,
        /// The containment that is kept.
        kept: ContainmentId,
    },
    /// The kill switch stops what a release would do beside giving back.
    #[error(
        "the kill switch stops the password reset, and nothing is given back before it: {reason}; release without a \
         reset, or lift the switch"
    )]
    Stopped {
        /// What the switch says.
        reason: String,
    },
    /// Another worker has had the subject in hand for longer than is waited.
    #[error("{what} is in the hands of another worker; ask again later")]
    Busy {
        /// What.
        what: String,
    },
}
