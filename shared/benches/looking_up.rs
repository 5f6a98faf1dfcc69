//! How fast an address is looked up in the network pack, beside the `maxminddb` crate on a database of its own form: the same
//! data of the same day, the same addresses, in the same run. `make packs` makes the one and gets the other.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "criterion's macros, and a benchmark without its files is none"
)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use maxminddb::Reader;
use serde::Deserialize;
use session_warden::packs::NetworkPack;

const ADDRESSES: u32 = 100_000;
/// Addresses that are looked up to see that both say the same.
const COMPARED: usize = 20_000;

#[derive(Deserialize)]
struct Country<'a> {
    country_code: Option<&'a str>,
}

/// Spread over all of IPv4 (Knuth's multiplicative hash).
fn v4() -> Vec<IpAddr> {
    (1..=ADDRESSES).map(|number| Ipv4Addr::from_bits(number.wrapping_mul(2_654_435_761)).into()).collect()
}

/// Spread over the blocks 2a00::/12, from which most of what is announced comes.
fn v6() -> Vec<IpAddr> {
    let spread = |number: u32| u128::from(number.wrapping_mul(2_654_435_761));
    (1..=ADDRESSES)
        .map(|number| Ipv6Addr::from_bits(0x2a0 << 116 | spread(number) << 84 | 1).into())
        .collect()
}

fn by_pack(pack: &NetworkPack, addresses: &[IpAddr]) -> usize {
    addresses
        .iter()
        .filter(|address| pack.look_up(**address).is_some_and(|known| known.country.is_some()))
        .count()
}

fn code<'r>(reader: &'r Reader<Vec<u8>>, address: IpAddr) -> Option<&'r str> {
    reader.lookup(address).ok()?.decode::<Country<'r>>().ok()??.country_code
}

fn by_maxminddb(reader: &Reader<Vec<u8>>, addresses: &[IpAddr]) -> usize {
    addresses.iter().filter(|address| code(reader, **address).is_some()).count()
}

fn bench(criterion: &mut Criterion) {
    let packs = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../packs"));
    let pack = NetworkPack::open(&packs.join("networks.pack")).unwrap();
    let database = "node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb";
    let reader = Reader::open_readfile(packs.join(database)).unwrap();
    for (name, addresses) in [("IPv4", v4()), ("IPv6", v6())] {
        let of_pack = |address: &IpAddr| pack.look_up(*address).and_then(|known| known.country);
        let same = addresses.iter().take(COMPARED).filter(|address| {
            of_pack(address).map(|country| country.to_string()).as_deref() == code(&reader, **address)
        });
        // The two build their ranges each by its own rules where rows overlap.
        assert!(same.count() * 100 > COMPARED * 99, "{name}: they say different countries");
        let mut group = criterion.benchmark_group(format!("looking up {name}"));
        group.throughput(Throughput::Elements(u64::from(ADDRESSES))).sample_size(20);
        group.bench_function("network pack", |b| b.iter(|| by_pack(&pack, &addresses)));
        group.bench_function("maxminddb", |b| b.iter(|| by_maxminddb(&reader, &addresses)));
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
