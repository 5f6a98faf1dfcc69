//! A history of so many rows that the back-fill asks for it by query jobs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
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
use session_warden::stages::{BackFill, Scan};
use session_warden::store::{Expect, Key, MemoryStore, Outbox, Outgoing, Store, StoreError, Table, Write};

/// Every login that was sent, and how often.
struct Sent {
    store: Arc<dyn Store>,
    times: Mutex<BTreeMap<String, u32>>,
}

#[async_trait]
impl Outbox for Sent {
    async fn send(&self, messages: Vec<Outgoing>, then: Vec<Write>) -> Result<(), StoreError> {
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

/// An org of 60,000 logins, of which the last days were learned.
struct Old {
    simulator: Simulator,
    now: Timestamp,
    salesforce: Salesforce,
    sent: Sent,
}

impl Old {
    async fn new() -> Self {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let seed = LargeSeed { users: 600, logins: Some(60_000), days: 60, now, ..LargeSeed::default() };
        let mut org = generate_large(&seed);
        org.set_clock(SimulatedClock::Fixed(now));
        let simulator = Simulator::start(org).await.unwrap();
        let connection = Connection::parse(&simulator.connection_document().to_string()).unwrap();
        let (http, clock) = (http_client().unwrap(), Arc::new(FixedClock(now)));
        let salesforce = Salesforce::new(&connection, Role::Scanner, http, clock).unwrap();
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let old = Self { simulator, now, salesforce, sent: Sent { store, times: Mutex::default() } };
        old.set_aside().await;
        old
    }

    fn until(&self) -> Timestamp {
        self.now - SignedDuration::from_hours(48)
    }

    async fn set_aside(&self) {
        let (now, day, until) = (self.now, SignedDuration::from_hours(24), self.until());
        let cursor = json!({ "read_until": until, "live_from": now - day, "checked_until": now - day, "sequence": 0,
            "recent": {}, "older": { "from": now - day * 183, "until": until }, "learned": { "rows": 0, "of": 1 } });
        let key = Key::new(Table::Scan, &self.salesforce.org_id().await.unwrap(), "cursors", "logins");
        self.sent.store.write(vec![Write::Put { key, expect: Expect::Any, body: cursor }]).await.unwrap();
    }

    /// Lets all of it teach, and answers how many steps that took.
    async fn teach(&self) -> usize {
        let clock = FixedClock(self.now);
        let (salesforce, store) = (&self.salesforce, self.sent.store.as_ref());
        let scan = Scan { salesforce, store, outbox: &self.sent, clock: &clock, own: &[] };
        let mut steps = 0;
        while scan.back_fill(&|_| {}).await.unwrap() != BackFill::Complete {
            steps += 1;
        }
        steps
    }

    fn check_that_each_was_sent_once(&self) {
        let (org, until) = (self.simulator.org(), self.until());
        let old = org.every_login().filter(|login| login.login_time < until);
        let expected: BTreeMap<_, _> = old.map(|login| (login.id.to_string(), 1)).collect();
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

#[tokio::test]
async fn a_step_is_one_job_that_is_deleted_and_a_small_rest_is_pages() {
    let old = Old::new().await;
    assert_eq!(old.teach().await, 2);
    old.check_that_each_was_sent_once();
    assert_eq!(old.simulator.org().query_jobs_made(), 1);
    assert_eq!(old.simulator.org().query_jobs().count(), 0);
    // Of the first step no page was read.
    assert!(old.pages() < 10, "{} pages", old.pages());
    old.simulator.finish().unwrap();
}

#[tokio::test]
async fn a_job_that_breaks_on_the_way_is_read_on_page_by_page() {
    let old = Old::new().await;
    let results = Matcher::any().path("/results");
    let lost = Effect::refusal(404, "NOT_FOUND");
    old.simulator.org().faults_mut().add(Fault::on(results, Occurrence::Nth(3), lost));
    old.teach().await;
    old.check_that_each_was_sent_once();
    assert!(old.pages() > 10, "{} pages", old.pages());
}

#[tokio::test]
async fn an_org_without_jobs_teaches_all_the_same() {
    let old = Old::new().await;
    old.simulator.org().switches_mut().bulk_logins = BulkLogins::Unsupported;
    old.teach().await;
    old.check_that_each_was_sent_once();
    assert!(!old.salesforce.runs_jobs());
}
