//! Where a request came from: an address, or what Salesforce writes in its place.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

/// `SourceIp` of a login or session. The field is text: most rows hold an address, some hold words such as
/// `Salesforce.com IP`, and it may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Source {
    /// An IPv4 or IPv6 address; an IPv4-mapped IPv6 address is held as IPv4.
    Address(IpAddr),
    /// Text that is not an address, at most 64 characters of it.
    Text(String),
    /// Nothing was recorded.
    Missing,
}

impl Source {
    /// The network this address belongs to for learning; `None` when there is no address.
    pub fn network(&self) -> Option<Network> {
        match self {
            Self::Address(address) => Some(Network::of(*address)),
            Self::Text(_) | Self::Missing => None,
        }
    }

    /// The address, if there is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Text(_) | Self::Missing => None,
        }
    }
}

impl From<String> for Source {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Missing;
        }
        match text.parse::<IpAddr>() {
            Ok(address) => Self::Address(address.to_canonical()),
            Err(_) => Self::Text(cut(text)),
        }
    }
}

/// At most 64 characters. What is kept must be read as itself again: a mark tells it from the address that it may begin with.
fn cut(text: &str) -> String {
    match text.char_indices().nth(64) {
        None => text.to_owned(),
        Some(_) => text.chars().take(63).collect::<String>().trim_end().to_owned() + "…",
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.to_string()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Missing => Ok(()),
        }
    }
}

/// The unit in which networks are learned: an IPv4 /24 or an IPv6 /48, the usual size of one site's allocation. Those of IPv4
/// come before those of IPv6, and each in the order of their addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Network(IpNet);

impl Network {
    /// The learned network of an address.
    pub fn of(address: IpAddr) -> Self {
        Self(prefix(address, 24, 48))
    }

    /// As an address and the length of its prefix.
    pub fn prefix(self) -> IpNet {
        self.0
    }

    /// The pool-sized block around it (IPv4 /20, IPv6 /40): dynamic addresses move inside one.
    #[must_use]
    pub fn pool(self) -> Self {
        Self(prefix(self.0.network(), 20, 40))
    }

    /// The networks of its pool; of IPv6, where a pool has 256, the sixteen around it.
    pub fn pool_members(self) -> impl Iterator<Item = Self> {
        let around = prefix(self.0.network(), 20, 44);
        let (v4, v6) = match around {
            IpNet::V4(net) => (net.subnets(24).ok(), None),
            IpNet::V6(net) => (None, net.subnets(48).ok()),
        };
        let v4 = v4.into_iter().flatten().map(IpNet::V4);
        v4.chain(v6.into_iter().flatten().map(IpNet::V6)).map(Self)
    }

    /// Whether its addresses are those of IPv4.
    pub fn is_ipv4(self) -> bool {
        matches!(self.0, IpNet::V4(_))
    }

    /// Whether two networks lie in one pool.
    pub fn is_near(self, other: Self) -> bool {
        match (self.0, other.0) {
            (IpNet::V4(a), IpNet::V4(b)) => (a.network().to_bits() ^ b.network().to_bits()) >> 12 == 0,
            (IpNet::V6(a), IpNet::V6(b)) => (a.network().to_bits() ^ b.network().to_bits()) >> 88 == 0,
            _ => false,
        }
    }
}

impl Network {
    /// Its last number that is not fixed, of IPv4 the third and of IPv6 the sixth byte, which tells most networks apart.
    pub(crate) fn number(self) -> u8 {
        match self.0 {
            IpNet::V4(net) => net.addr().octets()[2],
            IpNet::V6(net) => net.addr().octets()[5],
        }
    }

    fn address(self) -> u128 {
        match self.0 {
            IpNet::V4(net) => net.addr().to_bits().into(),
            IpNet::V6(net) => net.addr().to_bits(),
        }
    }
}

impl Ord for Network {
    /// As what holds them, and far faster: every login compares many.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0, other.0) {
            (IpNet::V4(one), IpNet::V4(other)) => {
                let numbers =
                    |net: Ipv4Net| u64::from(net.addr().to_bits()) << 8 | u64::from(net.prefix_len());
                numbers(one).cmp(&numbers(other))
            }
            (IpNet::V6(one), IpNet::V6(other)) => {
                let numbers = |net: Ipv6Net| (net.addr().to_bits(), net.prefix_len());
                numbers(one).cmp(&numbers(other))
            }
            (IpNet::V4(_), IpNet::V6(_)) => Ordering::Less,
            (IpNet::V6(_), IpNet::V4(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Network {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Network {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.address());
    }
}

fn prefix(address: IpAddr, v4: u8, v6: u8) -> IpNet {
    match address {
        IpAddr::V4(a) => IpNet::V4(Ipv4Net::new_assert(a, v4).trunc()),
        IpAddr::V6(a) => IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_bits(a.to_bits()), v6).trunc()),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_empty_are_not_addresses() {
        assert_eq!(Source::from("Salesforce.com IP"), Source::Text("Salesforce.com IP".into()));
        assert_eq!(Source::from("  "), Source::Missing);
        assert_eq!(Source::from("::ffff:198.18.0.9"), Source::from("198.18.0.9"));
    }

    #[test]
    fn networks_have_the_order_of_what_holds_them() {
        let addresses =
            ["0.0.0.0", "198.18.4.7", "198.18.5.7", "255.255.255.255", "::", "2001:db8::", "2001:db8:1::"];
        let networks = addresses.map(|text| Source::from(text).network().unwrap());
        for (one, other) in networks.iter().flat_map(|one| networks.iter().map(move |other| (one, other))) {
            assert_eq!(one.cmp(other), one.0.cmp(&other.0), "{one} and {other}");
        }
    }

    #[test]
    fn networks_group_by_site_and_provider() {
        let network = |text| Source::from(text).network().unwrap();
        assert_eq!(network("198.18.4.7"), network("198.18.4.200"));
        assert_ne!(network("198.18.4.7"), network("198.18.5.7"));
        assert!(network("198.18.4.7").is_near(network("198.18.15.1")));
        assert!(!network("198.18.4.7").is_near(network("198.18.99.1")));
        assert_eq!(network("2001:db8:1::1"), network("2001:db8:1:ff::9"));
        assert!(!network("198.18.4.7").is_near(network("2001:db8::1")));
        for address in ["198.18.4.7", "2001:db8:77::1"] {
            let around: Vec<_> = network(address).pool_members().collect();
            assert!(around.len() == 16 && around.contains(&network(address)), "{around:?}");
            assert!(around.iter().all(|near| near.is_near(network(address))), "{around:?}");
        }
    }
}
