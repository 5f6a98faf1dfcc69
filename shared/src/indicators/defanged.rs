//! Addresses as analysts pass them on: made harmless to click, or inside a URL.

use std::net::{IpAddr, SocketAddr};

use ipnet::{IpNet, Ipv4Net};

/// What stands for a character, and the character.
const HARMLESS: [(&str, &str); 10] = [
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("[dot]", "."),
    ("(dot)", "."),
    ("\\.", "."),
    ("[:]", ":"),
    ("[://]", "://"),
    ("[/]", "/"),
    ("hxxp", "http"),
];

/// Bits of an IPv6 address before the IPv4 address that is mapped into it (RFC 4291, 2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// The address or network that a text names, if it names one. Bits behind the prefix are dropped.
pub(super) fn network(text: &str) -> Option<IpNet> {
    let text = refanged(text);
    match text.split_once("://") {
        Some(("http" | "https", rest)) => address(host(rest)?),
        Some(_) => None,
        None => text.parse::<IpNet>().map(canonical).ok().or_else(|| address(&text)),
    }
}

fn refanged(text: &str) -> String {
    let lower = text.trim().to_ascii_lowercase();
    HARMLESS.into_iter().fold(lower, |text, (written, meant)| text.replace(written, meant))
}

/// The host of a URL, with its port, without user information.
fn host(rest: &str) -> Option<&str> {
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
}

/// One address, with or without a port or the brackets of a URL.
fn address(text: &str) -> Option<IpNet> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical().into())
}

/// Without bits beyond its length, and of IPv4 where it is mapped into IPv6, as addresses that are seen are.
fn canonical(network: IpNet) -> IpNet {
    let network = network.trunc();
    let IpNet::V6(wide) = network else { return network };
    let length = wide.prefix_len().checked_sub(MAPPED_BITS);
    let mapped = wide.addr().to_ipv4_mapped().zip(length);
    mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_is_mapped_into_ipv6_is_the_one_of_ipv4() {
        assert_eq!(network("::ffff:198.51.100.7/120"), network("198.51.100.0/24"));
        assert_eq!(network("::ffff:198.51.100.7/96").map(|all| all.prefix_len()), Some(0));
        assert_eq!(network("2001:db8::/32").map(|six| six.prefix_len()), Some(32));
    }

    #[test]
    fn every_way_of_writing_an_address_is_the_same_one() {
        let plain = network("198.51.100.7").unwrap();
        for text in [
            " 198.51.100.7 ",
            "198.51.100[.]7",
            "198[.]51[.]100[.]7",
            "198.51.100(dot)7",
            "198\\.51\\.100\\.7",
            "hxxp://198.51.100[.]7/login?next=1",
            "HXXPS[://]198.51.100.7",
            "https://ada:secret@198.51.100.7:8443/",
            "198.51.100.7:443",
            "198.51.100.7/32",
            "::ffff:198.51.100.7",
        ] {
            assert_eq!(network(text), Some(plain), "{text}");
        }
        let six = network("2001:db8::7").unwrap();
        for text in ["2001[:]db8[:][:]7", "http://[2001:db8::7]/x", "[2001:db8::7]:443", "2001:DB8::7/128"] {
            assert_eq!(network(text), Some(six), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_stays_none() {
        for text in [
            "",
            "198.51.100",
            "198.51.100.7/33",
            "hxxp://evil[.]example/",
            "ftp://198.51.100.7",
            "[",
            "1.2.3.4 5",
        ] {
            assert_eq!(network(text), None, "{text}");
        }
    }
}
