//! An operator's own MaxMind DB file: GeoLite2, GeoIP2, IPinfo or one with the same fields.

use std::net::IpAddr;
use std::path::Path;

use jiff::Timestamp;
use maxminddb::Reader;
use serde::Deserialize;

use super::PackError;
use super::mapping::Mapping;
use super::providers;
use crate::detection::Sensor;
use crate::observation::{CountryCode, ProviderKind};

/// A database, ready to be asked.
#[derive(Debug)]
pub(super) struct Database(Reader<Mapping>);

/// What a database knows of an address.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) asn: Option<u32>,
    pub(super) provider: Option<String>,
    pub(super) kind: ProviderKind,
    pub(super) country: Option<CountryCode>,
    pub(super) is_tor: bool,
    pub(super) is_vpn: bool,
}

/// The fields of MaxMind's ASN, ISP, Country, City and Anonymous IP databases, and of IPinfo's, that say something here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "the databases' own fields")]
struct Fields {
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<String>,
    /// IPinfo: `AS64496`.
    asn: Option<String>,
    as_name: Option<String>,
    country: Option<Country>,
    /// IPinfo Lite.
    country_code: Option<String>,
    is_hosting_provider: bool,
    is_tor_exit_node: bool,
    is_anonymous_vpn: bool,
    is_public_proxy: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Country {
    /// IPinfo.
    Code(String),
    /// MaxMind.
    Described { iso_code: Option<String> },
}

impl Database {
    /// Opens a database.
    pub(super) fn open(file: &Path) -> Result<Self, PackError> {
        let reader = Reader::from_source(Mapping::open(file)?);
        reader.map(Self).map_err(|error| PackError::new(file, format!("is no MaxMind database: {error}")))
    }

    /// From when its data are.
    pub(super) fn as_of(&self) -> Option<Timestamp> {
        Timestamp::from_second(i64::try_from(self.0.metadata().build_epoch).ok()?).ok()
    }

    /// What kind of database it says it is.
    pub(super) fn kind(&self) -> &str {
        &self.0.metadata().database_type
    }

    /// What it lets detections see, by what it says it is.
    pub(super) fn sensors(&self) -> &'static [Sensor] {
        let kind = self.kind().to_ascii_lowercase();
        if kind.contains("anonymous") || kind.contains("privacy") {
            &[Sensor::Anonymisers]
        } else if ["asn", "isp", "ipinfo", "enterprise"].iter().any(|word| kind.contains(word)) {
            &[Sensor::Providers]
        } else {
            &[]
        }
    }

    /// What is known of an address; nothing where a database of another make has other types under these names.
    pub(super) fn look_up(&self, address: IpAddr) -> Option<Row> {
        let fields = self.0.lookup(address).ok()?.decode::<Fields>().ok()??;
        let asn =
            fields.autonomous_system_number.or_else(|| fields.asn?.trim_start_matches("AS").parse().ok());
        let country = match fields.country {
            Some(Country::Code(code)) => Some(code),
            Some(Country::Described { iso_code }) => iso_code,
            None => None,
        };
        let country = fields.country_code.or(country).as_deref().and_then(CountryCode::parse);
        let kind = if fields.is_hosting_provider {
            ProviderKind::Hosting
        } else {
            asn.map_or(ProviderKind::Other, providers::kind_of)
        };
        Some(Row {
            asn,
            provider: fields.autonomous_system_organization.or(fields.as_name),
            kind,
            country,
            is_tor: fields.is_tor_exit_node,
            is_vpn: fields.is_anonymous_vpn || fields.is_public_proxy,
        })
    }
}
