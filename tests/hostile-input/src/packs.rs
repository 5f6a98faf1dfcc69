//! Data packs. Both kinds are files that are mapped and read where they are asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::path::Path;

use session_warden::observation::{Observation, Origins};
use session_warden::packs::{NetworkPack, Packs};
use session_warden::policy::{DeclaredPack, PackKind};
use sha2::{Digest, Sha256};

use crate::file;

/// How a network pack lies in its file. Source: `layout.rs` beside its reader.
const MAGIC: &[u8] = b"warden\0P";
const VERSION: u32 = 1;
const CHECKSUM: Range<usize> = 32..64;
/// Entries of the indexes of both families.
const INDEXES: usize = 2 * ((1 << 16) + 1);
/// Bytes of a range of IPv4 and of IPv6 with its number, and of a record.
const SIZES: [usize; 3] = [7, 11, 12];
const MANIFEST: &str =
    r#"{"built_at":"2026-11-23T18:43:00Z","built_by":"0","as_of":"2026-11-23T18:43:00Z","sources":[]}"#;

/// A network pack as it is, which is nearly always damaged; and one whose head, checksum and manifest are right and whose parts
/// are not.
pub fn network_pack(data: &[u8]) {
    let damaged = file(data);
    if let Ok(pack) = NetworkPack::open(damaged.path()) {
        look_up(&pack);
    }
    let sealed = sealed(data);
    let file = file(&sealed);
    let pack = NetworkPack::open(file.path()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(pack.size(), sealed.len());
    look_up(&pack);
}

fn look_up(pack: &NetworkPack) {
    for address in addresses() {
        let known = pack.look_up(address);
        assert!(known.is_none_or(|known| known.asn.is_some() || known.country.is_some()));
    }
}

/// The first four bytes say how many ranges of each family, records and bytes of names there are; the others are repeated
/// for as long as the file needs them.
fn sealed(data: &[u8]) -> Vec<u8> {
    let count = |at: usize| data.get(at).copied().unwrap_or_default();
    let counts = [0, 1, 2, 3].map(count).map(u32::from);
    let numbers = [VERSION].into_iter().chain(counts).chain([MANIFEST.len() as u32]);
    let mut bytes: Vec<u8> = MAGIC.iter().copied().chain(numbers.flat_map(u32::to_le_bytes)).collect();
    bytes.resize(CHECKSUM.end, 0);
    let mut rest = data.get(4..).filter(|rest| !rest.is_empty()).unwrap_or(&[0]).iter().copied().cycle();
    bytes.extend(rest.by_ref().take(INDEXES).flat_map(|byte| u32::from(byte).to_le_bytes()));
    let sizes: usize = SIZES.iter().zip(counts).map(|(size, count)| size * count as usize).sum();
    bytes.extend(rest.take(sizes + counts[3] as usize));
    bytes.extend(MANIFEST.bytes());
    let checksum = Sha256::digest(&bytes[CHECKSUM.end..]);
    bytes[CHECKSUM].copy_from_slice(&checksum);
    bytes
}

/// An operator's own MaxMind database, asked as observations ask it.
pub fn mmdb(data: &[u8]) {
    let file = file(data);
    let declared = DeclaredPack {
        name: "own".to_owned(),
        path: file.path().to_owned(),
        kind: PackKind::Mmdb,
        valid_from: None,
        valid_until: None,
        max_age: None,
    };
    let (packs, _) = Packs::load(&[declared], Path::new(""));
    for address in addresses() {
        packs.tell(&mut login(address));
    }
    let now = jiff::Timestamp::UNIX_EPOCH;
    assert!(packs.states(now).len() <= 1);
}

/// The ends of both families, and addresses between them.
fn addresses() -> impl Iterator<Item = IpAddr> {
    let v4 = [0, 1, 0x0100_0000, 0x7fff_ffff, 0xc633_6407, u32::MAX];
    let v6 = [0, 1, 0x2001_0db8 << 96, 0x2a00 << 112, u128::MAX];
    v4.into_iter()
        .map(|bits| Ipv4Addr::from_bits(bits).into())
        .chain(v6.map(|bits| Ipv6Addr::from_bits(bits).into()))
}

#[expect(clippy::expect_used, reason = "a record with nothing wrong")]
fn login(address: IpAddr) -> Observation {
    let record = serde_json::json!({ "Id": "0Ya5g00000AbCdEAAV", "LoginTime": "2026-11-23T18:43:00.000+0000",
        "UserId": "0055g00000AbCdEAAV", "SourceIp": address.to_string(), "Status": "Success" });
    let login = session_warden::salesforce::login_from_json(&record.to_string());
    Observation::Login(Box::new(login.expect("a record")))
}
