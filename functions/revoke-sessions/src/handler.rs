//! Findings, requests, and what a schedule asks to look at → verified containment.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::SqsBatchResponse;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{Containment, Outcome, Pauses, token_key};
use session_warden::lambda::{
    EventBus, Failure, Handled, HeadArchive, Message, Metrics, Org, Orgs, Policies, each, own_users,
    remember_own_usernames,
};
use session_warden::notice::Topic;
use session_warden::observation::OrgId;
use session_warden::policy::Policy;
use session_warden::stages::{Apply, Contain};
use session_warden::store::Store;

use crate::event::{self, Asked};
use crate::finished;

/// Left of an invocation to prove and to announce.
const RESERVE: SignedDuration = SignedDuration::from_secs(20);

pub(crate) struct Handler {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) orgs: Orgs,
    pub(crate) policies: Policies<Policy>,
    pub(crate) bus: Option<EventBus>,
    pub(crate) archive: Option<HeadArchive>,
    pub(crate) topic: Option<Topic>,
}

impl Handler {
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<SqsBatchResponse, Failure> {
        let began = SystemClock.now();
        let deadline = Timestamp::try_from(event.context.deadline()).unwrap_or(Timestamp::MIN);
        let take = async |message: Message| self.take(event::asked(message.body)?, deadline).await;
        let handled = each(event.payload, take);
        let handled = handled.await?;
        tell(&handled, began, SystemClock.now());
        Ok(handled.answer())
    }

    async fn take(&self, asked: Asked, deadline: Timestamp) -> Result<Vec<Containment>, Failure> {
        let (org, is_tending) = (asked.org().clone(), matches!(asked, Asked::Tend(_)));
        let act = Box::pin(self.act(asked));
        let acted = if is_tending { in_time(deadline, act).await } else { act.await };
        // A schedule sends none of these, and who does is to hear of it.
        if let Err(Failure::InvalidPayload(_)) = acted {
            return acted;
        }
        // Also what an invocation before has ended and could not prove or announce.
        let proven = self.prove_and_announce(&org).await;
        if is_tending {
            return Ok(over(&org, acted, &proven));
        }
        if let (Err(_), Err(unproven)) = (&acted, &proven) {
            let kind = unproven.error_type();
            tracing::error!(org.id = %org, error.type = kind, "Nor is it proven or announced what ended before: {unproven}");
        }
        // What was done stays done: the message comes again, finds it done, and proves it then.
        let ended = acted?;
        proven.map(|()| ended)
    }

    async fn act(&self, asked: Asked) -> Result<Vec<Containment>, Failure> {
        let org_id = asked.org().clone();
        self.orgs.with(&org_id, async |org| self.act_in(&org, asked.clone()).await).await
    }

    async fn act_in(&self, org: &Org, asked: Asked) -> Result<Vec<Containment>, Failure> {
        let (store, org_id) = (self.store.as_ref(), asked.org().clone());
        let policy = self.policies.in_force(store).await?;
        remember_own_usernames(store, &org_id, &org.own).await?;
        let own_users = own_users(store, &org_id).await?;
        if own_users.is_empty() {
            return Err(Failure::ScannerUnknown { org: org_id });
        }
        let contain = Contain {
            store,
            salesforce: &org.salesforce,
            policy: &policy,
            clock: &SystemClock,
            token_key: &token_key(store, &org_id).await?,
            own_users: &own_users,
            pauses: Pauses::default(),
        };
        let ended = match asked {
            Asked::Contain(raised) => contain.contain_finding(&raised, None).await?,
            Asked::Request(request) => vec![contain.contain(*request, Apply::Act).await?],
            Asked::Tend(org) => {
                let ended = contain.tend(&org).await?;
                // Of a schedule that has ended nothing else tells: an alarm looks for this number.
                Metrics::of_org(&org).count("AgendasTended", 1).tell(SystemClock.now());
                ended
            }
        };
        self.notify(&contain, &org_id).await;
        Ok(ended)
    }

    async fn prove_and_announce(&self, org: &OrgId) -> Result<(), Failure> {
        let store = self.store.as_ref();
        if let Some(archive) = &self.archive {
            archive.keep(store, org).await?;
        }
        if let Some(bus) = &self.bus {
            finished::announce(bus, store, org).await?;
        }
        Ok(())
    }

    /// What cannot be told waits in the store, and the next message of the org tells it.
    async fn notify(&self, contain: &Contain<'_>, org: &OrgId) {
        let Some(topic) = &self.topic else { return };
        let failed = match contain.notify(org, topic).await {
            Ok(notified) => notified.failed.len(),
            Err(error) => {
                tracing::error!(org.id = %org, "The notices that wait cannot be read: {error}");
                1
            }
        };
        if failed > 0 {
            Metrics::of_org(org).count("NoticesFailed", failed).tell(SystemClock.now());
        }
    }
}

/// Before Lambda ends the invocation, from when on the message would come again.
async fn in_time<T>(
    deadline: Timestamp,
    act: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let left = deadline.duration_since(SystemClock.now()) - RESERVE;
    let left = left.try_into().unwrap_or(Duration::ZERO);
    tokio::time::timeout(left, act).await.unwrap_or(Err(Failure::OutOfTime))
}

/// A look at the agenda that failed is over: the schedule asks for the next in five minutes, and until that has come through, copies
/// of it that are delivered again would only keep other orgs waiting.
fn over(
    org: &OrgId,
    acted: Result<Vec<Containment>, Failure>,
    proven: &Result<(), Failure>,
) -> Vec<Containment> {
    let failures: Vec<_> = acted.as_ref().err().into_iter().chain(proven.as_ref().err()).collect();
    for failure in &failures {
        let kind = failure.error_type();
        tracing::error!(org.id = %org, error.type = kind, "It waits for the next look at the agenda: {failure}");
    }
    finished::count_failed(usize::from(!failures.is_empty()), SystemClock.now());
    acted.unwrap_or_default()
}

fn tell(handled: &Handled<Vec<Containment>>, began: Timestamp, now: Timestamp) {
    let ended = || handled.outcomes.iter().flatten().filter_map(|containment| containment.outcome.as_ref());
    let count = |is: fn(&Outcome) -> bool| ended().filter(|outcome| is(outcome)).count();
    tracing::info!(
        messages = handled.outcomes.len(),
        messages.failed = handled.failed.len(),
        users.contained = count(|outcome| {
            matches!(outcome, Outcome::Contained | Outcome::AccessEnded | Outcome::SessionEnded)
        }),
        users.refused = count(|outcome| matches!(outcome, Outcome::Refused { .. })),
        users.not_contained = count(|outcome| matches!(outcome, Outcome::NotContained { .. })),
        duration_ms = now.duration_since(began).as_millis() as u64,
        "Contained what was asked for"
    );
    finished::measure(handled, now);
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::Router;
    use axum::extract::State;
    use lambda_runtime::Context;
    use salesforce_simulator::{CampaignKind, Seed, Simulator, generate};
    use serde_json::json;
    use session_warden::lambda::remember_own_user;
    use session_warden::observation::UserId;
    use session_warden::salesforce::Role;
    use session_warden::secrets::ConnectionSource;
    use session_warden::settings::Settings;
    use session_warden::store::{MemoryStore, PolicyRecord, push_policy};
    use tokio::net::TcpListener;

    use super::*;

    /// An org, and what is remembered of it.
    struct World {
        simulator: Simulator,
        directory: tempfile::TempDir,
        store: Arc<MemoryStore>,
    }

    impl World {
        async fn new() -> Self {
            let org = generate(&Seed { users: 10, days: 2, ..Seed::default() });
            let simulator = Simulator::start(org).await.unwrap();
            let (directory, store) = (tempfile::tempdir().unwrap(), Arc::new(MemoryStore::new()));
            let world = Self { simulator, directory, store };
            std::fs::write(world.document(), world.simulator.connection_document().to_string()).unwrap();
            let scanner = UserId::new("005000000000001AAA");
            remember_own_user(world.store.as_ref(), &world.org_id(), &scanner).await.unwrap();
            let (hash, text, by) = (String::new(), "mode: contain\n".to_owned(), "ada".to_owned());
            let policy = PolicyRecord { number: 0, hash, text, by, at: SystemClock.now() };
            push_policy(world.store.as_ref(), policy).await.unwrap();
            world
        }

        fn document(&self) -> std::path::PathBuf {
            self.directory.path().join("org.json")
        }

        fn org_id(&self) -> OrgId {
            OrgId::new(self.simulator.org().id().as_str())
        }

        async fn handler(&self, bus: Option<EventBus>) -> Handler {
            let source = ConnectionSource::File(self.document());
            let orgs = Orgs::open(source, Role::Revoker, SignedDuration::ZERO).await.unwrap();
            let policies = Policies::of(&Settings::default(), |policy| policy);
            Handler { store: self.store.clone(), orgs, policies, bus, archive: None, topic: None }
        }

        fn tend(&self) -> Value {
            json!({ "schema_version": 1, "org_id": self.org_id(), "task": "tend" })
        }

        /// A request to end the access of somebody who was attacked.
        fn request(&self) -> Value {
            let mut org = self.simulator.org();
            let time = org.now() - SignedDuration::from_secs(5);
            let user = org.launch(CampaignKind::BruteForce, time).user_id;
            let detail = json!({ "schema_version": 1, "request_id": "r1", "org_id": org.id().as_str(),
                "subject": { "kind": "user", "id": user.as_str() }, "reason": "he was called", "requested_by": "ada" });
            json!({ "detail-type": "Containment Requested", "detail": detail })
        }
    }

    /// How many of the messages are to come again.
    async fn failed(handler: &Handler, bodies: &[Value]) -> usize {
        let record = |(number, body): (usize, &Value)| {
            json!({ "messageId": format!("m{number}"), "body": body.to_string(),
                "eventSourceARN": "arn:aws:sqs:eu-central-1:111122223333:containment" })
        };
        let batch = json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() });
        let mut context = Context::default();
        context.deadline = SystemClock.now().as_millisecond().cast_unsigned() + 300_000;
        handler.handle(LambdaEvent::new(batch, context)).await.unwrap().batch_item_failures.len()
    }

    /// A bus: what it has taken, and whether it takes anything.
    #[derive(Clone, Default)]
    struct Bus {
        taken: Arc<Mutex<Vec<Value>>>,
        is_down: Arc<AtomicBool>,
    }

    impl Bus {
        async fn start(&self) -> EventBus {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let endpoint = format!("http://{}", listener.local_addr().unwrap());
            let put_events = |State(bus): State<Self>, body: String| ready(bus.put_events(&body));
            let app = Router::new().fallback(put_events).with_state(self.clone());
            tokio::spawn(async move { axum::serve(listener, app).await });
            EventBus::new(&local_aws::configuration(&endpoint).await, "findings")
        }

        fn put_events(&self, body: &str) -> String {
            if self.is_down.load(Ordering::SeqCst) {
                return json!({ "FailedEntryCount": 1, "Entries": [{ "ErrorCode": "InternalFailure" }] })
                    .to_string();
            }
            let body: Value = serde_json::from_str(body).unwrap();
            let entry = &body["Entries"][0];
            assert_eq!(entry["DetailType"], "Containment Finished");
            let detail = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
            self.taken.lock().unwrap().push(detail);
            json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "e" }] }).to_string()
        }

        /// What was announced since the last look: of which request, and how it ended.
        fn taken(&self) -> Vec<(Value, Value)> {
            let taken = std::mem::take(&mut *self.taken.lock().unwrap());
            taken.into_iter().map(|it| (it["request_id"].clone(), it["outcome"].clone())).collect()
        }
    }

    #[tokio::test]
    async fn how_it_ended_is_announced_by_whoever_comes_next() {
        let (world, bus) = (World::new().await, Bus::default());
        let request = world.request();
        let id = format!("event/r1/{}/user", request["detail"]["subject"]["id"].as_str().unwrap());
        // As one that dies between the act and the announcement.
        assert_eq!(failed(&world.handler(None).await, std::slice::from_ref(&request)).await, 0);
        let handler = world.handler(Some(bus.start().await)).await;
        bus.is_down.store(true, Ordering::SeqCst);
        assert_eq!(failed(&handler, &[world.tend()]).await, 0, "the next look announces it");
        assert_eq!(failed(&handler, std::slice::from_ref(&request)).await, 1, "it comes again by itself");
        assert_eq!(bus.taken(), []);
        bus.is_down.store(false, Ordering::SeqCst);
        // That needs nothing of the org.
        std::fs::remove_file(world.document()).unwrap();
        assert_eq!(failed(&handler, &[world.tend()]).await, 0);
        assert_eq!(bus.taken(), [(json!(id), json!("contained"))]);
        assert_eq!(failed(&handler, &[world.tend()]).await, 0);
        assert_eq!(bus.taken(), [], "once");
    }

    #[tokio::test]
    async fn a_look_at_the_agenda_that_fails_does_not_come_again_besides_the_next() {
        let world = World::new().await;
        let handler = world.handler(None).await;
        assert_eq!(failed(&handler, &[world.tend()]).await, 0);
        let request = world.request();
        std::fs::remove_file(world.document()).unwrap();
        assert_eq!(failed(&handler, &[world.tend()]).await, 0, "the schedule asks again");
        assert_eq!(failed(&handler, &[request]).await, 1, "nobody else asks for this");
        let of_nobody = json!({ "schema_version": 1, "org_id": "../00D", "task": "tend" });
        assert_eq!(failed(&handler, &[of_nobody]).await, 1, "no schedule asks for this");
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_at_the_agenda_ends_before_lambda_ends_it() {
        let deadline = SystemClock.now() + SignedDuration::from_mins(5);
        let never = pending::<Result<(), Failure>>();
        assert_eq!(in_time(deadline, never).await.unwrap_err().error_type(), "OutOfTime");
        assert_eq!(in_time(deadline, async { Ok(7) }).await.unwrap(), 7);
        let slow = async {
            tokio::time::sleep(Duration::from_mins(4)).await;
            Ok(7)
        };
        assert_eq!(in_time(deadline, slow).await.unwrap(), 7);
    }
}
