//! What was tried lately.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use crate::observation::{LoginId, Network, Outcome, Verification};

/// One recent attempt.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Written")]
pub struct Attempt {
    /// When.
    pub time: Timestamp,
    /// The login.
    pub login: LoginId,
    /// What came of it.
    pub outcome: Outcome,
    /// From which network, if from an address.
    pub network: Option<Network>,
    /// The client's family, as a mark.
    pub client: u32,
}

/// The short form that is written, and the long one that was written before.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Line(Timestamp, LoginId, Outcome, Option<Network>, u32),
    Named { time: Timestamp, login: LoginId, outcome: Outcome, network: Option<Network> },
}

impl From<Written> for Attempt {
    fn from(written: Written) -> Self {
        let (time, login, outcome, network, client) = match written {
            Written::Line(time, login, outcome, network, client) => (time, login, outcome, network, client),
            Written::Named { time, login, outcome, network } => (time, login, outcome, network, 0),
        };
        Self { time, login, outcome, network, client }
    }
}

impl Serialize for Attempt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.time, &self.login, self.outcome, self.network, self.client).serialize(serializer)
    }
}

impl Attempt {
    /// Whether a password was tried and was wrong.
    pub fn is_guess(&self) -> bool {
        matches!(self.outcome, Outcome::WrongPassword | Outcome::LockedOut)
    }
}

/// One recent identity verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// When.
    pub time: Timestamp,
    /// What came of it.
    pub outcome: CheckOutcome,
    /// From which network, if from an address.
    pub network: Option<Network>,
}

/// What came of a verification. Source: Object Reference, VerificationHistory, `Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// The user passed.
    Passed,
    /// The user said no.
    Denied,
    /// The user said no, and that he had not asked.
    Reported,
    /// The code was wrong.
    WrongCode,
    /// Another failure.
    Failed,
    /// It is under way, or a kind that is not known.
    Open,
}

impl CheckOutcome {
    /// Reads `Status`; what is not known is none of the others.
    pub fn of(check: &Verification) -> Self {
        match check.status.as_str() {
            "Succeeded" | "AutomatedSuccess" => Self::Passed,
            "Denied" => Self::Denied,
            "ReportedDenied" => Self::Reported,
            "FailedInvalidCode" => Self::WrongCode,
            failed if failed.starts_with("Failed") => Self::Failed,
            _ => Self::Open,
        }
    }

    /// Whether the user, or whoever plays him, did not pass.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Denied | Self::Reported | Self::WrongCode | Self::Failed)
    }
}
