//! Record ids as Salesforce writes them: a key prefix, a counter in base 62 and a checksum of the letters' case.

use std::fmt;
use std::ops::Deref;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECKSUM: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
/// Stands between prefix and counter, as the instance does in a real id.
const INSTANCE: [u8; 3] = *b"Kj0";

/// An 18-character record id. Within one object, a later record has a greater id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 18]);

impl Id {
    /// The id of the `number`th record under a three-character key prefix such as `0Ak`.
    pub(crate) fn new(prefix: &str, number: u64) -> Self {
        let mut id = [b'0'; 18];
        for (slot, byte) in id.iter_mut().zip(prefix.bytes().take(3)) {
            *slot = byte;
        }
        id[3..6].copy_from_slice(&INSTANCE);
        let mut rest = number;
        for slot in id[6..15].iter_mut().rev() {
            *slot = DIGITS[(rest % 62) as usize];
            rest /= 62;
        }
        Self::with_checksum(id)
    }

    /// Reads a 15- or 18-character id; the checksum of an 18-character one must fit.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if !matches!(bytes.len(), 15 | 18) || !bytes.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        let mut id = [b'0'; 18];
        id[..15].copy_from_slice(&bytes[..15]);
        let id = Self::with_checksum(id);
        (bytes.len() == 15 || id.0[15..] == bytes[15..]).then_some(id)
    }

    /// The number it was made from under this prefix.
    pub(crate) fn number(&self, prefix: &str) -> Option<u64> {
        if !self.starts_with(prefix) || self.0[3..6] != INSTANCE {
            return None;
        }
        self.0[6..15].iter().try_fold(0, |number: u64, letter| {
            let digit = DIGITS.iter().position(|digit| digit == letter)?;
            Some(number * 62 + digit as u64)
        })
    }

    /// All 18 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The case-sensitive first 15 characters.
    pub fn short(&self) -> &str {
        &self.as_str()[..15]
    }

    fn with_checksum(mut id: [u8; 18]) -> Self {
        for chunk in 0..3 {
            let letters = &id[chunk * 5..chunk * 5 + 5];
            let upper = |(bit, letter): (usize, &u8)| usize::from(letter.is_ascii_uppercase()) << bit;
            let sum: usize = letters.iter().enumerate().map(upper).sum();
            id[15 + chunk] = CHECKSUM[sum];
        }
        Self(id)
    }
}

impl Deref for Id {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AsRef<str> for Id {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.as_str().to_owned()
    }
}

impl PartialEq<str> for Id {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Id {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Id {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<Id> for String {
    fn eq(&self, other: &Id) -> bool {
        self == other.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_salesforces_own() {
        let id = Id::parse("00DRM000000Fxts").unwrap();
        assert_eq!(id, "00DRM000000Fxts2AC");
        assert_eq!(Id::parse("0YLRM0000004Dfg").unwrap(), "0YLRM0000004Dfg4AE");
        assert!(Id::parse("00DRM000000Fxts2AD").is_none());
    }

    #[test]
    fn later_records_have_greater_ids() {
        let ids: Vec<Id> = (0..5_000).map(|number| Id::new("0Ya", number)).collect();
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| Id::parse(id) == Some(*id)));
        assert!((0..5_000).all(|number| ids[number as usize].number("0Ya") == Some(number)));
        assert_eq!(ids[0].number("0Yb"), None);
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in ["", "0Ya", "0Ya00000000000000'", "äääääääää"] {
            assert!(Id::parse(text).is_none(), "{text}");
        }
    }
}
