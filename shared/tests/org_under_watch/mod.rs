//! A simulated org that is scanned and evaluated as `warden run` does it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{Clock as SimulatedClock, Seed, Simulator, generate};
use session_warden::clock::{Clock, FixedClock};
use session_warden::detection::{Detection, Finding, catalogue};

use session_warden::policy::Policy;
use session_warden::salesforce::{Connection, Role, Salesforce, http_client};
use session_warden::stages::{Evaluate, Scan, Scanned};
use session_warden::store::{LocalOutbox, MemoryStore, Queue, Store};

pub(crate) struct Watched {
    pub(crate) simulator: Simulator,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) policy: Policy,
    pub(crate) detections: Vec<Box<dyn Detection>>,
    pub(crate) findings: BTreeMap<String, Finding>,
    pub(crate) salesforce: Salesforce,
    clock: FixedClock,
    own: Vec<String>,
}

impl Watched {
    /// Sixty people and programs, forty days, learned; the simulator's clock stands still a minute later.
    pub(crate) async fn after_learning() -> Self {
        let mut watched = Self::new().await;
        while !watched.round().await.caught_up {}
        watched
    }

    pub(crate) async fn new() -> Self {
        let start = Timestamp::from_second(1_790_000_000).unwrap();
        let mut org = generate(&Seed { users: 60, days: 40, now: start, ..Seed::default() });
        let now = start + SignedDuration::from_mins(1);
        org.set_clock(SimulatedClock::Fixed(now));
        let simulator = Simulator::start(org).await.unwrap();
        let connection = Connection::parse(&simulator.connection_document().to_string()).unwrap();
        let clock = FixedClock(now);
        let salesforce =
            Salesforce::new(&connection, Role::Scanner, http_client().unwrap(), Arc::new(clock)).unwrap();
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
        self.clock = FixedClock(self.now() + time);
        self.simulator.org().set_clock(SimulatedClock::Fixed(self.clock.0));
    }

    pub(crate) async fn round(&mut self) -> Scanned {
        let outbox = LocalOutbox::new(self.store.as_ref());
        let scan = Scan {
            salesforce: &self.salesforce,
            store: self.store.as_ref(),
            outbox: &outbox,
            clock: &self.clock,
            own: &self.own,
        };
        let scanned = scan.step(&|_| {}).await.unwrap();
        let evaluate = Evaluate {
            store: self.store.as_ref(),
            outbox: &outbox,
            policy: &self.policy,
            detections: &self.detections,
            clock: &self.clock,
        };
        loop {
            let waiting = outbox.next(Queue::Observations, &scanned.org, 20).await.unwrap();
            if waiting.is_empty() {
                return scanned;
            }
            let evaluated = evaluate.evaluate(waiting).await.unwrap();
            self.findings.extend(evaluated.raised.into_iter().map(|f| (f.finding_id.to_string(), f)));
        }
    }
}
