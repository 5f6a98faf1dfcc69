//! What is known of where an observation came from beyond what Salesforce tells.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CountryCode, Observation, Text};

/// What is known of an address, and which lists name it or the client behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    /// The number of the autonomous system that announces the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<u32>,
    /// Who runs it.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub provider: Text,
    /// What it does.
    #[serde(skip_serializing_if = "ProviderKind::is_other")]
    pub kind: ProviderKind,
    /// Where the address is registered, which need not be where it is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<CountryCode>,
    /// Which lists name it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<Listing>,
}

/// What a provider does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// Rents out machines.
    Hosting,
    /// Carries phones: addresses change all day and are shared by thousands.
    Mobile,
    /// Anything else, or it is not known.
    #[default]
    Other,
}

/// What a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListKind {
    /// Exits of the Tor network.
    Tor,
    /// Exits of VPNs and proxies that hide who uses them.
    Vpn,
    /// What attackers were seen to use.
    Indicators,
}

/// A list's entry that an observation shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The list's name in the policy.
    pub list: Text,
    /// What the list is about.
    pub kind: ListKind,
    /// What is listed: an address, a network, part of a client's or an application's name, a user.
    pub entry: Text,
    /// Whether it is the address that is listed.
    #[serde(default)]
    pub by_address: bool,
    /// Where in the list, for example `line 12`.
    pub place: Text,
    /// Who says so, in the list's words; empty where it does not tell.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub source: Text,
    /// How sure its author is, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// Whether it held when the observation was made.
    pub validity: Validity,
    /// Until when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Whether an entry held at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// As far as is known.
    Current,
    /// It was over, had not begun, or its list was too old or too new to say. It informs and decides nothing.
    Expired,
}

/// What knows origins.
pub trait Origins: Send + Sync {
    /// Writes into an observation what is known of its origin; the same is known of the same each time.
    fn tell(&self, seen: &mut Observation);
}

/// Knows none.
#[derive(Debug, Clone, Copy)]
pub struct NoOrigins;

impl Origins for NoOrigins {
    fn tell(&self, _seen: &mut Observation) {}
}

impl ProviderKind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_other(&self) -> bool {
        *self == Self::Other
    }
}

impl Origin {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Entries of lists of one kind, as far as they held.
    pub fn listed_as(&self, kind: ListKind) -> impl Iterator<Item = &Listing> {
        self.listed
            .iter()
            .filter(move |listing| listing.kind == kind && listing.validity == Validity::Current)
    }

    /// Provider and number for people: `DigitalOcean, LLC (AS14061)`.
    pub fn label(&self) -> String {
        match (self.provider.as_str(), self.asn) {
            ("", Some(asn)) => format!("AS{asn}"),
            (name, Some(asn)) => format!("{name} (AS{asn})"),
            (name, None) => name.to_owned(),
        }
    }
}

#[cfg(test)]
impl Listing {
    /// An entry of a list called `list`.
    pub(crate) fn of(kind: ListKind, validity: Validity) -> Self {
        Self {
            list: "list".into(),
            kind,
            entry: "198.19.200.0/24".into(),
            by_address: true,
            place: "line 3".into(),
            source: Text::default(),
            confidence: None,
            validity,
            until: None,
        }
    }
}
