//! Names tokens without keeping them.

use aws_lc_rs::{hmac, rand};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretBox, SecretString};

use crate::observation::{TokenKey, UserId};

/// The random key of one org under which its tokens are hashed, so that a hash in a finding cannot be compared with
/// another org's and a guessed token cannot be checked.
pub struct TokenHashKey(SecretBox<[u8; 32]>);

impl TokenHashKey {
    /// Takes a key that was made before.
    pub fn new(key: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(key)))
    }

    /// Makes a key; it must be kept, for with another one every token looks new. `None` when this machine gives no
    /// randomness.
    pub fn generate() -> Option<Self> {
        let mut key = [0; 32];
        rand::fill(&mut key).ok().map(|()| Self::new(key))
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &SecretString) -> Option<Self> {
        let mut key = [0; 32];
        hex::decode_to_slice(text.expose_secret(), &mut key).ok().map(|()| Self::new(key))
    }

    /// The key as 64 hexadecimal digits, for keeping.
    pub fn to_hex(&self) -> SecretString {
        hex::encode(self.0.expose_secret()).into()
    }

    /// HMAC-SHA-256 of a DeleteToken, as 64 hexadecimal digits.
    pub fn hash(&self, delete_token: &SecretString) -> TokenKey {
        self.sign(delete_token.expose_secret().as_bytes())
    }

    /// For a token of which Salesforce tells no name of its own: the hash of what it does tell.
    pub fn hash_nameless(&self, user: &UserId, app_name: &str, created: Option<Timestamp>) -> TokenKey {
        let created = created.map(|created| created.as_second().to_string()).unwrap_or_default();
        // No DeleteToken holds a control character, so that none is hashed to the same.
        self.sign(format!("{user}\u{1f}{app_name}\u{1f}{created}").as_bytes())
    }

    fn sign(&self, message: &[u8]) -> TokenKey {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret());
        TokenKey::new(hex::encode(hmac::sign(&key, message).as_ref()))
    }
}

impl std::fmt::Debug for TokenHashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHashKey([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_hmac_sha_256() {
        // RFC 4231, test case 1, whose key of 20 bytes is padded with zeros by HMAC itself.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let hash = TokenHashKey::new(key).hash(&"Hi There".into());
        assert_eq!(hash.as_str(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn a_key_survives_being_kept() {
        let key = TokenHashKey::generate().unwrap();
        let kept = TokenHashKey::from_hex(&key.to_hex()).unwrap();
        assert_eq!(key.hash(&"token".into()), kept.hash(&"token".into()));
        assert!(TokenHashKey::from_hex(&"abc".into()).is_none());
    }
}
