//! A schedule's request → a scan of its org, until the present is reached or the time is up.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::token_key;
use session_warden::lambda::{Failure, ObservationsQueue, Org, Orgs, Turn, own_usernames, remember_own_user};
use session_warden::observation::OrgId;
use session_warden::stages::Scan;
use session_warden::store::{LocalOutbox, Outbox, Store, register};

use crate::report::Report;
use crate::request::ScanRequest;

/// What is left of the function's time when no further step is begun; the next scan goes on from there.
const RESERVE: SignedDuration = SignedDuration::from_secs(20);
/// The same of a step of old history, which may wait for a query job before it reads.
const OLD_RESERVE: SignedDuration = SignedDuration::from_secs(60);

pub(crate) struct Handler {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) queue: Option<ObservationsQueue>,
    pub(crate) orgs: Orgs,
}

impl Handler {
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Report, Failure> {
        let began = SystemClock.now();
        let request = ScanRequest::read(event.payload)?;
        let store = self.store.as_ref();
        let Some(turn) = Turn::take(store, &request.org, began, deadline(&event.context)).await? else {
            return Ok(Report::busy(request.org, began));
        };
        let work = async |org: Arc<Org>| {
            let report = self.scan_in_turn(&request.org, &org, &event.context).await?;
            Ok((report, org))
        };
        let scanned = self.orgs.with(&request.org, work).await;
        turn.give_back(store, SystemClock.now()).await;
        if scanned.as_ref().err().is_some_and(|failure| matches!(failure, Failure::Blind { .. })) {
            Report::tell_blind(&request.org, SystemClock.now());
        }
        let (report, org) = scanned?;
        report.tell(&request, org.salesforce.budget(), began, SystemClock.now());
        Ok(report)
    }

    async fn scan_in_turn(&self, id: &OrgId, org: &Org, context: &Context) -> Result<Report, Failure> {
        self.introduce(id, org).await?;
        self.scan(id, org, context).await
    }

    async fn introduce(&self, id: &OrgId, org: &Org) -> Result<(), Failure> {
        let store = self.store.as_ref();
        store.write(vec![register(id, &org.alias)]).await?;
        // The containment names tokens by it too, and writes nothing into this table.
        token_key(store, id).await?;
        Ok(remember_own_user(store, id, &org.salesforce.own_user().await?).await?)
    }

    async fn scan(&self, id: &OrgId, org: &Org, context: &Context) -> Result<Report, Failure> {
        let store = self.store.as_ref();
        let own = own_usernames(store, id, &org.own).await?;
        let inside = LocalOutbox::new(store);
        let outbox: &dyn Outbox = match &self.queue {
            Some(queue) => queue,
            None => &inside,
        };
        let salesforce = &org.salesforce;
        let scan = Scan { salesforce, store, outbox, clock: &SystemClock, own: &own };
        let mut report = Report::of(scan.step(&|_| ()).await?);
        while !report.caught_up && time_left(context) > RESERVE {
            report = report.and(Report::of(scan.step(&|_| ()).await?));
        }
        // Old history teaches a step at a time, so that what the next minute sees waits behind no more than one.
        if report.caught_up && time_left(context) > OLD_RESERVE {
            scan.back_fill(&|_| ()).await?;
        }
        Ok(report)
    }
}

/// When Lambda ends the invocation.
fn deadline(context: &Context) -> Timestamp {
    Timestamp::try_from(context.deadline()).unwrap_or(Timestamp::MIN)
}

fn time_left(context: &Context) -> SignedDuration {
    deadline(context).duration_since(SystemClock.now())
}

#[cfg(test)]
mod tests {
    use salesforce_simulator::{LargeSeed, Simulator, generate_large};
    use serde_json::json;
    use session_warden::salesforce::Role;
    use session_warden::secrets::ConnectionSource;
    use session_warden::store::MemoryStore;

    use super::*;

    /// More than one step reads.
    const LOGINS: u32 = 60_000;

    struct World {
        simulator: Simulator,
        handler: Handler,
        _directory: tempfile::TempDir,
    }

    impl World {
        async fn new() -> Self {
            let seed = LargeSeed { users: 240, logins: Some(LOGINS), days: 60, ..LargeSeed::default() };
            let simulator = Simulator::start(generate_large(&seed)).await.unwrap();
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("org.json");
            std::fs::write(&file, simulator.connection_document().to_string()).unwrap();
            let orgs = Orgs::open(ConnectionSource::File(file), Role::Scanner, SignedDuration::from_mins(5))
                .await
                .unwrap();
            let handler = Handler { store: Arc::new(MemoryStore::new()), queue: None, orgs };
            Self { simulator, handler, _directory: directory }
        }

        /// A scan that Lambda would end in so many seconds.
        async fn scan(&self, seconds: i64) -> Report {
            let org = self.simulator.org().id().to_string();
            let payload = json!({ "schema_version": 1, "org": org, "scheduled_time": "2026-11-02T12:00:00Z", "attempt": "1" });
            let mut context = Context::default();
            let ends = SystemClock.now() + SignedDuration::from_secs(seconds);
            context.deadline = ends.as_millisecond() as u64;
            self.handler.handle(LambdaEvent::new(payload, context)).await.unwrap()
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_scan_whose_time_is_up_leaves_the_rest_to_the_next_one() {
        let world = World::new().await;
        let first = world.scan(RESERVE.as_secs() - 1).await;
        assert!(!first.caught_up && first.logins > 0, "{first:?}");
        let second = world.scan(900).await;
        assert!(second.caught_up, "{second:?}");
        let own = world.simulator.org().logins().len() as u64;
        assert_eq!(first.logins + second.logins, u64::from(LOGINS) + own, "{first:?} {second:?}");
    }
}
