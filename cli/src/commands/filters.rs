//! Filters that several lists share.

use ipnet::IpNet;
use session_warden::indicators::Observable;

/// An address or a network, also defanged.
pub(super) fn address(text: &str) -> Result<IpNet, String> {
    match Observable::address(text)? {
        Observable::Address(network) => Ok(network),
        other => Err(format!("`{other}` is no address")),
    }
}

/// Whether a text holds another, the case of ASCII letters aside.
pub(super) fn is_part_of(part: &str, text: &str) -> bool {
    text.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
}

/// A number of rows, one at least.
pub(super) fn rows(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|rows| *rows > 0)
        .ok_or_else(|| "write a number of rows, one at least".to_owned())
}
