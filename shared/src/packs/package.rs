//! Packages of a registry that a network pack is built from, and the licences of their data.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use csv::{Reader, ReaderBuilder, StringRecord};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::flatten::Span;
use super::{PackError, PackSource};
use crate::observation::CountryCode;

/// What a package tells of each range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    /// The autonomous system and its name.
    Systems,
    /// The country.
    Countries,
}

/// A package whose form and licence are known. What `package.json` calls the licence is that of the package's own words; the
/// data's stands in the files beside it.
struct Known {
    package: &'static str,
    tells: Tells,
    /// Its two tables.
    files: [&'static str; 2],
    licence: &'static str,
    attribution: &'static str,
}

const KNOWN: [Known; 2] = [
    Known {
        package: "@ip-location-db/asn",
        tells: Tells::Systems,
        files: ["asn-ipv4.csv", "asn-ipv6.csv"],
        licence: "CC-BY-4.0",
        attribution: "IP address to autonomous system data by Route Views (https://www.routeviews.org/) and the Number \
                      Resource Organization (https://www.nro.net/), IP to ASN Lite by DB-IP (https://db-ip.com), merged by \
                      ip-location-db (https://github.com/sapics/ip-location-db)",
    },
    Known {
        package: "@ip-location-db/geo-whois-asn-country",
        tells: Tells::Countries,
        files: ["geo-whois-asn-country-ipv4.csv", "geo-whois-asn-country-ipv6.csv"],
        licence: "CC-BY-4.0",
        attribution: "IP address to country data by the Number Resource Organization (https://www.nro.net/), merged with \
                      published geofeeds by ip-location-db (https://github.com/sapics/ip-location-db)",
    },
];

/// The attributions that built packs carry.
#[cfg(test)]
pub(super) fn attributions() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.attribution)
}

/// The two families' ranges of one kind of value.
#[derive(Debug)]
pub(super) struct Table<V> {
    pub(super) v4: Vec<Span<V>>,
    pub(super) v6: Vec<Span<V>>,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { v4: Vec::new(), v6: Vec::new() }
    }
}

/// What was read of all packages.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) systems: Table<u32>,
    pub(super) countries: Table<Option<CountryCode>>,
    /// Names of systems, in the order of first mention.
    pub(super) names: Vec<(u32, String)>,
    pub(super) sources: Vec<PackSource>,
}

#[derive(Deserialize)]
struct Described {
    name: String,
    version: String,
}

/// Reads a package's folder.
pub(super) fn read(folder: &Path, into: &mut Gathered) -> Result<(), PackError> {
    let file = folder.join("package.json");
    let text = std::fs::read_to_string(&file).map_err(|error| PackError::unreadable(&file, error))?;
    let described: Described = serde_json::from_str(&text)
        .map_err(|error| PackError::new(&file, format!("is no package.json: {error}")))?;
    let known = KNOWN.iter().find(|known| known.package == described.name).ok_or_else(|| {
        let names: Vec<_> = KNOWN.iter().map(|known| known.package).collect();
        let known = names.join(" and ");
        PackError::new(
            &file,
            format!("`{}` is not known, nor under which licence it is; known are {known}", described.name),
        )
    })?;
    let as_of = dated(&described.version)
        .ok_or_else(|| PackError::new(&file, format!("the version {} has no date", described.version)))?;
    let mut source = PackSource {
        package: described.name,
        version: described.version,
        as_of,
        licence: known.licence.to_owned(),
        attribution: known.attribution.to_owned(),
        rows: 0,
        left_out: 0,
    };
    for name in known.files {
        rows(&folder.join(name), known.tells, into, &mut source)?;
    }
    into.sources.push(source);
    Ok(())
}

/// The date in a version such as 2.3.2026061719.
fn dated(version: &str) -> Option<Timestamp> {
    let digits = version.rsplit('.').next()?.get(..8)?;
    let date = Date::strptime("%Y%m%d", digits).ok()?;
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
}

fn rows(path: &Path, tells: Tells, into: &mut Gathered, source: &mut PackSource) -> Result<(), PackError> {
    let mut rows = open(path)?;
    let mut row = StringRecord::new();
    loop {
        let read = rows.read_record(&mut row);
        let line = row.position().map_or(0, csv::Position::line);
        match read {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return Err(PackError::new(path, error.to_string())),
        }
        let wrong = |reason: &str| PackError::at(path, line, reason);
        let field = |place| row.get(place).unwrap_or_default();
        let ends = range(field(0), field(1)).ok_or_else(|| wrong("is no range of addresses"))?;
        if matches!(ends, Ends::TooNear) {
            source.left_out += 1;
            continue;
        }
        source.rows += 1;
        match tells {
            Tells::Systems => {
                let asn = field(2).parse().map_err(|_| wrong("has no number of an autonomous system"))?;
                push(&mut into.systems, ends, asn);
                if into.names.last().is_none_or(|(last, _)| *last != asn) {
                    into.names.push((asn, field(3).to_owned()));
                }
            }
            Tells::Countries => {
                let country =
                    CountryCode::parse(field(2)).ok_or_else(|| wrong("has no country of two letters"))?;
                push(&mut into.countries, ends, Some(country));
            }
        }
    }
}

fn open(path: &Path) -> Result<Reader<std::fs::File>, PackError> {
    let file = std::fs::File::open(path).map_err(|error| PackError::unreadable(path, error))?;
    Ok(ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file))
}

/// The first and the last key of a range.
#[derive(Debug, Clone, Copy)]
enum Ends {
    V4([u64; 2]),
    V6([u64; 2]),
    /// It holds no whole /64.
    TooNear,
}

fn push<V>(table: &mut Table<V>, ends: Ends, value: V) {
    let (spans, [first, last]) = match ends {
        Ends::V4(keys) => (&mut table.v4, keys),
        Ends::V6(keys) => (&mut table.v6, keys),
        Ends::TooNear => return,
    };
    spans.push(Span { first, last, value });
}

/// `None` where it is no range.
fn range(first: &str, last: &str) -> Option<Ends> {
    match (first.parse().ok()?, last.parse().ok()?) {
        (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
            Some(Ends::V4([first, last].map(|end| u64::from(end.to_bits()))))
        }
        (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
            let whole = u128::from(u64::MAX);
            let begin = first.to_bits().checked_add(whole)? >> 64;
            let end = last.to_bits().checked_add(1).map_or(1 << 64, |end| end >> 64);
            Some(if begin < end { Ends::V6([begin as u64, (end - 1) as u64]) } else { Ends::TooNear })
        }
        _ => None,
    }
}

/// Where a registry's client puts the known packages.
pub(super) fn folders(modules: &Path) -> Vec<PathBuf> {
    KNOWN.iter().map(|known| modules.join(known.package)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(first: &str, last: &str) -> Result<[u64; 2], &'static str> {
        match range(first, last) {
            Some(Ends::V4(keys) | Ends::V6(keys)) => Ok(keys),
            Some(Ends::TooNear) => Err("too near"),
            None => Err("none"),
        }
    }

    #[test]
    fn of_ipv6_only_whole_networks_count() {
        let site = 0x2001_0db8_0000_0000;
        assert_eq!(keys("2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"), Ok([site, site]));
        assert_eq!(keys("2001:db8::1", "2001:db8:0:2::"), Ok([site + 1, site + 1]));
        assert_eq!(keys("2001:db8::1", "2001:db8::9"), Err("too near"));
        let end = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assert_eq!(keys("ffff:ffff:ffff:ffff::", end), Ok([u64::MAX, u64::MAX]));
        for (first, last) in
            [("198.51.100.9", "198.51.100.1"), ("198.51.100.9", "::1"), ("x", "198.51.100.1")]
        {
            assert_eq!(keys(first, last), Err("none"));
        }
    }

    #[test]
    fn a_version_tells_the_day() {
        assert_eq!(dated("2.3.2026061719").unwrap().to_string(), "2026-06-17T00:00:00Z");
        assert_eq!(dated("2.3.4"), None);
        assert_eq!(dated("2.3.2026990101"), None);
    }
}
