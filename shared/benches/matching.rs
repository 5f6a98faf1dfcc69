//! How fast an address is held against a list of networks: the trie, beside comparing with one network after the other, on
//! the same list and addresses in the same run.
#![allow(missing_docs, reason = "criterion's macros write functions without any")]

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ipnet::IpNet;
use session_warden::indicators::{Indicator, Matcher, Observable, Provenance, Seen};

/// Lengths of advisories: a vendor's, a feed's, and everything that was ever blocked.
const LISTS: [usize; 3] = [10, 1_000, 50_000];
/// Rows of a page of LoginHistory.
const ADDRESSES: usize = 2_000;

/// Spread over all of IPv4 (Knuth's multiplicative hash).
fn address(number: usize) -> IpAddr {
    Ipv4Addr::from_bits((number as u32).wrapping_mul(2_654_435_761)).into()
}

/// From /16 to /32.
fn networks(many: usize) -> Vec<IpNet> {
    (0..many).map(|number| IpNet::new_assert(address(number), 16 + (number % 17) as u8).trunc()).collect()
}

fn addresses() -> Vec<IpAddr> {
    (0..ADDRESSES).map(|number| address(number * 1_000 + 1)).collect()
}

fn by_trie(matcher: &Matcher, addresses: &[IpAddr]) -> usize {
    let mut found = Vec::new();
    let count = |address: &IpAddr| {
        matcher.find(&Seen { address: Some(*address), ..Seen::default() }, &mut found);
        found.len()
    };
    addresses.iter().map(count).sum()
}

fn one_by_one(networks: &[IpNet], addresses: &[IpAddr]) -> usize {
    let count = |address: &IpAddr| networks.iter().filter(|network| network.contains(address)).count();
    addresses.iter().map(count).sum()
}

fn bench(criterion: &mut Criterion) {
    let addresses = addresses();
    let mut group = criterion.benchmark_group("matching");
    group.throughput(Throughput::Elements(ADDRESSES as u64)).sample_size(10);
    for many in LISTS {
        let networks = networks(many);
        let indicator =
            |network: &IpNet| Indicator::new(Observable::Address(*network), Provenance::CommandLine);
        let indicators: Vec<_> = networks.iter().map(indicator).collect();
        let Ok(matcher) = Matcher::new(&indicators, &HashMap::new()) else { return };
        assert_eq!(by_trie(&matcher, &addresses), one_by_one(&networks, &addresses));
        group.bench_function(BenchmarkId::new("trie", many), |b| b.iter(|| by_trie(&matcher, &addresses)));
        group.bench_function(BenchmarkId::new("one by one", many), |b| {
            b.iter(|| one_by_one(&networks, &addresses));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
