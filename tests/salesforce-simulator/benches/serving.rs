//! How fast pages of LoginHistory are served: rows a second through HTTP on the loopback interface, one page after the
//! other and four queries at once. The reader shares the machine and only takes the bytes.

#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends where it cannot go on")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use salesforce_simulator::{LargeSeed, Simulator, generate_large};
use tokio::runtime::Runtime;

#[expect(dead_code, reason = "the tests use all of it")]
#[path = "../tests/api/support.rs"]
mod support;

const FIELDS: &str = "Id, UserId, LoginTime, LoginType, LoginSubType, Status, SourceIp, CountryIso, Application, \
    Browser, Platform, ApiType, ApiVersion, LoginGeo.Latitude, LoginGeo.Longitude, LoginGeo.City";
/// Rows of a page.
const PAGE: u64 = 2_000;

async fn page(api: &support::Api, path: &str, query: &[(&str, &str)]) -> usize {
    let response = api.call(reqwest::Method::GET, path, query).await;
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap().len()
}

fn serving(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let org = generate_large(&LargeSeed { logins: Some(10_000_000), ..LargeSeed::default() });
    let simulator = runtime.block_on(Simulator::start(org)).unwrap();
    let api = runtime.block_on(support::log_in(&simulator, "scanner"));
    let query = format!("SELECT {FIELDS} FROM LoginHistory ORDER BY LoginTime, Id");
    let (_, first) = runtime.block_on(api.query(&query));
    let locator = first["nextRecordsUrl"].as_str().unwrap().rsplit_once('-').unwrap().0.to_owned();

    let mut group = criterion.benchmark_group("LoginHistory");
    let mut at = 0;
    group.throughput(Throughput::Elements(PAGE));
    group.bench_function("one page after the other", |bencher| {
        bencher.iter(|| {
            at = (at + PAGE) % 9_000_000;
            runtime.block_on(page(&api, &format!("{locator}-{at}"), &[]))
        });
    });
    group.throughput(Throughput::Elements(4 * PAGE));
    group.bench_function("four pages at once", |bencher| {
        bencher.iter(|| {
            at = (at + PAGE) % 2_000_000;
            let paths: Vec<_> = (0..4).map(|slice| format!("{locator}-{}", at + slice * 2_400_000)).collect();
            runtime.block_on(futures::future::join_all(paths.iter().map(|path| page(&api, path, &[]))))
        });
    });
    group.finish();
    drop(api);
    simulator.finish().unwrap();
}

criterion_group!(benches, serving);
criterion_main!(benches);
