//! What a detection says of itself, and the trait that each implements.

use serde::{Deserialize, Serialize};

use super::{Hit, View};
use crate::observation::{Login, Session, Verification};

/// How bad it is if true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Context for a reader; never acted on.
    Info,
    /// Worth a look when time allows.
    Low,
    /// Worth a look today.
    Medium,
    /// A takeover is likely.
    High,
    /// A takeover is all but certain.
    Critical,
}

impl Severity {
    /// The probability-like weight with which hits are joined into a score, 0 to 1.
    fn weight(self) -> f64 {
        match self {
            Self::Info => 0.05,
            Self::Low => 0.20,
            Self::Medium => 0.45,
            Self::High => 0.75,
            Self::Critical => 0.95,
        }
    }

    /// The chance, 0 to 100, that at least one of several hits is right, were they independent.
    pub(super) fn score(severities: impl Iterator<Item = Self>) -> f64 {
        let miss: f64 = severities.map(|severity| 1.0 - severity.weight()).product();
        ((1.0 - miss) * 1000.0).round() / 10.0
    }

    /// The severity of several hits together.
    pub fn joined(severities: impl Iterator<Item = Self>) -> Self {
        Self::of_score(Self::score(severities))
    }

    /// The severity of a joined score, 0 to 100. Two independent `medium` hits make a `high`.
    pub(super) fn of_score(score: f64) -> Self {
        match score {
            s if s >= 94.0 => Self::Critical,
            s if s >= 69.0 => Self::High,
            s if s >= 40.0 => Self::Medium,
            s if s >= 15.0 => Self::Low,
            _ => Self::Info,
        }
    }

    /// Lower-case name, as it stands in a finding.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How often it is right when it speaks, by design rather than by measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Often innocent.
    Low,
    /// Usually right.
    Medium,
    /// Rarely wrong.
    High,
}

/// Detections of one family look at the same thing; two families are independent evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// A: attacks on credentials.
    Credential,
    /// B: travel and place.
    Place,
    /// C: networks.
    Network,
    /// E: applications and OAuth.
    Application,
    /// F: assurance and identity changes.
    Assurance,
    /// H: sessions.
    Session,
}

/// What must be readable for a detection to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensor {
    /// LoginHistory.
    Logins,
    /// A place for the address: LoginGeo, or the country.
    Places,
    /// AuthSession.
    Sessions,
    /// VerificationHistory.
    Verifications,
}

impl Sensor {
    /// The Salesforce object behind it, for people.
    pub fn object(self) -> &'static str {
        match self {
            Self::Logins => "LoginHistory",
            Self::Places => "LoginGeo or CountryIso",
            Self::Sessions => "AuthSession",
            Self::Verifications => "VerificationHistory",
        }
    }
}

/// A detection's card.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct About {
    /// Its name in the policy and in findings.
    pub id: &'static str,
    /// Its row in the catalogue of detections.
    pub row: &'static str,
    /// One line for a list.
    pub title: &'static str,
    /// Why it matters, in a sentence or two.
    pub why: &'static str,
    /// The severity it reaches at most by itself.
    pub severity: Severity,
    /// How often it is right.
    pub confidence: Confidence,
    /// What it looks at.
    pub family: Family,
    /// MITRE ATT&CK techniques.
    pub mitre: &'static [&'static str],
    /// What must be readable.
    pub needs: &'static [Sensor],
}

/// One detection. It sees what was learned before the observation and the observation itself, abstains (`None`)
/// without its minimum of history, and never decides what is done.
pub trait Detection: Send + Sync {
    /// Its card.
    fn about(&self) -> &'static About;

    /// Judges one attempt to log in.
    fn on_login(&self, _view: &View<'_>, _login: &Login) -> Option<Hit> {
        None
    }

    /// Judges one live session, when it is new or has changed its address or login.
    fn on_session(&self, _view: &View<'_>, _session: &Session) -> Option<Hit> {
        None
    }

    /// Judges one identity verification.
    fn on_verification(&self, _view: &View<'_>, _verification: &Verification) -> Option<Hit> {
        None
    }
}
