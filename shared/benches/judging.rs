//! How fast a login history is judged: every detection with learning, beside a plain 900 km/h travel rule on the same rows
//! in the same run.
#![allow(missing_docs, reason = "criterion's macros write functions without any")]

use std::collections::HashMap;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use salesforce_simulator::{Seed, generate};
use session_warden::clock::{Clock, SystemClock};
use session_warden::detection::{Lane, OrgState, Present, Remembers, TailEntry, catalogue};
use session_warden::observation::{
    Client, CountryCode, Login, LoginDetail, Observation, OrgId, Outcome, Place, UserId,
};
use session_warden::policy::Policy;

/// Rows judged in one go, as in `warden evaluate`.
const BATCH: usize = 20_000;

fn history() -> Vec<Login> {
    let org = generate(&Seed { users: 120, days: 60, now: SystemClock.now(), ..Seed::default() });
    let login = |row: &salesforce_simulator::Login| Login {
        id: row.id.as_str().into(),
        time: row.login_time,
        user_id: Some(UserId::new(row.user_id.as_str())),
        outcome: Outcome::from_status(&row.status),
        status: (&*row.status).into(),
        login_type: (&*row.login_type).into(),
        login_sub_type: row.login_sub_type.as_deref().unwrap_or_default().into(),
        source: row.source_ip.as_ref().into(),
        place: row.geo.as_ref().and_then(|geo| {
            let country = row.country_iso.as_deref().and_then(CountryCode::parse);
            Place::from_parts(Some((geo.latitude, geo.longitude)), country, Some(geo.city.into()))
        }),
        application: (&*row.application).into(),
        client: Client {
            browser: (&*row.browser).into(),
            platform: (&*row.platform).into(),
            ..Client::default()
        },
        detail: LoginDetail::default(),
    };
    org.logins().iter().map(|row| login(row)).collect()
}

/// The history in batches, as they are taken from a queue.
fn batches(history: &[Login]) -> Vec<Vec<TailEntry>> {
    let entry = |login: &Login| TailEntry {
        observation: Observation::Login(Box::new(login.clone())),
        lane: Lane::Live,
    };
    history.chunks(BATCH).map(|batch| batch.iter().map(entry).collect()).collect()
}

fn judge(batches: Vec<Vec<TailEntry>>) -> usize {
    let (org, policy) = (OrgId::new("org"), Policy::default());
    let detections = catalogue(&policy);
    let mut state = OrgState { remembers: Remembers::Nothing, ..OrgState::default() };
    let mut findings = 0;
    for batch in batches {
        findings += state.absorb(&org, &policy, &detections, batch, Present::AsItHappened).raised.len();
    }
    findings
}

/// What a script does: the last place of each user, and a speed.
fn plain_travel(history: &[Login]) -> usize {
    let mut last: HashMap<&UserId, &Login> = HashMap::new();
    let mut alerts = 0;
    for login in history.iter().filter(|login| login.succeeded()) {
        let (Some(user), Some(place)) = (&login.user_id, &login.place) else { continue };
        if let Some((before, there)) = last.insert(user, login).and_then(|b| Some((b, b.place.as_ref()?))) {
            let hours = login.time.duration_since(before.time).as_secs_f64() / 3600.0;
            alerts += usize::from(place.distance_km(there) > 900.0 * hours.max(0.02));
        }
    }
    alerts
}

fn bench(criterion: &mut Criterion) {
    let history = history();
    let mut group = criterion.benchmark_group("judging");
    group.sample_size(10).throughput(Throughput::Elements(history.len() as u64));
    group.bench_function("every detection, with learning", |b| {
        b.iter_batched(|| batches(&history), judge, BatchSize::LargeInput);
    });
    group.bench_function("plain travel rule", |b| b.iter(|| plain_travel(&history)));
    group.finish();
    eprintln_counts(&history);
}

#[expect(clippy::print_stderr, reason = "the counts belong beside the times")]
fn eprintln_counts(history: &[Login]) {
    eprintln!(
        "{} logins: {} findings, {} travel alerts",
        history.len(),
        judge(batches(history)),
        plain_travel(history)
    );
}

criterion_group!(benches, bench);
criterion_main!(benches);
