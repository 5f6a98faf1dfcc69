//! Data packs that the organisation declares.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::detection::instant;

/// A file of knowledge about addresses, and how long it is believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredPack {
    /// As findings name it.
    pub name: String,
    /// The file; from the policy's folder where it is not absolute.
    pub path: PathBuf,
    /// What it is.
    pub kind: PackKind,
    /// From when its data are: an instant, or a date, which begins at midnight UTC. Where omitted the file says it, or the
    /// time it was written does.
    #[serde(default, deserialize_with = "instant::begin", skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// From when on it decides nothing: an instant, or a date, which ends at midnight UTC.
    #[serde(default, deserialize_with = "instant::end_if_written", skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// How far from the time of its data it is believed; its kind's where omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<SignedDuration>,
}

/// What a pack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackKind {
    /// A network pack, as `warden pack build` makes it.
    Networks,
    /// A MaxMind DB file.
    Mmdb,
    /// A list of Tor exits.
    Tor,
    /// A list of VPNs and proxies.
    Vpn,
    /// A list of indicators of compromise.
    Indicators,
}

impl DeclaredPack {
    /// How far from the time of its data it is believed.
    pub fn max_age(&self) -> SignedDuration {
        self.max_age.unwrap_or(self.kind.usual_age())
    }
}

impl PackKind {
    /// Its name in the policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Networks => "networks",
            Self::Mmdb => "mmdb",
            Self::Tor => "tor",
            Self::Vpn => "vpn",
            Self::Indicators => "indicators",
        }
    }

    /// How fast what it says changes: Tor exits within the day, who announces a network within the year.
    pub fn usual_age(self) -> SignedDuration {
        let days = match self {
            Self::Networks | Self::Mmdb => 365,
            Self::Tor => 1,
            Self::Vpn => 30,
            Self::Indicators => 90,
        };
        SignedDuration::from_hours(24 * days)
    }
}
