//! How a network pack lies in its file. Numbers are little-endian; parts follow one another in the order of [`Layout`].
//!
//! ```text
//!   0  magic, 8 bytes      8  version      12  five lengths (see `HEAD`)      32  SHA-256 of everything behind it
//!  64  index of IPv4 · starts of IPv4 · records of IPv4 · index of IPv6 · starts of IPv6 · records of IPv6 · records
//!      · names · the manifest as JSON
//! ```
//!
//! The ranges of a family cover it without a gap: each reaches to the next one's start. Of IPv6 the first 64 bits count,
//! since no network is smaller. An index has for each value of the first 16 bits how many ranges start below it, so that a
//! look-up compares a few neighbours only.

use std::ops::Range;

pub(super) const MAGIC: [u8; 8] = *b"warden\0P";
pub(super) const VERSION: u32 = 1;
/// Bytes before the parts.
pub(super) const HEAD: usize = 64;
/// Entries of an index: one for each value of 16 bits, and the end.
pub(super) const INDEX: usize = (1 << 16) + 1;
/// Bytes of the number of a record.
pub(super) const NUMBER: usize = 3;
/// Bytes of a record: autonomous system 4, country 2, kind 1, length of the name 1, place of the name 4.
pub(super) const RECORD: usize = 12;

/// Where each part lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) v4: Family,
    pub(super) v6: Family,
    pub(super) records: Range<usize>,
    pub(super) names: Range<usize>,
    pub(super) manifest: Range<usize>,
}

/// Where the ranges of one family of addresses lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Family {
    pub(super) index: Range<usize>,
    pub(super) starts: Range<usize>,
    pub(super) numbers: Range<usize>,
}

/// How much there is of each part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lengths {
    /// Ranges of IPv4.
    pub(super) v4: u32,
    /// Ranges of IPv6.
    pub(super) v6: u32,
    /// Records.
    pub(super) records: u32,
    /// Bytes of names.
    pub(super) names: u32,
    /// Bytes of the manifest.
    pub(super) manifest: u32,
}

impl Lengths {
    /// The head without its checksum.
    pub(super) fn head(self) -> Vec<u8> {
        let numbers = [VERSION, self.v4, self.v6, self.records, self.names, self.manifest];
        let mut head = MAGIC.to_vec();
        head.extend(numbers.into_iter().flat_map(u32::to_le_bytes));
        head
    }

    /// Reads a head; `None` where it is not this version's.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let number = |place: usize| number(bytes, MAGIC.len() + 4 * place);
        (number(0)? == VERSION).then_some(Self {
            v4: number(1)?,
            v6: number(2)?,
            records: number(3)?,
            names: number(4)?,
            manifest: number(5)?,
        })
    }

    /// Where each part lies; `None` where that is no file of this machine.
    pub(super) fn layout(self) -> Option<Layout> {
        let mut end = HEAD;
        let mut part = |count: usize, size: usize| {
            let begin = end;
            end = begin.checked_add(count.checked_mul(size)?)?;
            Some(begin..end)
        };
        let mut family = |ranges: usize, size: usize| {
            Some(Family {
                index: part(INDEX, 4)?,
                starts: part(ranges, size)?,
                numbers: part(ranges, NUMBER)?,
            })
        };
        let [v4, v6, records, names, manifest] =
            [self.v4, self.v6, self.records, self.names, self.manifest].map(|count| count as usize);
        let (v4, v6) = (family(v4, 4)?, family(v6, 8)?);
        Some(Layout {
            v4,
            v6,
            records: part(records, RECORD)?,
            names: part(names, 1)?,
            manifest: part(manifest, 1)?,
        })
    }
}

/// The 32-bit number at a place.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The 64-bit number at a place.
pub(super) fn long_number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
