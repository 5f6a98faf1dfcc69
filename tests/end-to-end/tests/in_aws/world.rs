//! An org, and the AWS account that watches it.

use jiff::{SignedDuration, Timestamp};
use local_aws::{Fault, Faults, LocalAws, Received, Stack};
use salesforce_simulator::{Campaign, CampaignKind, Seed, Simulator, generate};
use serde_json::{Value, json};
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{CapsUsage, Target, containments};
use session_warden::evidence::Ledger;
use session_warden::observation::{OrgId, UserId};
use session_warden::store::{
    DynamoDbStore, Expect, Key, PolicyRecord, Record, Store, Table, Write, push_policy,
};

use crate::emulator::Function;

const PREFIX: &str = "session-warden";
/// At least as often every queue of the template delivers a message before it gives it up.
const DELIVERIES: usize = 10;
pub(crate) const COMMANDS: &str = "session-warden-commands";

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) aws: LocalAws,
    pub(crate) faults: Faults,
    pub(crate) stack: Stack,
    directory: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let org = generate(&Seed { users: 20, days: 5, ..Seed::default() });
        let simulator = Simulator::start(org).await.unwrap();
        let aws = LocalAws::start();
        let stack = aws.deploy(simulator.org().id().as_str());
        let faults = Faults::before(&aws, session_warden::salesforce::http_client().unwrap()).await;
        let directory = tempfile::tempdir().unwrap();
        let world = Self { simulator, aws, faults, stack, directory };
        for name in &world.stack.secrets {
            world.put_secret(name, world.simulator.connection_document()).await;
        }
        world.push("mode: contain\n").await;
        world
    }

    /// One secret an identity, without the other's key.
    pub(crate) async fn put_secret(&self, name: &str, mut document: Value) {
        let other = if name.ends_with("/scanner") { "revoker" } else { "scanner" };
        document.as_object_mut().unwrap().remove(other);
        self.aws.put_secret(name, &document.to_string()).await;
    }

    pub(crate) async fn store(&self) -> DynamoDbStore {
        DynamoDbStore::new(&self.aws.configuration().await, PREFIX)
    }

    /// Makes a policy the one in force.
    pub(crate) async fn push(&self, text: &str) {
        let (text, by, at) = (text.to_owned(), "ada".to_owned(), "2026-11-02T12:00:00Z".parse().unwrap());
        let policy = PolicyRecord { number: 0, hash: String::new(), text, by, at };
        push_policy(&self.store().await, policy).await.unwrap();
    }

    pub(crate) fn org_id(&self) -> OrgId {
        OrgId::new(self.simulator.org().id().as_str())
    }

    /// Starts a function with what the template gives it.
    pub(crate) fn start(&self, name: &'static str) -> Function {
        self.start_with(name, &[])
    }

    /// The same, with other settings besides.
    pub(crate) fn start_with(&self, name: &'static str, besides: &[(&'static str, &str)]) -> Function {
        let deployed = &self.stack.function(name).variables;
        // Where AWS has its roots; here nothing speaks TLS.
        let deployed = deployed.iter().filter(|(name, _)| *name != "SSL_CERT_FILE");
        let mut variables = local_aws::variables(self.faults.endpoint()).to_vec();
        variables.extend(deployed.map(|(name, value)| (name.as_str(), value.clone())));
        // By it is recorded who asks for what.
        variables.push(("AWS_ACCESS_KEY_ID", name.to_owned()));
        variables.extend(besides.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Function::start(name, &variables, self.directory.path())
    }

    /// Lets the schedule start a scan.
    pub(crate) async fn scan(&self, function: &Function) -> Value {
        function.invoke(&self.scheduled_scan()).await
    }

    /// What the schedule gives a scan.
    pub(crate) fn scheduled_scan(&self) -> Value {
        self.stack.scheduled("scan", "2026-11-02T12:00:00Z")
    }

    /// What the schedule puts on the containment's queue.
    fn tend(&self) -> Received {
        received("tend", &self.stack.scheduled("tend", "2026-11-02T12:00:00Z"))
    }

    pub(crate) fn attack(&self) -> Campaign {
        let time = self.simulator.org().now() - SignedDuration::from_secs(5);
        self.simulator.org().launch(CampaignKind::BruteForce, time)
    }

    /// Takes messages off a function's queue and to it until none is left; those that fail come again, until the queue gives
    /// them up. Answers what was delivered.
    pub(crate) async fn pump(&self, function: &Function) -> Vec<Received> {
        let (queue, most) = self.stack.function(function.name()).source();
        let mut delivered = Vec::new();
        loop {
            let received = self.aws.receive(queue, most).await;
            if received.is_empty() {
                return delivered;
            }
            let failed = self.deliver(function, &received).await;
            for message in received {
                if failed.contains(&message.id) {
                    self.aws.show_again(queue, &message).await;
                } else {
                    self.aws.delete(queue, &message).await;
                }
                delivered.push(message);
            }
        }
    }

    /// Delivers a batch; answers the ids of those that failed.
    pub(crate) async fn deliver(&self, function: &Function, messages: &[Received]) -> Vec<String> {
        let answer = function.invoke(&self.batch(function, messages)).await;
        let failures = answer["batchItemFailures"].as_array().unwrap_or_else(|| panic!("{answer}"));
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
    }

    /// Delivers a batch and again what failed of it, as the queue does: on a slow machine a call's time may be up. Answers the
    /// ids of those that the queue would give up.
    pub(crate) async fn deliver_until_taken(
        &self,
        function: &Function,
        messages: &[Received],
    ) -> Vec<String> {
        let mut failed = self.deliver(function, messages).await;
        for _ in 1..DELIVERIES {
            if failed.is_empty() {
                break;
            }
            let again: Vec<_> = messages.iter().filter(|it| failed.contains(&it.id)).cloned().collect();
            failed = self.deliver(function, &again).await;
        }
        failed
    }

    /// Lets the schedule ask for looks at the agenda until one comes through, which an alarm waits for: one that fails is over.
    pub(crate) async fn tend_until_done(&self, revoke: &Function) {
        let tended = || revoke.log().iter().filter(|line| line.get("AgendasTended").is_some()).count();
        let before = tended();
        for _ in 0..DELIVERIES {
            assert!(self.deliver(revoke, &[self.tend()]).await.is_empty(), "{:?}", revoke.log());
            if tended() > before {
                return;
            }
        }
        panic!("no look at the agenda came through: {:?}", revoke.log());
    }

    /// Invokes a function, kills it where AWS does not answer it, and starts it anew.
    pub(crate) async fn kill_where_it_is_stuck(&self, function: Function, payload: &Value) -> Function {
        let name = function.name();
        tokio::select! {
            answer = function.invoke(payload) => panic!("it ended before: {answer}"),
            () = self.faults.met() => {}
        }
        drop(function);
        self.start(name)
    }

    /// A batch as Lambda's event source makes it.
    pub(crate) fn batch(&self, function: &Function, messages: &[Received]) -> Value {
        let name = self.stack.function(function.name()).source().0.rsplit('/').next().unwrap();
        let record = |message: &Received| {
            let mut attributes = json!({});
            if let Some(group) = &message.group {
                attributes["MessageGroupId"] = json!(group);
            }
            json!({ "messageId": message.id, "body": message.body, "attributes": attributes, "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:{}:{}:{name}", local_aws::REGION, local_aws::ACCOUNT) })
        };
        json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })
    }

    /// What lies in a queue, as JSON. It comes again.
    pub(crate) async fn bodies(&self, queue: &str) -> Vec<Value> {
        let received = self.aws.receive(queue, 10).await;
        received.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }

    /// What the queue of a name has.
    pub(crate) fn beside(&self, function: &str, queue: &str) -> String {
        let (url, _) = self.stack.function(function).source();
        format!("{}/{PREFIX}-{queue}", url.rsplit_once('/').unwrap().0)
    }

    /// Lets DynamoDB refuse every write as one too many, or take them again.
    pub(crate) fn throttle_writes(&self, fault: Option<Fault>) {
        for operation in ["DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"] {
            self.faults.always(operation, fault);
        }
    }

    /// Lets the time pass after which a worker that has said nothing is taken for dead.
    pub(crate) async fn end_leases(&self) {
        self.end_all(Table::Contain, "leases").await;
    }

    /// Lets the time pass after which a scan that has said nothing is taken for dead.
    pub(crate) async fn end_turns(&self) {
        self.end_all(Table::Scan, "turns").await;
    }

    async fn end_all(&self, table: Table, room: &str) {
        let store = self.store().await;
        let Key { table, partition, .. } = Key::new(table, &self.org_id(), room, "");
        for Record { key, mut body, .. } in store.list(table, &partition, "", 10).await.unwrap() {
            body["until"] = json!(Timestamp::UNIX_EPOCH);
            store.write(vec![Write::Put { key, expect: Expect::Any, body }]).await.unwrap();
        }
    }

    pub(crate) fn is_contained(&self, campaign: &Campaign) -> bool {
        let user = campaign.user_id.as_str();
        self.simulator.org().is_frozen(user) && self.simulator.org().live_sessions_of(user).is_empty()
    }

    /// Asserts that what was done to a user was done once: one containment, one freeze, caps used once for each of so many users;
    /// and that the ledger says so.
    pub(crate) async fn assert_contained_once(&self, campaigns: &[&Campaign]) {
        let (store, org) = (self.store().await, self.org_id());
        let records = containments(&org).all(&store).await.unwrap();
        let writes = self.simulator.org().take_writes();
        for campaign in campaigns {
            assert!(self.is_contained(campaign), "{records:?}");
            let of_user = Target::User { user_id: UserId::new(campaign.user_id.as_str()) };
            let about = records.iter().filter(|(_, kept)| kept.value.request.target == of_user);
            assert_eq!(about.count(), 1, "{records:?}");
            let froze = |write: &&salesforce_simulator::Write| {
                matches!(write, salesforce_simulator::Write::SetFrozen { user_id, frozen: true }
                    if *user_id == campaign.user_id.as_str())
            };
            assert_eq!(writes.iter().filter(froze).count(), 1, "{writes:?}");
        }
        let caps = CapsUsage::read(&store, &org, SystemClock.now()).await.unwrap().unwrap();
        assert_eq!(caps.used().1 as usize, campaigns.len());
        assert!(Ledger::new(&store, org).verify(None).await.unwrap().entries > 0);
    }
}

/// A message that holds a body.
pub(crate) fn received(id: &str, body: &Value) -> Received {
    Received { receipt: String::new(), id: id.to_owned(), group: None, body: body.to_string() }
}

pub(crate) fn metric(function: &Function, name: &str) -> Option<f64> {
    function.log().iter().rev().find_map(|line| line.get("_aws").and(line.get(name)?.as_f64()))
}
