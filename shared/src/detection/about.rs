//! What a detection says of itself, and the trait that each implements.

use serde::{Deserialize, Serialize};

use super::catalogue::family_of;
use super::{Hit, Shown, View};
use crate::observation::{Login, Session, Threat, TokenUse, Verification};

/// How much of its weight a detection keeps beside a stronger one of its own family.
const FURTHER: f64 = 0.15;

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

    /// The chance, 0 to 100, that at least one of several detections is right. Families are taken to be independent;
    /// within one, the strongest counts fully and each further one a little, because both look at the same thing. What is
    /// said of a login as a whole rests on what all the others look at, so it never adds to them: the graver counts.
    pub(super) fn score<'d>(said: impl IntoIterator<Item = (&'d str, Self)>) -> f64 {
        let mut families: Vec<(Option<Family>, f64, f64)> = Vec::new();
        let mut whole = 0.0_f64;
        for (detection, severity) in said {
            let (family, weight) = (family_of(detection), severity.weight());
            if family == Some(Family::Whole) {
                whole = whole.max(weight);
                continue;
            }
            match families.iter_mut().find(|known| known.0.is_some() && known.0 == family) {
                Some((_, strongest, others)) => {
                    *others *= 1.0 - FURTHER * weight.min(*strongest);
                    *strongest = strongest.max(weight);
                }
                None => families.push((family, weight, 1.0)),
            }
        }
        let miss: f64 = families.iter().map(|(_, strongest, others)| (1.0 - strongest) * others).product();
        ((1.0 - miss).max(whole) * 1000.0).round() / 10.0
    }

    /// The severity of what several detections say together, each named by its id.
    pub fn joined<'d>(said: impl IntoIterator<Item = (&'d str, Self)>) -> Self {
        Self::of_score(Self::score(said))
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// A: attacks on credentials.
    Credential,
    /// B: travel and place.
    Place,
    /// C: networks.
    Network,
    /// D: clients and devices.
    Client,
    /// E: applications and OAuth.
    Application,
    /// F: assurance and identity changes.
    Assurance,
    /// G: lifecycle, time and volume.
    Lifecycle,
    /// H: sessions.
    Session,
    /// I: everything about a login together.
    Whole,
}

impl Family {
    /// Every family, in the order of the catalogue.
    pub const ALL: [Self; 9] = [
        Self::Credential,
        Self::Place,
        Self::Network,
        Self::Client,
        Self::Application,
        Self::Assurance,
        Self::Lifecycle,
        Self::Session,
        Self::Whole,
    ];

    /// Its letter in the catalogue, its name in a path, and its heading.
    pub fn names(self) -> (char, &'static str, &'static str) {
        match self {
            Self::Credential => ('A', "credentials", "Attacks on credentials"),
            Self::Place => ('B', "places", "Travel and place"),
            Self::Network => ('C', "networks", "Networks"),
            Self::Client => ('D', "clients", "Clients and devices"),
            Self::Application => ('E', "applications", "Applications and OAuth"),
            Self::Assurance => ('F', "assurance", "Assurance and changes of identity"),
            Self::Lifecycle => ('G', "lifecycle", "Lifecycle, time and volume"),
            Self::Session => ('H', "sessions", "Sessions"),
            Self::Whole => ('I', "whole", "The login as a whole"),
        }
    }
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
    /// User.
    Accounts,
    /// OauthToken.
    Tokens,
    /// A data pack that knows who runs a network.
    Providers,
    /// A data pack that lists Tor exits or VPNs.
    Anonymisers,
    /// A data pack of indicators of compromise.
    Indicators,
    /// Real-Time Events, by Event Relay.
    Relay,
}

impl Sensor {
    /// Whether it is a data pack: nothing that Salesforce has.
    pub fn is_pack(self) -> bool {
        matches!(self, Self::Providers | Self::Anonymisers | Self::Indicators)
    }

    /// The Salesforce object or the data pack behind it, for people.
    pub fn object(self) -> &'static str {
        match self {
            Self::Logins => "LoginHistory",
            Self::Places => "LoginGeo or CountryIso",
            Self::Sessions => "AuthSession",
            Self::Verifications => "VerificationHistory",
            Self::Accounts => "User",
            Self::Tokens => "OauthToken",
            Self::Providers => "a data pack of the kind `networks` or `mmdb`",
            Self::Anonymisers => "a data pack of the kind `tor`, `vpn` or `mmdb`",
            Self::Indicators => "a data pack of the kind `indicators`",
            Self::Relay => "Real-Time Events that the org relays (Shield or Event Monitoring)",
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
    /// How often it is right; a `high` hit of `high` confidence is conclusive by itself.
    pub confidence: Confidence,
    /// What it looks at.
    pub family: Family,
    /// Which logins it is shown: it can say nothing of others.
    #[serde(skip)]
    pub shown: Shown,
    /// MITRE ATT&CK techniques.
    pub mitre: &'static [&'static str],
    /// What must be readable.
    pub needs: &'static [Sensor],
    /// Its parameters in the policy: the name, and what it means with its unit.
    pub parameters: &'static [(&'static str, &'static str)],
    /// What keeps it quiet, or makes it weigh less, though the pattern is there.
    pub quiet: &'static [&'static str],
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

    /// Judges what happened to one refresh token between two looks.
    fn on_token(&self, _view: &View<'_>, _seen: &TokenUse) -> Option<Hit> {
        None
    }

    /// Judges what Salesforce itself takes for hostile.
    fn on_threat(&self, _view: &View<'_>, _threat: &Threat) -> Option<Hit> {
        None
    }
}
