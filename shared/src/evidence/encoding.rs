//! Bytes to hash and to sign: two different contents never give the same bytes.

use jiff::Timestamp;
use sha2::Sha256;

macro_rules! hex_bytes {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; $length]);

        impl $name {
            pub(super) fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let mut bytes = [0; $length];
                match hex::decode_to_slice(&text, &mut bytes) {
                    Ok(()) => Ok(Self(bytes)),
                    Err(_) => Err(format!("expected {} hexadecimal digits", 2 * $length)),
                }
            }
        }

        impl From<$name> for String {
            fn from(bytes: $name) -> Self {
                bytes.to_string()
            }
        }
    };
}
pub(super) use hex_bytes;

hex_bytes!(
    /// A SHA-256 hash, written as 64 hexadecimal digits.
    Digest,
    32
);

impl Digest {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(<Sha256 as sha2::Digest>::digest(bytes).into())
    }
}

/// A sequence of fields, each of fixed size or preceded by its length.
pub(crate) struct Encoding(Vec<u8>);

impl Encoding {
    /// Begins with what the bytes are for, so that bytes for one purpose never serve another.
    pub(crate) fn of(purpose: &str) -> Self {
        Self(Vec::with_capacity(256)).text(purpose)
    }

    pub(crate) fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self = self.number(text.len() as u64);
        self.0.extend(text.as_bytes());
        self
    }

    pub(super) fn optional_text(self, text: Option<&str>) -> Self {
        match text {
            None => self.number(0),
            Some(text) => self.number(1).text(text),
        }
    }

    /// To the nanosecond.
    pub(crate) fn instant(mut self, at: Timestamp) -> Self {
        self.0.extend(at.as_nanosecond().to_be_bytes());
        self
    }

    pub(crate) fn digest(mut self, digest: &Digest) -> Self {
        self.0.extend(digest.as_bytes());
        self
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn hash(&self) -> Digest {
        Digest::of(&self.0)
    }
}
