//! A signed head, kept where whoever writes the store does not write.

mod file;
mod key;

use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::encoding::{Encoding, hex_bytes};
use super::entry::Head;
pub use key::HeadSigner;

hex_bytes!(
    /// An Ed25519 public key, written as 64 hexadecimal digits.
    PublicKey,
    32
);

hex_bytes!(
    /// An Ed25519 signature, written as 128 hexadecimal digits.
    Signature,
    64
);

/// A head that a key's owner has vouched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    #[serde(flatten)]
    head: Head,
    public_key: PublicKey,
    signature: Signature,
}

/// A head that was kept elsewhere.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Anchor {
    /// One that a key's owner has vouched for.
    Signed(SignedHead),
    /// One from where nobody can change it, such as the evidence bucket: whoever brings it vouches for it.
    Kept(Head),
}

/// Why a signed head or its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The key file cannot serve.
    #[error("the key file {} cannot be used: {reason}", path.display())]
    Key {
        /// Which file.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// The file holds no signed head.
    #[error("{} holds no signed head: {reason}", path.display())]
    NotAHead {
        /// Which file.
        path: PathBuf,
        /// What the decoder says.
        reason: serde_json::Error,
    },
    /// The signature is not that of this head by this key.
    #[error("the signature does not fit the head of {org} at entry {seq}")]
    Forged {
        /// Whose head, as it claims.
        org: crate::observation::OrgId,
        /// Which entry, as it claims.
        seq: u64,
    },
    /// Signed, but not by the key that was expected.
    #[error("the head is signed by {found}, and not by {expected}")]
    OtherKey {
        /// Who signed.
        found: PublicKey,
        /// Who should have.
        expected: PublicKey,
    },
}

impl Anchor {
    /// Reads a head of either kind; `None` when no file is there. Nothing is verified yet.
    pub fn read(path: &Path) -> Result<Option<Self>, AnchorError> {
        let Some(text) = file::read(path)? else { return Ok(None) };
        let signed = serde_json::from_slice(&text).map(Self::Signed);
        let read = signed.or_else(|error| serde_json::from_slice(&text).map(Self::Kept).map_err(|_| error));
        read.map(Some).map_err(|reason| AnchorError::NotAHead { path: path.to_owned(), reason })
    }

    /// The head, as it claims to be.
    pub fn head(&self) -> &Head {
        match self {
            Self::Signed(signed) => &signed.head,
            Self::Kept(head) => head,
        }
    }
}

impl PublicKey {
    /// Whether the signature is this key's over exactly these bytes.
    pub(crate) fn vouches(&self, statement: &[u8], signature: &Signature) -> bool {
        UnparsedPublicKey::new(&ED25519, self.as_bytes()).verify(statement, signature.as_bytes()).is_ok()
    }
}

impl SignedHead {
    /// The head, if its signature fits the key beside it. Whose key that is, is not said: see
    /// [`Self::verify_against`].
    pub fn verify(&self) -> Result<&Head, AnchorError> {
        if self.public_key.vouches(&statement(&self.head), &self.signature) {
            return Ok(&self.head);
        }
        Err(AnchorError::Forged { org: self.head.org.clone(), seq: self.head.seq })
    }

    /// The head, if it was signed by this key.
    pub fn verify_against(&self, expected: &PublicKey) -> Result<&Head, AnchorError> {
        if self.public_key == *expected {
            return self.verify();
        }
        Err(AnchorError::OtherKey { found: self.public_key, expected: *expected })
    }

    /// Reads what [`Self::write`] wrote; `None` when no file is there. Nothing is verified yet.
    pub fn read(path: &Path) -> Result<Option<Self>, AnchorError> {
        let Some(text) = file::read(path)? else { return Ok(None) };
        let head = serde_json::from_slice(&text);
        head.map(Some).map_err(|reason| AnchorError::NotAHead { path: path.to_owned(), reason })
    }

    /// Puts the head in the place of an earlier one, by rename. A later head of the same org and key is left as it
    /// is: neither a slow writer nor a shortened ledger moves the anchor back.
    pub fn write(&self, path: &Path) -> Result<(), AnchorError> {
        match Self::read(path)? {
            Some(there) if there.is_later_than(self) => Ok(()),
            _ => file::replace(path, self.to_json(path)?.as_bytes()),
        }
    }

    fn is_later_than(&self, other: &Self) -> bool {
        let same = self.head.org == other.head.org && self.verify_against(&other.public_key).is_ok();
        same && self.head.seq > other.head.seq
    }

    fn to_json(&self, path: &Path) -> Result<String, AnchorError> {
        let json = serde_json::to_string_pretty(self);
        json.map_err(|reason| AnchorError::NotAHead { path: path.to_owned(), reason })
    }
}

/// What is signed.
fn statement(head: &Head) -> Vec<u8> {
    Encoding::of("session-warden signed head")
        .text(head.org.as_str())
        .number(head.seq)
        .digest(&head.hash)
        .instant(head.at)
        .into_bytes()
}
