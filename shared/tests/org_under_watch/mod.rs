//! A simulated org that is scanned and evaluated as `warden run` does it.

#![allow(clippy::unwrap_used, reason = "a test's support fails the test")]

pub(crate) mod crashing_store;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{Clock as SimulatedClock, Seed, Simulator, generate};
use serde_json::Value;
use session_warden::clock::Clock;
use session_warden::detection::{Detection, Finding, Lane, catalogue};
use session_warden::messages::{ObservationBatch, SCHEMA_VERSION};

use session_warden::observation::NoOrigins;
use session_warden::policy::Policy;
use session_warden::salesforce::{Connection, Relayed, Role, Salesforce, http_client, relayed};
use session_warden::stages::{BackFill, Evaluate, EvaluateError, Memory, Scan, ScanError, Scanned};
use session_warden::store::{
    Key, LocalOutbox, MemoryStore, Outbox, Outgoing, Queue, Store, StoreError, Table,
};

/// The clock of the scan and of its client, in seconds since 1970: it stands still until it is moved.
#[derive(Clone)]
struct OneClock(Arc<AtomicI64>);

impl Clock for OneClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Relaxed)).unwrap()
    }
}

pub(crate) struct Watched {
    pub(crate) simulator: Simulator,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) policy: Policy,
    pub(crate) detections: Vec<Box<dyn Detection>>,
    pub(crate) findings: BTreeMap<String, Finding>,
    pub(crate) salesforce: Salesforce,
    clock: OneClock,
    own: Vec<String>,
}

impl Watched {
    /// Fifty people and programs, twenty-five days, learned; the simulator's clock stands still a minute later.
    pub(crate) async fn after_learning() -> Self {
        let mut watched = Self::new().await;
        while !watched.round().await.caught_up {}
        watched
    }

    pub(crate) async fn new() -> Self {
        let start = Timestamp::from_second(1_790_000_000).unwrap();
        let mut org = generate(&Seed { users: 50, days: 25, now: start, ..Seed::default() });
        let now = start + SignedDuration::from_mins(1);
        org.set_clock(SimulatedClock::Fixed(now));
        let simulator = Simulator::start(org).await.unwrap();
        let connection = Connection::parse(&simulator.connection_document().to_string()).unwrap();
        let clock = OneClock(Arc::new(AtomicI64::new(now.as_second())));
        let salesforce =
            Salesforce::new(&connection, Role::Scanner, http_client().unwrap(), Arc::new(clock.clone()))
                .unwrap();
        let policy = Policy::default();
        let detections = catalogue(&policy);
        let own = connection.usernames();
        let (store, findings) = (Arc::new(MemoryStore::new()), BTreeMap::new());
        Self { simulator, store, policy, detections, findings, salesforce, clock, own }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass, here and in the simulated org.
    pub(crate) fn pass(&mut self, time: SignedDuration) {
        self.clock.0.fetch_add(time.as_secs(), Relaxed);
        self.simulator.org().set_clock(SimulatedClock::Fixed(self.now()));
    }

    /// One round, which must succeed.
    pub(crate) async fn round(&mut self) -> Scanned {
        let store = Arc::clone(&self.store);
        self.round_on(store.as_ref()).await.unwrap()
    }

    /// One round on a store that may fail.
    pub(crate) async fn round_on(&mut self, store: &dyn Store) -> Result<Scanned, RoundError> {
        let outbox = LocalOutbox::new(store);
        let scanned = self.scan(store, &outbox).step(&|_| {}).await?;
        self.evaluate_on(store).await?;
        Ok(scanned)
    }

    /// One step of the old history, on a store that may fail.
    pub(crate) async fn teach_on(&mut self, store: &dyn Store) -> Result<BackFill, RoundError> {
        let outbox = LocalOutbox::new(store);
        let step = self.scan(store, &outbox).back_fill(&|_| {}).await?;
        self.evaluate_on(store).await?;
        Ok(step)
    }

    fn scan<'a>(&'a self, store: &'a dyn Store, outbox: &'a LocalOutbox<'a>) -> Scan<'a> {
        Scan { salesforce: &self.salesforce, store, outbox, clock: &self.clock, own: &self.own }
    }

    async fn evaluate_on(&mut self, store: &dyn Store) -> Result<(), RoundError> {
        let outbox = LocalOutbox::new(store);
        let org = self.salesforce.org_id().await.unwrap();
        let (policy, detections) = (&self.policy, self.detections.as_slice());
        let evaluate = Evaluate {
            store,
            memory: &Memory::default(),
            policy,
            detections,
            origins: &NoOrigins,
            clock: &self.clock,
        };
        loop {
            let waiting = outbox.next(Queue::Observations, &org, 20).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            let evaluated = evaluate.evaluate(waiting).await?;
            self.findings.extend(evaluated.raised.into_iter().map(|f| (f.finding_id.to_string(), f)));
        }
    }

    /// Judges what Event Relay delivers, each event in a message of its own.
    pub(crate) async fn hear(&mut self, events: &[Value]) {
        let org = self.salesforce.org_id().await.unwrap();
        let store = Arc::clone(&self.store);
        let message = |(place, event): (usize, &Value)| {
            let Relayed::Seen(seen) = relayed(event).unwrap() else { panic!("nothing is said: {event}") };
            let batch = ObservationBatch {
                schema_version: SCHEMA_VERSION,
                org_id: org.clone(),
                lane: Lane::Live,
                observations: vec![*seen],
                users: Vec::new(),
            };
            let (queue, order) = (Queue::Observations, format!("relayed-{place:06}"));
            Outgoing { queue, org: org.clone(), order, body: serde_json::to_value(batch).unwrap() }
        };
        let messages = events.iter().enumerate().map(message).collect();
        LocalOutbox::new(store.as_ref()).send(messages, Vec::new()).await.unwrap();
        self.evaluate_on(store.as_ref()).await.unwrap();
    }

    /// What was learned of a user and committed.
    pub(crate) async fn profile_of(&self, user: &str) -> Value {
        let org = self.salesforce.org_id().await.unwrap();
        let key = Key::new(Table::Evaluate, &org, "user-profiles", user);
        self.store.get(&key).await.unwrap().unwrap().body
    }

    /// What was learned of each application and committed.
    pub(crate) async fn application_profiles(&self) -> Vec<Value> {
        let org = self.salesforce.org_id().await.unwrap();
        let partition = format!("{org}/application-profiles");
        let records = self.store.list(Table::Evaluate, &partition, "", 100_000).await.unwrap();
        records.into_iter().map(|record| record.body).collect()
    }

    /// Rows of the login history that a scan until now can have seen.
    pub(crate) fn rows_before_now(&self) -> u64 {
        let now = self.now();
        self.simulator.org().logins().iter().filter(|login| login.login_time < now).count() as u64
    }

    /// Logins that the store has counted: folded into profiles, or waiting in the tail.
    pub(crate) async fn logins_counted(&self) -> u64 {
        let org = self.salesforce.org_id().await.unwrap();
        let list = |room: &str| {
            let partition = format!("{org}/{room}");
            async move { self.store.list(Table::Evaluate, &partition, "", 100_000).await.unwrap() }
        };
        let standing = list("standing").await.remove(0).body;
        let folded: u64 =
            list("user-profiles").await.iter().map(|r| r.body["logins"].as_u64().unwrap()).sum();
        assert_eq!(
            folded,
            standing["profile"]["logins"].as_u64().unwrap(),
            "the org and its users count alike"
        );
        let until = standing["committed_until"].as_str().unwrap().to_owned();
        let tail = list("tail").await;
        let seen =
            tail.iter().flat_map(|record| record.body.as_array().unwrap()).map(|entry| &entry["observation"]);
        let waits =
            |seen: &&Value| seen["observed"] == "login" && seen["time"].as_str().unwrap() >= until.as_str();
        // A login that was relayed and then scanned is there twice.
        let waiting: BTreeSet<_> = seen.filter(waits).map(|seen| seen["id"].as_str().unwrap()).collect();
        folded + waiting.len() as u64
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum RoundError {
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
