//! The key that signs heads.

use std::fmt;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use super::{AnchorError, PublicKey, Signature, SignedHead, file, statement};
use crate::evidence::entry::Head;

/// Signs heads with a key that never leaves its file.
pub struct HeadSigner {
    pair: Ed25519KeyPair,
    public_key: PublicKey,
}

impl HeadSigner {
    /// Reads the key (PKCS#8, Ed25519), or makes one in a file that only its owner may read. Of two processes that
    /// make it at once, both use the key of the first.
    ///
    /// # Errors
    /// [`AnchorError::Key`] also for a key file that others may read.
    pub fn load_or_create(path: &Path) -> Result<Self, AnchorError> {
        if let Some(signer) = Self::load(path)? {
            return Ok(signer);
        }
        let refused = |reason| AnchorError::Key { path: path.to_owned(), reason };
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        let document = document.map_err(|_| refused("no key could be made"))?;
        file::create_private(path, document.as_ref())?;
        Self::load(path)?.ok_or_else(|| refused("it vanished"))
    }

    fn load(path: &Path) -> Result<Option<Self>, AnchorError> {
        let Some(pkcs8) = file::read(path)? else { return Ok(None) };
        let refused = |reason| AnchorError::Key { path: path.to_owned(), reason };
        file::is_private(path)?;
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8);
        let pair = pair.map_err(|_| refused("it is not an Ed25519 key in PKCS#8"))?;
        let public_key = pair.public_key().as_ref().try_into().map(PublicKey);
        let public_key = public_key.map_err(|_| refused("its public key has an unexpected length"))?;
        Ok(Some(Self { pair, public_key }))
    }

    /// Whom verifiers must expect.
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// Vouches for a head.
    pub fn sign(&self, head: &Head) -> SignedHead {
        let signature = self.vouch(&statement(head));
        SignedHead { head: head.clone(), public_key: self.public_key, signature }
    }

    /// Signs the bytes of an [`Encoding`](crate::evidence::Encoding), which say what they are for.
    pub(crate) fn vouch(&self, statement: &[u8]) -> Signature {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(statement).as_ref());
        Signature(signature)
    }
}

impl fmt::Debug for HeadSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeadSigner").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}
