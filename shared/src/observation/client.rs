//! What the client said it was.

use serde::{Deserialize, Serialize};

use super::Text;

/// The client's own description of itself. All of it is the client's word, none of it is proof.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Client {
    /// `Browser`, for example `Chrome 141`.
    pub browser: Text,
    /// `Platform`, for example `Windows 11`.
    pub platform: Text,
    /// `TlsProtocol`, for example `TLS 1.3`.
    pub tls_protocol: Text,
    /// `CipherSuite` in OpenSSL's spelling.
    pub cipher_suite: Text,
}

/// Browser and platform without their versions: a version bump is not a new device.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientFamily(Text);

impl Client {
    /// The family this client belongs to, for example `chrome/windows`.
    pub fn family(&self) -> ClientFamily {
        let mut family = String::new();
        self.write_family(&mut family);
        ClientFamily::new(&family)
    }

    /// Writes the family at the end of a text that is used again and again.
    pub fn write_family(&self, text: &mut String) {
        write_words(&self.browser, text);
        text.push('/');
        write_words(&self.platform, text);
    }
}

impl ClientFamily {
    /// Of no client.
    pub const NONE: Self = Self(Text::new_static(""));

    /// The family as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes a family as `write_family` wrote it.
    pub fn new(family: &str) -> Self {
        Self(family.into())
    }

    /// What people mean who write a browser and a platform, with or without versions: `Chrome 141/Windows 11`. `None` where
    /// one of them is missing.
    pub fn meant(text: &str) -> Option<Self> {
        let (browser, platform) = text.rsplit_once('/')?;
        let is_there = |part: &str| !part.trim().is_empty();
        let client = || Client { browser: browser.into(), platform: platform.into(), ..Client::default() };
        (is_there(browser) && is_there(platform)).then(|| client().family())
    }
}

impl std::borrow::Borrow<str> for ClientFamily {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ClientFamily {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The leading words that carry no digit, lower-cased, three words and 48 characters of them; `unknown` when there are
/// none.
fn write_words(name: &str, text: &mut String) {
    let begins = text.len();
    let words = name.split([' ', '/']).take_while(|word| !word.bytes().any(|byte| byte.is_ascii_digit()));
    let mut room = 48;
    for word in words.filter(|word| !word.is_empty()).take(3) {
        let space = (text.len() > begins).then_some(' ');
        if word.is_ascii() && word.len() < room {
            let from = text.len();
            text.extend(space);
            text.push_str(word);
            text[from..].make_ascii_lowercase();
            room -= text.len() - from;
            continue;
        }
        for c in space.into_iter().chain(word.chars().flat_map(char::to_lowercase)).take(room) {
            text.push(c);
            room -= 1;
        }
    }
    if text.len() == begins {
        text.push_str("unknown");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_do_not_make_a_new_family() {
        let client = |browser: &str, platform: &str| Client {
            browser: browser.into(),
            platform: platform.into(),
            ..Client::default()
        };
        assert_eq!(client("Chrome 141", "Windows 10").family(), client("Chrome 142", "Windows 11").family());
        assert_eq!(client("Chrome 141", "Mac OSX").family().to_string(), "chrome/mac osx");
        assert_eq!(client("", "").family().to_string(), "unknown/unknown");
    }
}
