//! A network pack: what is known of every address, in one mapped file.

use std::net::IpAddr;
use std::ops::Range;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::PackError;
use super::layout::{self, Family, HEAD, Layout, Lengths, MAGIC, NUMBER, RECORD, long_number, number};
use super::mapping::Mapping;
use crate::observation::{CountryCode, ProviderKind};

/// Where the checksum stands.
const CHECKSUM: Range<usize> = 32..HEAD;

/// A pack, ready to be asked.
#[derive(Debug)]
pub struct NetworkPack {
    bytes: Mapping,
    layout: Layout,
    manifest: Manifest,
}

/// What a pack says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// When it was built.
    pub built_at: Timestamp,
    /// By which version of this program.
    pub built_by: String,
    /// From when its oldest data are.
    pub as_of: Timestamp,
    /// What it was built from.
    pub sources: Vec<PackSource>,
}

/// A package that a pack was built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackSource {
    /// Its name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// From when its data are.
    pub as_of: Timestamp,
    /// SPDX name of the licence of its data.
    pub licence: String,
    /// The attribution that this licence asks for.
    pub attribution: String,
    /// Rows that were used.
    pub rows: u64,
    /// Rows that were not: of networks smaller than /64.
    pub left_out: u64,
}

/// What a pack knows of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider<'a> {
    /// The autonomous system that announces it; `None` where nobody does.
    pub asn: Option<u32>,
    /// Who runs that; empty where it is not known.
    pub name: &'a str,
    /// What it does.
    pub kind: ProviderKind,
    /// Where the address is registered.
    pub country: Option<CountryCode>,
}

impl NetworkPack {
    /// Opens a pack and verifies its checksum.
    ///
    /// # Errors
    /// It cannot be read, is no pack of this version, or was damaged.
    pub fn open(file: &Path) -> Result<Self, PackError> {
        let bytes = Mapping::open(file)?;
        let content = bytes.as_ref();
        if !content.starts_with(&MAGIC) {
            return Err(PackError::new(file, "is no network pack: `warden pack build` makes one"));
        }
        let lengths = Lengths::of(content).ok_or_else(|| {
            PackError::new(file, "is a pack of another version: build it anew with this one")
        })?;
        let damaged = || PackError::new(file, "is damaged: its checksum is wrong; build it anew");
        let layout = lengths.layout().ok_or_else(damaged)?;
        let is_whole = layout.manifest.end == content.len()
            && content.get(CHECKSUM) == content.get(HEAD..).map(Sha256::digest).as_deref();
        let manifest = content.get(layout.manifest.clone()).filter(|_| is_whole).ok_or_else(damaged)?;
        let manifest = serde_json::from_slice(manifest).map_err(|_| damaged())?;
        Ok(Self { bytes, layout, manifest })
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// How many ranges of IPv4 and of IPv6 it tells apart.
    pub fn ranges(&self) -> [usize; 2] {
        [&self.layout.v4, &self.layout.v6].map(|family| family.numbers.len() / NUMBER)
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.layout.manifest.end
    }

    /// What is known of an address; `None` where nothing is.
    pub fn look_up(&self, address: IpAddr) -> Option<Provider<'_>> {
        let bytes = self.bytes.as_ref();
        let record = match address.to_canonical() {
            IpAddr::V4(address) => {
                let key = address.to_bits();
                record_of(bytes, &self.layout.v4, (key >> 16) as usize, 4, |at| {
                    number(bytes, at) <= Some(key)
                })
            }
            IpAddr::V6(address) => {
                let key = (address.to_bits() >> 64) as u64;
                let is_before = |at| long_number(bytes, at) <= Some(key);
                record_of(bytes, &self.layout.v6, (key >> 48) as usize, 8, is_before)
            }
        }?;
        self.provider(record)
    }

    /// Record 0 stands for what nothing is known of.
    fn provider(&self, record: usize) -> Option<Provider<'_>> {
        let bytes = self.bytes.as_ref();
        let at = self.layout.records.start + record * RECORD;
        let [a, n, c, d, first, second, kind, length, ..] =
            *bytes.get(at..at + RECORD)?.first_chunk::<RECORD>()?;
        let name = self.layout.names.start + number(bytes, at + 8)? as usize;
        let country = str::from_utf8(&[first, second]).ok().and_then(CountryCode::parse);
        let asn = Some(u32::from_le_bytes([a, n, c, d])).filter(|asn| *asn != 0);
        (asn.is_some() || country.is_some()).then_some(Provider {
            asn,
            name: bytes
                .get(name..name + usize::from(length))
                .and_then(|name| str::from_utf8(name).ok())
                .unwrap_or(""),
            kind: kind_of(kind),
            country,
        })
    }
}

/// The number of the record of the last range that starts at or before an address whose first 16 bits are `top`.
fn record_of(
    bytes: &[u8],
    family: &Family,
    top: usize,
    size: usize,
    is_before: impl Fn(usize) -> bool,
) -> Option<usize> {
    let below = |top: usize| number(bytes, family.index.start + 4 * top).map(|below| below as usize);
    let (mut low, mut high) = (below(top)?, below(top + 1)?);
    while low < high {
        let middle = usize::midpoint(low, high);
        if is_before(family.starts.start + middle * size) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let at = family.numbers.start + low.checked_sub(1)? * NUMBER;
    let [a, b, c] = *bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes([a, b, c, 0]) as usize)
}

pub(super) fn kind_number(kind: ProviderKind) -> u8 {
    match kind {
        ProviderKind::Other => 0,
        ProviderKind::Hosting => 1,
        ProviderKind::Mobile => 2,
    }
}

fn kind_of(number: u8) -> ProviderKind {
    match number {
        1 => ProviderKind::Hosting,
        2 => ProviderKind::Mobile,
        _ => ProviderKind::Other,
    }
}

/// Puts the checksum into a finished file.
pub(super) fn seal(bytes: &mut [u8]) {
    let Some((head, body)) = bytes.split_at_mut_checked(layout::HEAD) else { return };
    head[CHECKSUM].copy_from_slice(&Sha256::digest(body));
}
