//! How fast a page of LoginHistory is read: straight from the answer's bytes, beside a tree of JSON values of which no record
//! is made yet, on the same pages in the same run.
#![allow(missing_docs, reason = "criterion's macros write functions without any")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use salesforce_simulator::{Login, Seed, generate};
use serde_json::{Value, json};
use session_warden::clock::{Clock, SystemClock};
use session_warden::salesforce::logins_from_page;

/// What Salesforce puts on a page.
const ROWS: usize = 2_000;

fn record(login: &Login) -> Value {
    let geo = login.geo.as_ref().map(|geo| {
        json!({ "attributes": { "type": "LoginGeo", "url": format!("/services/data/v67.0/sobjects/LoginGeo/{}", geo.id) },
            "Latitude": geo.latitude, "Longitude": geo.longitude, "City": geo.city })
    });
    let (api_type, api_version) = login.api.as_ref().map_or(("N/A", "N/A"), |(api, version)| (api, version));
    json!({
        "attributes": { "type": "LoginHistory",
            "url": format!("/services/data/v67.0/sobjects/LoginHistory/{}", login.id) },
        "Id": login.id.as_str(), "UserId": login.user_id.as_str(),
        "LoginTime": login.login_time.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string(),
        "LoginType": login.login_type, "LoginSubType": login.login_sub_type, "Status": login.status,
        "SourceIp": login.source_ip, "CountryIso": login.country_iso, "TlsProtocol": "TLS 1.3",
        "CipherSuite": "TLS_AES_256_GCM_SHA384", "Application": login.application, "Browser": login.browser,
        "Platform": login.platform, "LoginGeo": geo, "ForwardedForIp": login.forwarded_for_ip,
        "AuthContextClassRef": null, "AuthMethodReference": null,
        "AuthenticationServiceId": login.authentication_service_id.as_ref().map(ToString::to_string),
        "LoginUrl": login.login_url, "ApiType": api_type, "ApiVersion": api_version, "ClientVersion": "N/A",
        "OptionsIsGet": false,
    })
}

fn page() -> Vec<u8> {
    let org = generate(&Seed { users: 120, days: 60, now: SystemClock.now(), ..Seed::default() });
    let records: Vec<_> = org.logins().iter().take(ROWS).map(|login| record(login)).collect();
    assert_eq!(records.len(), ROWS);
    json!({ "totalSize": ROWS, "done": true, "records": records }).to_string().into_bytes()
}

fn by_tree(page: &[u8]) -> usize {
    let answer: Value = serde_json::from_slice(page).unwrap_or_default();
    answer["records"].as_array().map_or(0, Vec::len)
}

fn straight(page: &[u8]) -> usize {
    logins_from_page(page).map_or(0, |page| page.rows.len())
}

fn with_a_bad_row(page: &[u8]) -> Vec<u8> {
    let mut answer: Value = serde_json::from_slice(page).unwrap_or_default();
    answer["records"][ROWS / 2]["LoginTime"] = Value::Null;
    answer.to_string().into_bytes()
}

fn bench(criterion: &mut Criterion) {
    let page = page();
    let bad = with_a_bad_row(&page);
    assert_eq!((straight(&page), by_tree(&page), straight(&bad)), (ROWS, ROWS, ROWS - 1));
    let mut group = criterion.benchmark_group("reading");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("straight from the bytes", |b| b.iter(|| straight(&page)));
    group.bench_function("with one row that cannot be read", |b| b.iter(|| straight(&bad)));
    group.bench_function("a tree of values", |b| b.iter(|| by_tree(&page)));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
