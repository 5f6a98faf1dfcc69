//! A history of so many rows that the back-fill asks for it by query jobs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{
    BulkLogins, Clock as SimulatedClock, Effect, Fault, LargeSeed, Matcher, Occurrence, Simulator,
    generate_large,
};
use serde_json::json;
use session_warden::clock::FixedClock;
use session_warden::messages::ObservationBatch;
use session_warden::observation::Observation;
use session_warden::salesforce::{Connection, Role, Salesforce, http_client};
use session_warden::stages::{BackFill, Progress, Scan, ScanError};
use session_warden::store::{Expect, Key, MemoryStore, Outbox, Outgoing, Store, StoreError, Table, Write};

/// Every login that was sent, and how often.
struct Sent {
    store: Arc<dyn Store>,
    times: Mutex<BTreeMap<String, u32>>,
    /// Sendings that succeed before one fails.
    left: AtomicUsize,
}

#[async_trait]
impl Outbox for Sent {
    async fn send(&self, messages: Vec<Outgoing>, then: Vec<Write>) -> Result<(), StoreError> {
        if self.left.fetch_sub(1, Relaxed) == 0 {
            return Err(StoreError::Unavailable {
                store: "memory".to_owned(),
                reason: "as ordered".to_owned(),
            });
        }
        self.store.write(then).await?;
        let mut times = self.times.lock().unwrap();
        for message in messages {
            let batch: ObservationBatch = serde_json::from_value(message.body).unwrap();
            for seen in batch.observations {
                if let Observation::Login(login) = seen {
                    *times.entry(login.id.to_string()).or_default() += 1;
                }
            }
        }
        Ok(())
    }
}

/// An org of many logins, of which the last days were learned.
struct Old {
    simulator: Simulator,
    now: Timestamp,
    salesforce: Salesforce,
    sent: Sent,
}

impl Old {
    async fn new() -> Self {
        Self::of(60_000).await
    }

    async fn of(logins: u32) -> Self {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let seed = LargeSeed { users: 600, logins: Some(logins), days: 60, now, ..LargeSeed::default() };
        let mut org = generate_large(&seed);
        org.set_clock(SimulatedClock::Fixed(now));
        let simulator = Simulator::start(org).await.unwrap();
        let salesforce = scanner(&simulator, now);
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let sent = Sent { store, times: Mutex::default(), left: AtomicUsize::new(usize::MAX) };
        let old = Self { simulator, now, salesforce, sent };
        old.set_aside().await;
        old
    }

    /// As if nothing had been read, by a client that knows nothing of this org.
    async fn begin_anew(&mut self) {
        self.salesforce = scanner(&self.simulator, self.now);
        self.sent.times.lock().unwrap().clear();
        self.set_aside().await;
    }

    fn until(&self) -> Timestamp {
        self.now - SignedDuration::from_hours(48)
    }

    fn old_rows(&self) -> u64 {
        let (org, until) = (self.simulator.org(), self.until());
        org.every_login().filter(|login| login.login_time < until).count() as u64
    }

    async fn key(&self) -> Key {
        Key::new(Table::Scan, &self.salesforce.org_id().await.unwrap(), "cursors", "logins")
    }

    /// Until when the old history is still to be read.
    async fn mark(&self) -> Timestamp {
        let record = self.sent.store.get(&self.key().await).await.unwrap().unwrap();
        record.body["older"]["until"].as_str().unwrap().parse().unwrap()
    }

    async fn set_aside(&self) {
        let (now, day, until) = (self.now, SignedDuration::from_hours(24), self.until());
        let cursor = json!({ "read_until": until, "live_from": now - day, "checked_until": now - day, "sequence": 0,
            "recent": {}, "older": { "from": now - day * 60, "until": until }, "learned": { "rows": 0, "of": self.old_rows() } });
        self.sent
            .store
            .write(vec![Write::Put { key: self.key().await, expect: Expect::Any, body: cursor }])
            .await
            .unwrap();
    }

    async fn step(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<BackFill, ScanError> {
        let clock = FixedClock(self.now);
        let (salesforce, store) = (&self.salesforce, self.sent.store.as_ref());
        let scan = Scan { salesforce, store, outbox: &self.sent, clock: &clock, own: &[] };
        scan.back_fill(progress).await
    }

    /// Lets all of it teach, and answers how many steps that took.
    async fn teach(&self) -> usize {
        let mut steps = 0;
        while self.step(&|_| {}).await.unwrap() != BackFill::Complete {
            steps += 1;
        }
        steps
    }

    fn each_once(&self) -> BTreeMap<String, u32> {
        let (org, until) = (self.simulator.org(), self.until());
        let old = org.every_login().filter(|login| login.login_time < until);
        old.map(|login| (login.id.to_string(), 1)).collect()
    }

    fn check_that_each_was_sent_once(&self) {
        let expected = self.each_once();
        assert!(expected.len() > 50_000);
        assert!(*self.sent.times.lock().unwrap() == expected, "a login was lost or doubled");
    }

    fn pages(&self) -> usize {
        let org = self.simulator.org();
        let is_page = |query: &str| query.contains("ORDER BY LoginTime");
        org.requests()
            .iter()
            .filter(|request| is_page(&request.query) || request.path.contains("/query/01g"))
            .count()
    }
}

fn scanner(simulator: &Simulator, now: Timestamp) -> Salesforce {
    let connection = Connection::parse(&simulator.connection_document().to_string()).unwrap();
    Salesforce::new(&connection, Role::Scanner, http_client().unwrap(), Arc::new(FixedClock(now))).unwrap()
}

#[tokio::test]
async fn a_step_is_jobs_that_are_deleted_and_a_small_rest_is_pages() {
    let old = Old::new().await;
    assert_eq!(old.teach().await, 2);
    old.check_that_each_was_sent_once();
    // Of some 58,000 rows.
    assert_eq!(old.simulator.org().query_jobs_made(), 2);
    assert_eq!(old.simulator.org().query_jobs().count(), 0);
    // Of the first step no page was read.
    assert!(old.pages() < 10, "{} pages", old.pages());
    old.simulator.finish().unwrap();
}

#[tokio::test]
async fn eight_jobs_run_beside_each_other_and_no_more() {
    let old = Old::of(260_000).await;
    assert_eq!(old.teach().await, 3);
    old.check_that_each_was_sent_once();
    let org = old.simulator.org();
    assert_eq!((org.query_jobs_made(), org.query_jobs().count()), (10, 0));
    let first = |method: &str, path: &str| {
        let is_it = |request: &salesforce_simulator::Request| {
            request.method == method && request.path.ends_with(path)
        };
        org.requests()
            .iter()
            .enumerate()
            .filter(|(_, request)| is_it(request))
            .map(|(at, _)| at)
            .collect::<Vec<_>>()
    };
    let (made, read) = (first("POST", "/jobs/query"), first("GET", "/results"));
    assert!(made[7] < read[0], "the first eight were made before any was read");
    assert!(made[8] > read[7], "and the others after them");
}

#[tokio::test]
async fn progress_is_told_page_by_page_and_ends_where_all_has_taught() {
    let old = Old::new().await;
    let told = Mutex::new(Vec::new());
    while old.step(&|progress| told.lock().unwrap().push(progress)).await.unwrap() != BackFill::Complete {}
    let told = told.into_inner().unwrap();
    let rows = old.old_rows();
    assert!(told.len() > 25, "{} pages", told.len());
    assert!(told.iter().all(|progress| progress.to_learn == rows));
    assert!(told.is_sorted_by_key(|progress| progress.learned) && told[0].learned <= 3_000);
    assert_eq!(told[told.len() - 1].learned, rows);
}

#[tokio::test]
async fn what_was_read_to_its_end_is_not_read_again_after_a_crash() {
    let old = Old::new().await;
    // A job of 25,000 rows is some fifteen pages and the moving of the mark; the second one breaks off in one of its first pages.
    old.sent.left.store(19, Relaxed);
    assert!(matches!(old.step(&|_| {}).await, Err(ScanError::Store(_))));
    assert_eq!(
        old.simulator.org().query_jobs().count(),
        0,
        "what was made is not left to the org for a week"
    );
    let mark = old.mark().await;
    assert!(mark < old.until());
    old.sent.left.store(usize::MAX, Relaxed);
    old.teach().await;
    let (times, org) = (old.sent.times.lock().unwrap(), old.simulator.org());
    let (mut newer, mut twice) = (0, 0);
    for login in org.every_login().filter(|login| login.login_time < old.until()) {
        let times = times[login.id.as_ref()];
        assert!(times == 1 || times == 2 && login.login_time < mark, "{} {times}", login.login_time);
        (newer, twice) = (newer + u32::from(login.login_time >= mark), twice + u32::from(times == 2));
    }
    assert!(newer > 20_000 && (1..15_000).contains(&twice), "{newer} {twice}");
}

#[tokio::test]
async fn a_job_that_breaks_on_the_way_is_read_on_page_by_page() {
    let pages = async |fault: Option<Effect>| {
        let old = Old::new().await;
        if let Some(effect) = fault {
            let fault = Fault::on(Matcher::any().path("/results"), Occurrence::Nth(2), effect);
            old.simulator.org().faults_mut().add(fault);
        }
        old.teach().await;
        old.check_that_each_was_sent_once();
        old.pages()
    };
    let of_the_rest = pages(None).await;
    assert!(pages(Some(Effect::refusal(404, "NOT_FOUND"))).await > of_the_rest + 10, "all of a job");
    let half = pages(Some(Effect::CutShort)).await - of_the_rest;
    assert!((5..10).contains(&half), "{half} pages after the half that came");
}

#[tokio::test]
async fn a_time_that_is_denser_than_the_rest_is_halved() {
    let old = Old::new().await;
    let dense = Effect::Json(200, json!({ "totalSize": 90_000, "done": true, "records": [] }));
    // The first count is of all, the second of the newest part.
    for nth in [2, 3] {
        let count = Matcher::any().path("COUNT()");
        old.simulator.org().faults_mut().add(Fault::on(count, Occurrence::Nth(nth), dense.clone()));
    }
    old.step(&|_| {}).await.unwrap();
    let counts =
        old.simulator.org().requests().iter().filter(|request| request.query.contains("COUNT()")).count();
    assert_eq!(counts, 1 + 3 + 1, "all, the newest part until it is a quarter, and the part before it");
    let mark = old.mark().await;
    assert!(mark < old.until());
    old.teach().await;
    old.check_that_each_was_sent_once();
}

#[tokio::test]
async fn an_org_without_jobs_teaches_all_the_same() {
    let old = Old::new().await;
    old.simulator.org().switches_mut().bulk_logins = BulkLogins::Unsupported;
    old.teach().await;
    old.check_that_each_was_sent_once();
    assert!(!old.salesforce.runs_jobs());
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_on_the_way_cost_no_row() {
    let effects = [Effect::CloseAfter, Effect::Clipped, Effect::QueryTimeout];
    join_all(effects.map(|effect| holds_under(effect, |last| vec![2 * last / 3]))).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: make test-long"]
async fn each_fault_at_each_request_costs_no_row() {
    let effects = [
        Effect::Html(502, "<html>Bad Gateway</html>".to_owned()),
        Effect::Html(429, "<html>Too Many Requests</html>".to_owned()),
        Effect::refusal(400, "SOMETHING_NEW"),
        Effect::refusal(404, "NOT_FOUND"),
        Effect::QueryTimeout,
        Effect::LimitExceeded,
        Effect::SessionExpired,
        Effect::LocatorExpired,
        Effect::Delay(300),
        Effect::Close,
        Effect::CloseAfter,
        Effect::CutShort,
        Effect::Clipped,
        Effect::RowsMissing,
    ];
    // The first request is the token's.
    join_all(effects.map(|effect| holds_under(effect, |last| (2..=last).collect()))).await;
}

/// A step that fails is taken again, as another worker's next scan does: what was sent of the slice under reading comes twice then, and no more.
async fn holds_under(effect: Effect, places: fn(u32) -> Vec<u32>) {
    let mut old = Old::new().await;
    old.teach().await;
    let last = old.simulator.org().requests().len() as u32;
    assert!(last > 15, "{last} requests");
    let expected = old.each_once();
    for place in places(last) {
        old.begin_anew().await;
        let fault = Fault::on(Matcher::any(), Occurrence::Nth(place), effect.clone());
        old.simulator.org().faults_mut().add(fault);
        let mut failed = 0;
        loop {
            match old.step(&|_| {}).await {
                Ok(BackFill::Complete) => break,
                Ok(_) => {}
                Err(error) => {
                    failed += 1;
                    assert!(failed < 2, "{effect:?} at {place}: {error}");
                    old.salesforce = scanner(&old.simulator, old.now);
                }
            }
        }
        old.simulator.org().faults_mut().clear();
        let sent = old.sent.times.lock().unwrap();
        assert!(sent.keys().eq(expected.keys()), "{effect:?} at {place}: a login was lost");
        assert!(
            sent.values().all(|times| *times <= 1 + failed),
            "{effect:?} at {place}: a login was doubled"
        );
    }
}
