//! What the client said it was.

use serde::{Deserialize, Serialize};

/// The client's own description of itself. All of it is the client's word, none of it is proof.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Client {
    /// `Browser`, for example `Chrome 141`.
    pub browser: String,
    /// `Platform`, for example `Windows 11`.
    pub platform: String,
    /// `TlsProtocol`, for example `TLS 1.3`.
    pub tls_protocol: String,
    /// `CipherSuite` in OpenSSL's spelling.
    pub cipher_suite: String,
}

/// Browser and platform without their versions: a version bump is not a new device.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientFamily(String);

impl Client {
    /// The family this client belongs to, for example `chrome/windows`.
    pub fn family(&self) -> ClientFamily {
        ClientFamily(format!("{}/{}", words(&self.browser), words(&self.platform)))
    }
}

impl std::fmt::Display for ClientFamily {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The leading words that carry no digit, lower-cased; `unknown` when there are none.
fn words(text: &str) -> String {
    let name: Vec<_> = text
        .split([' ', '/'])
        .take_while(|word| !word.chars().any(|c| c.is_ascii_digit()))
        .filter(|word| !word.is_empty())
        .take(3)
        .map(str::to_lowercase)
        .collect();
    if name.is_empty() { "unknown".to_owned() } else { name.join(" ").chars().take(48).collect() }
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
