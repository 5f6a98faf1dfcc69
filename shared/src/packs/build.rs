//! Packages of a registry → a network pack.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;

use super::flatten::{Span, flatten};
use super::layout::{INDEX, Lengths, NUMBER, RECORD};
use super::network_pack::{kind_number, seal};
use super::package::{self, Gathered};
use super::providers::kind_of;
use super::{Manifest, PackError};
use crate::observation::CountryCode;

/// Bytes of a name that are kept.
const NAME: usize = 64;

/// A pack that was built, not yet written.
#[derive(Debug)]
pub struct Built {
    /// The file's content.
    pub bytes: Vec<u8>,
    /// What it says of itself.
    pub manifest: Manifest,
}

/// Builds a pack from the packages below a folder such as `node_modules`. The same packages and the same time make the same
/// bytes.
///
/// # Errors
/// A package is missing, is not one whose licence is known, or a row of it makes no sense, which the error names.
pub fn build(modules: &Path, now: Timestamp) -> Result<Built, PackError> {
    let mut gathered = Gathered::default();
    for folder in package::folders(modules) {
        package::read(&folder, &mut gathered)?;
    }
    let sources = std::mem::take(&mut gathered.sources);
    let manifest = Manifest {
        built_at: now,
        built_by: format!("warden {}", env!("CARGO_PKG_VERSION")),
        as_of: sources.iter().map(|source| source.as_of).min().unwrap_or(now),
        sources,
    };
    let too_much = || PackError::new(modules, "holds more than a pack can hold");
    let bytes = file(gathered, &manifest).ok_or_else(too_much)?;
    Ok(Built { bytes, manifest })
}

/// `None` where a part is larger than its length can say.
fn file(gathered: Gathered, manifest: &Manifest) -> Option<Vec<u8>> {
    let mut records = Records::new(gathered.names);
    let v4 = records.family(gathered.systems.v4, gathered.countries.v4);
    let v6 = records.family(gathered.systems.v6, gathered.countries.v6);
    let manifest = serde_json::to_vec(manifest).ok()?;
    let length = |count: usize| u32::try_from(count).ok();
    let lengths = Lengths {
        v4: length(v4.len())?,
        v6: length(v6.len())?,
        records: length(records.bytes.len() / RECORD).filter(|count| *count < 1 << (8 * NUMBER))?,
        names: length(records.names.len())?,
        manifest: length(manifest.len())?,
    };
    let mut bytes = lengths.head();
    bytes.resize(lengths.layout()?.v4.index.start, 0);
    write_family(&mut bytes, &v4, 16, |key| (key as u32).to_le_bytes());
    write_family(&mut bytes, &v6, 48, u64::to_le_bytes);
    bytes.extend([records.bytes, records.names, manifest].concat());
    seal(&mut bytes);
    Some(bytes)
}

/// Starts of ranges in order, each with the number of its record.
type Ranges = Vec<(u64, u32)>;

fn write_family<const N: usize>(
    bytes: &mut Vec<u8>,
    ranges: &[(u64, u32)],
    low_bits: u32,
    key: impl Fn(u64) -> [u8; N],
) {
    let mut below = 0;
    for top in 0..INDEX as u128 {
        while ranges.get(below).is_some_and(|(start, _)| u128::from(*start) < top << low_bits) {
            below += 1;
        }
        bytes.extend((below as u32).to_le_bytes());
    }
    bytes.extend(ranges.iter().flat_map(|(start, _)| key(*start)));
    bytes.extend(ranges.iter().flat_map(|(_, record)| record.to_le_bytes().into_iter().take(NUMBER)));
}

/// What addresses share: system and country. The first record says nothing.
struct Records {
    known: HashMap<(u32, Option<CountryCode>), u32>,
    bytes: Vec<u8>,
    names: Vec<u8>,
    /// Where each system's name lies.
    places: HashMap<u32, (u32, u8)>,
}

impl Records {
    fn new(systems: Vec<(u32, String)>) -> Self {
        let (mut names, mut places, mut spelt) = (Vec::new(), HashMap::new(), HashMap::new());
        for (asn, name) in systems {
            let name = &name[..name.floor_char_boundary(NAME)];
            let place = *spelt.entry(name.to_owned()).or_insert_with(|| {
                let at = names.len() as u32;
                names.extend_from_slice(name.as_bytes());
                (at, name.len() as u8)
            });
            places.entry(asn).or_insert(place);
        }
        let mut records = Self { known: HashMap::new(), bytes: Vec::new(), names, places };
        records.number(0, None);
        records
    }

    fn family(&mut self, systems: Vec<Span<u32>>, countries: Vec<Span<Option<CountryCode>>>) -> Ranges {
        let joined = flatten(systems, countries);
        joined.into_iter().map(|(start, (asn, country))| (start, self.number(asn, country))).collect()
    }

    fn number(&mut self, asn: u32, country: Option<CountryCode>) -> u32 {
        if let Some(number) = self.known.get(&(asn, country)) {
            return *number;
        }
        let number = self.known.len() as u32;
        self.known.insert((asn, country), number);
        let (at, length) = self.places.get(&asn).copied().unwrap_or_default();
        let country = country.map_or([0; 2], |country| {
            let letters = country.as_str().as_bytes();
            [letters[0], letters[1]]
        });
        self.bytes.extend(asn.to_le_bytes());
        self.bytes.extend(country);
        self.bytes.extend([kind_number(kind_of(asn)), length]);
        self.bytes.extend(at.to_le_bytes());
        number
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::observation::ProviderKind;
    use crate::packs::{NetworkPack, Provider};

    const V4: &str =
        "198.51.100.0,198.51.100.255,64496,\"Acme, Inc.\"\n203.0.113.0,203.0.113.127,14061,DigitalOcean\n";
    const V6: &str = "2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,21928,T-Mobile USA\n";
    const COUNTRIES_V4: &str = "198.51.100.128,198.51.100.255,FR\n203.0.113.0,203.0.113.255,NL\n";
    const COUNTRIES_V6: &str =
        "2001:db8::,2001:db8::ffff:ffff:ffff:ffff,US\n2001:db8:1::1,2001:db8:1::9,DE\n";

    fn packages(v4: &str) -> tempfile::TempDir {
        let modules = tempfile::tempdir().unwrap();
        let packages = [("asn", [v4, V6]), ("geo-whois-asn-country", [COUNTRIES_V4, COUNTRIES_V6])];
        for (name, tables) in packages {
            let folder = modules.path().join("@ip-location-db").join(name);
            fs::create_dir_all(&folder).unwrap();
            let described = format!(r#"{{"name":"@ip-location-db/{name}","version":"2.3.2026061719"}}"#);
            fs::write(folder.join("package.json"), described).unwrap();
            for (family, table) in ["ipv4", "ipv6"].iter().zip(tables) {
                fs::write(folder.join(format!("{name}-{family}.csv")), table).unwrap();
            }
        }
        modules
    }

    fn built() -> Built {
        build(packages(V4).path(), "2026-11-01T08:00:00Z".parse().unwrap()).unwrap()
    }

    fn opened(bytes: &[u8]) -> Result<NetworkPack, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        NetworkPack::open(file.path()).map_err(|error| error.reason)
    }

    #[test]
    fn every_address_has_what_the_tables_say_of_it() {
        let pack = opened(&built().bytes).unwrap();
        let known = |address: &str| {
            let Provider { asn, name, kind, country } = pack.look_up(address.parse().unwrap())?;
            let country = country.map_or_else(|| "-".to_owned(), |country| country.to_string());
            Some(format!("{} {name} {kind:?} {country}", asn.unwrap_or_default()))
        };
        let wanted = [
            ("198.51.99.255", None),
            ("198.51.100.0", Some("64496 Acme, Inc. Other -")),
            ("198.51.100.128", Some("64496 Acme, Inc. Other FR")),
            ("198.51.101.0", None),
            ("203.0.113.127", Some("14061 DigitalOcean Hosting NL")),
            ("203.0.113.128", Some("0  Other NL")),
            ("::ffff:203.0.113.9", Some("14061 DigitalOcean Hosting NL")),
            ("255.255.255.255", None),
            ("0.0.0.0", None),
            ("2001:db8::1", Some("21928 T-Mobile USA Mobile US")),
            ("2001:db8:0:1::1", Some("21928 T-Mobile USA Mobile -")),
            ("2001:db8:1::1", None),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None),
        ];
        for (address, wanted) in wanted {
            assert_eq!(known(address).as_deref(), wanted, "{address}");
        }
        assert_eq!(
            pack.look_up("203.0.113.9".parse().unwrap()).unwrap().kind,
            ProviderKind::Hosting,
            "what rents out machines is marked"
        );
    }

    #[test]
    fn a_pack_tells_its_sources_and_the_same_sources_make_the_same_pack() {
        let (one, other) = (built(), built());
        assert_eq!(one.bytes, other.bytes);
        let pack = opened(&one.bytes).unwrap();
        assert_eq!(*pack.manifest(), one.manifest);
        assert_eq!((pack.size(), pack.ranges()), (one.bytes.len(), [7, 4]));
        let [systems, countries] = &one.manifest.sources[..] else { panic!("{:?}", one.manifest) };
        assert_eq!((systems.rows, systems.left_out, countries.rows, countries.left_out), (3, 0, 3, 1));
        assert_eq!(one.manifest.as_of.to_string(), "2026-06-17T00:00:00Z");
        let notice = include_str!("../../../NOTICE").split_whitespace().collect::<Vec<_>>().join(" ");
        for attribution in package::attributions() {
            assert!(notice.contains(attribution), "NOTICE lacks: {attribution}");
        }
    }

    #[test]
    fn a_damaged_pack_is_refused_and_never_misread() {
        let whole = built().bytes;
        for at in (0..whole.len()).step_by(whole.len() / 97) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x40;
            assert!(opened(&damaged).is_err(), "byte {at}");
            assert!(opened(&whole[..at]).is_err(), "cut at {at}");
        }
        assert!(opened(b"<html>").unwrap_err().contains("is no network pack"));
        assert!(opened(b"").unwrap_err().contains("is empty"));
        let mut later = whole;
        later[8] = 2;
        assert!(opened(&later).unwrap_err().contains("another version"));
    }

    #[test]
    fn a_row_that_makes_no_sense_is_named() {
        let now = Timestamp::UNIX_EPOCH;
        let modules = packages(&format!("{V4}203.0.113.128,203.0.113.255,many,X\n"));
        let error = build(modules.path(), now).unwrap_err();
        assert_eq!((error.line, error.reason.as_str()), (Some(3), "has no number of an autonomous system"));
        let modules = packages(V4);
        let described = modules.path().join("@ip-location-db/asn/package.json");
        fs::write(&described, r#"{"name":"ips","version":"1.0.20260101"}"#).unwrap();
        let error = build(modules.path(), now).unwrap_err();
        assert!(error.reason.starts_with("`ips` is not known, nor under which licence it is"), "{error}");
        fs::remove_file(described).unwrap();
        assert!(build(modules.path(), now).unwrap_err().reason.starts_with("cannot be read"));
    }
}
