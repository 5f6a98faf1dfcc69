//! Record ids as newtypes, so that a session id is never passed where a user id is meant. Texts of up to 23 bytes, which ids
//! are, lie in the newtype itself: a million rows of them ask the allocator for nothing.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A 15-character Salesforce id is case-sensitive; its 18-character form carries the case in three more characters.
/// REST answers use 18, event log files 15: ids are normalised to 18 so that both compare equal.
fn to_eighteen(id: &str) -> SmolStr {
    if id.len() != 15 || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return id.into();
    }
    let suffix = id.as_bytes().chunks(5).map(|chunk| {
        let bits = chunk.iter().enumerate().filter(|(_, b)| b.is_ascii_uppercase());
        let index = bits.fold(0, |sum, (bit, _)| sum | (1 << bit));
        char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[index])
    });
    id.chars().chain(suffix).collect()
}

/// Without the blanks around it, of which nearly no id has any.
fn trim(id: &str) -> &str {
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = id.as_bytes();
    if is_plain(bytes.first()) && is_plain(bytes.last()) { id } else { id.trim() }
}

fn is_eighteen(id: &str) -> bool {
    id.len() == 18 && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "SmolStr")]
        pub struct $name(SmolStr);

        impl $name {
            /// Takes an id as the API or a file gives it; a 15-character record id becomes its 18-character form.
            pub fn new(id: impl AsRef<str>) -> Self {
                Self(to_eighteen(trim(id.as_ref())))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&$name> for SmolStr {
            fn from(id: &$name) -> Self {
                id.0.clone()
            }
        }

        impl From<SmolStr> for $name {
            fn from(id: SmolStr) -> Self {
                if is_eighteen(&id) { Self(id) } else { Self::new(id) }
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self::new(id)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// The organisation, `00D…`, or the alias under which an operator evaluates a file.
    OrgId
);
id!(
    /// A user, `005…`; for a file without user ids, the lower-cased username.
    UserId
);
id!(
    /// A LoginHistory record, `0Ya…`; for a file without record ids, a hash of the row.
    LoginId
);
id!(
    /// An AuthSession record, `0Ak…`.
    SessionId
);
id!(
    /// A VerificationHistory record.
    VerificationId
);
id!(
    /// A refresh token, known only by a keyed hash (OauthToken.Id is always null): of its DeleteToken, or where Salesforce
    /// gives none, of the user, the application and the instant it was granted.
    TokenKey
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_and_eighteen_characters_compare_equal() {
        assert_eq!(UserId::new("001A0000006Vm9r"), UserId::new("001A0000006Vm9rIAC"));
        assert_eq!(UserId::new("ada@example.com").as_str(), "ada@example.com");
    }

    #[test]
    fn deserialising_normalises_too() {
        let id: UserId = serde_json::from_str("\"001A0000006Vm9r\"").unwrap();
        assert_eq!(id.as_str().len(), 18);
    }
}
