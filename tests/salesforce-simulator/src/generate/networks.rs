//! The address plan: ranges reserved for benchmarks, carriers and documentation stand for the public internet.

use super::cities::{VPN_CITY, city};
use crate::arrival::Source;

/// One of the three offices' shared egress addresses.
pub(crate) fn office(office: usize, egress: usize) -> Source {
    at(format!("198.18.{}.{}", 10 + office, 10 + egress), office * 4)
}

/// The corporate VPN's egress, in a country without an office.
pub(crate) fn vpn(egress: usize) -> Source {
    at(format!("198.18.200.{}", 20 + egress), VPN_CITY)
}

/// A home line: the provider's /24 is the household's, the host changes with every lease.
pub(crate) fn home(place: usize, subnet: usize, host: usize) -> Source {
    at(format!("100.{}.{}.{}", 64 + place, subnet % 256, 1 + host % 254), place)
}

/// A home line with IPv6.
pub(crate) fn home_v6(place: usize, household: usize, host: usize) -> Source {
    at(format!("2001:db8:{:x}:{:x}::{:x}", 0x100 + place, household, 1 + host), place)
}

/// A mobile carrier: every connection may have another address.
pub(crate) fn mobile(place: usize, pool: usize, host: usize) -> Source {
    at(format!("100.{}.{}.{}", 96 + place % 28, pool % 8, 1 + host % 254), place)
}

/// A hotel's or a conference's network.
pub(crate) fn hotel(place: usize, house: usize, host: usize) -> Source {
    at(format!("198.18.{}.{}", 100 + place, 32 * (house % 8) + 1 + host % 30), place)
}

/// A vendor's /28 in a data centre.
pub(crate) fn vendor(vendor: usize, network: usize, host: usize) -> Source {
    at(format!("198.19.{}.{}", vendor % 100, 16 * (network % 16) + 1 + host % 14), [16, 17, 22][vendor % 3])
}

/// Rented hosting that nobody of the org or its vendors has used.
pub(crate) fn hosting(place: usize, block: usize, host: usize) -> Source {
    at(format!("198.19.{}.{}", 128 + block % 128, 1 + host % 254), place)
}

/// A Tor exit, in a /24 of its own.
pub(crate) fn tor_exit(place: usize, exit: usize) -> Source {
    at(format!("198.18.{}.{}", 140 + exit % 20, 3 + exit / 20 % 250), place)
}

/// A commercial VPN's server.
pub(crate) fn commercial_vpn(place: usize, network: usize, server: usize) -> Source {
    at(format!("198.18.{}.{}", 160 + network % 15, 1 + (network / 15 * 16 + server) % 254), place)
}

/// A home line whose owner does not know that it is a proxy: every address in a /24 of its own.
pub(crate) fn residential_proxy(place: usize, campaign: usize, line: usize) -> Source {
    at(
        format!("100.{}.{}.{}", 124 + campaign % 4, (line * 5 + campaign / 4 * 3) % 256, 9 + line % 240),
        place,
    )
}

/// An egress that the org gets in the course of its life, in a /24 of its own.
pub(crate) fn new_egress(place: usize, number: usize, host: usize) -> Source {
    at(format!("198.18.{}.{}", 30 + number % 30, 10 + host % 200), place)
}

/// One of a relay's exits, which stands for the country its user is in.
pub(crate) fn relay(place: usize, exit: usize) -> Source {
    at(format!("198.18.{}.{}", 176 + place % 12, 1 + exit % 254), place)
}

/// A branch's own line, in a /24 of its own.
pub(crate) fn branch(place: usize, number: usize) -> Source {
    at(format!("198.18.{}.5", 60 + number % 40), place)
}

/// The data centre that a vendor has moved to.
pub(crate) fn moved_vendor(vendor: usize, host: usize) -> Source {
    at(format!("198.19.{}.{}", 50 + vendor % 50, 33 + host % 14), [17, 22, 16][vendor % 3])
}

fn at(ip: String, place: usize) -> Source {
    Source { ip: ip.into(), city: Some(city(place)) }
}
