//! The three functions as AWS runs them: DynamoDB, SQS, EventBridge and Secrets Manager behind real HTTP, and a pump that
//! takes messages from queue to function as Lambda's event sources do.

#![allow(clippy::unwrap_used, reason = "a test's support fails the test")]
#![allow(clippy::print_stdout, reason = "what tests print is searched for secrets")]

mod emulator;

use emulator::Function;
use jiff::SignedDuration;
use local_aws::{Fault, Faults, LocalAws, Received};
use salesforce_simulator::{Campaign, CampaignKind, Seed, Simulator, generate};
use serde_json::{Value, json};
use session_warden::store::{DynamoDbStore, PolicyRecord, push_policy};

const PREFIX: &str = "session-warden";
const BUS: &str = "session-warden-findings";

/// An org, and the AWS account that watches it.
struct World {
    simulator: Simulator,
    aws: LocalAws,
    faults: Faults,
    directory: tempfile::TempDir,
    observations: String,
    events: String,
}

impl World {
    async fn new() -> Self {
        let org = generate(&Seed { users: 20, days: 5, ..Seed::default() });
        let simulator = Simulator::start(org).await.unwrap();
        let aws = LocalAws::start();
        aws.create_tables(PREFIX).await;
        let observations = aws.create_queue("observations.fifo").await;
        let events = aws.create_bus(BUS).await;
        let faults = Faults::before(&aws, session_warden::salesforce::http_client().unwrap()).await;
        let directory = tempfile::tempdir().unwrap();
        let world = Self { simulator, aws, faults, directory, observations, events };
        for role in ["scanner", "revoker"] {
            world.put_secret(role).await;
        }
        world.push("mode: contain\n").await;
        world
    }

    /// One secret an identity, without the other's key.
    async fn put_secret(&self, role: &str) {
        let mut document = self.simulator.connection_document();
        let other = if role == "scanner" { "revoker" } else { "scanner" };
        document.as_object_mut().unwrap().remove(other);
        self.aws.put_secret(&format!("warden/{}/{role}", self.org_id()), &document.to_string()).await;
    }

    async fn push(&self, text: &str) {
        let store = DynamoDbStore::new(&self.aws.configuration().await, PREFIX);
        let (text, by, at) = (text.to_owned(), "ada".to_owned(), "2026-11-02T12:00:00Z".parse().unwrap());
        let policy = PolicyRecord { number: 0, hash: String::new(), text, by, at };
        push_policy(&store, policy).await.unwrap();
    }

    fn org_id(&self) -> String {
        self.simulator.org().id().to_string()
    }

    fn start(&self, function: &str) -> Function {
        let role = if function == "revoke-sessions" { "revoker" } else { "scanner" };
        let mut variables = local_aws::variables(self.faults.endpoint()).to_vec();
        variables.extend([
            ("WARDEN_STORE", format!("dynamodb:{PREFIX}")),
            ("WARDEN_CONNECTION", format!("secretsmanager:warden/{{org}}/{role}")),
            ("WARDEN_OBSERVATIONS_QUEUE", self.observations.clone()),
            ("WARDEN_FINDINGS_BUS", BUS.to_owned()),
        ]);
        Function::start(function, &variables, self.directory.path())
    }

    fn schedule(&self) -> Value {
        json!({ "schema_version": 1, "org": self.org_id(), "scheduled_time": "2026-11-02T12:00:00Z", "attempt": "1" })
    }

    fn attack(&self) -> Campaign {
        let time = self.simulator.org().now() - SignedDuration::from_secs(5);
        self.simulator.org().launch(CampaignKind::BruteForce, time)
    }

    /// Takes messages from a queue to a function until none is left; those that fail stay. Answers what was delivered.
    async fn pump(&self, queue: &str, function: &Function) -> Vec<Received> {
        let mut delivered = Vec::new();
        loop {
            let received = self.aws.receive(queue).await;
            if received.is_empty() {
                return delivered;
            }
            let answer = function.invoke(&batch(queue, &received)).await;
            let failed = failed(&answer);
            for message in received {
                if !failed.contains(&message.id) {
                    self.aws.delete(queue, &message).await;
                }
                delivered.push(message);
            }
        }
    }

    fn is_contained(&self, campaign: &Campaign) -> bool {
        let user = campaign.user_id.as_str();
        self.simulator.org().is_frozen(user) && self.simulator.org().live_sessions_of(user).is_empty()
    }
}

/// A batch as Lambda's event source makes it.
fn batch(queue: &str, messages: &[Received]) -> Value {
    let name = queue.rsplit('/').next().unwrap();
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

fn failed(answer: &Value) -> Vec<String> {
    let failures = answer["batchItemFailures"].as_array().unwrap_or_else(|| panic!("{answer}"));
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

fn metric(function: &Function, name: &str) -> Option<f64> {
    function.log().iter().rev().find_map(|line| line.get("_aws").and(line.get(name)?.as_f64()))
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn an_attack_is_found_and_ended_whatever_is_delivered_twice() {
    let world = World::new().await;
    let (scan, evaluate) = (world.start("scan-login-history"), world.start("evaluate-activity"));
    let learned = scan.invoke(&world.schedule()).await;
    assert_eq!((&learned["caught_up"], &learned["blind"]), (&json!(true), &json!([])), "{learned}");
    let taught = world.pump(&world.observations, &evaluate).await;
    assert!(taught.iter().all(|message| message.group == Some(world.org_id())), "an org is a group");
    assert!(
        metric(&scan, "LoginsScanned").unwrap() > 0.0 && metric(&scan, "ApiCallsLeftPercent").unwrap() > 0.0
    );

    let campaign = world.attack();
    world.faults.plan("DynamoDB", Fault::Throttled);
    scan.invoke(&world.schedule()).await;
    assert_eq!(world.faults.left(), 0, "DynamoDB was busy for a moment");
    let seen = world.pump(&world.observations, &evaluate).await;
    let found = world.aws.receive(&world.events).await;
    let events: Vec<Value> = found.iter().map(|event| serde_json::from_str(&event.body).unwrap()).collect();
    assert!(!events.is_empty(), "{:?}", evaluate.log());
    assert!(events.iter().all(|event| event["detail-type"] == "Suspicious Activity Found"));
    assert!(events.iter().any(|event| event["detail"]["user_id"] == json!(campaign.user_id.as_str())));
    // All of it again, in another order.
    let again: Vec<_> = taught.into_iter().chain(seen).rev().collect();
    for message in &again {
        assert!(
            failed(&evaluate.invoke(&batch(&world.observations, std::slice::from_ref(message))).await)
                .is_empty()
        );
    }
    assert!(world.aws.receive(&world.events).await.is_empty(), "nothing is found twice");

    let revoke = world.start("revoke-sessions");
    let twice: Vec<_> = found.iter().chain(&found).cloned().collect();
    assert!(failed(&revoke.invoke(&batch("containment", &twice)).await).is_empty(), "{:?}", revoke.log());
    assert!(world.is_contained(&campaign), "{:?}", revoke.log());
    let ended: Vec<Value> = world
        .aws
        .receive(&world.events)
        .await
        .iter()
        .map(|event| serde_json::from_str(&event.body).unwrap())
        .collect();
    let of_user = |event: &&Value| event["detail"]["subject"]["user_id"] == json!(campaign.user_id.as_str());
    let outcome = ended.iter().find(of_user).unwrap_or_else(|| panic!("{ended:?}"));
    assert_eq!(
        (&outcome["detail-type"], &outcome["detail"]["outcome"]),
        (&json!("Containment Finished"), &json!("contained"))
    );
    assert!(metric(&revoke, "LoginToVerifiedSeconds").is_some());
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_siem_requests_passes_every_guard() {
    let world = World::new().await;
    let (scan, revoke) = (world.start("scan-login-history"), world.start("revoke-sessions"));
    let campaign = world.attack();
    let request = |id: &str, subject: Value| {
        let detail = json!({ "schema_version": 1, "request_id": id, "org_id": world.org_id(), "subject": subject,
            "reason": "seen at the proxy", "requested_by": "siem" });
        let body = json!({ "detail-type": "Containment Requested", "source": "acme.siem", "detail": detail });
        let (receipt, group, deduplication) = (String::new(), None, None);
        Received { receipt, id: id.to_owned(), group, deduplication, body: body.to_string() }
    };
    let user = request("user", json!({ "kind": "user", "id": campaign.user_id.as_str() }));
    let sent = batch("containment", std::slice::from_ref(&user));
    assert_eq!(failed(&revoke.invoke(&sent).await), ["user"], "who scans the org is not known yet");
    scan.invoke(&world.schedule()).await;
    let everybody = request("everybody", json!({ "kind": "org" }));
    let poisoned = request("poisoned", json!({ "kind": "user", "id": "' OR Id != '" }));
    let answer = revoke.invoke(&batch("containment", &[everybody, poisoned, user])).await;
    assert_eq!(failed(&answer), ["poisoned"], "the rest goes on: {:?}", revoke.log());
    assert!(world.is_contained(&campaign), "{:?}", revoke.log());
    assert!(metric(&revoke, "ContainmentsRefused").is_some(), "nobody agreed to log off everybody");
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_done_later_and_nothing_is_lost() {
    let world = World::new().await;
    let (scan, evaluate) = (world.start("scan-login-history"), world.start("evaluate-activity"));
    scan.invoke(&world.schedule()).await;
    world.pump(&world.observations, &evaluate).await;
    let campaign = world.attack();

    // Secrets Manager is down: what was read before serves.
    world.faults.always("secretsmanager", Some(Fault::Down));
    let seen = scan.invoke(&world.schedule()).await;
    assert!(seen["logins"].as_u64().unwrap() > 0, "{seen}");
    world.faults.always("secretsmanager", None);

    // The bus is down: the finding waits, and its message comes again.
    world.faults.always("AWSEvents", Some(Fault::Down));
    let received = world.aws.receive(&world.observations).await;
    let sent = batch(&world.observations, &received);
    assert!(!failed(&evaluate.invoke(&sent).await).is_empty());
    world.faults.always("AWSEvents", None);
    // The function is killed, and another takes up what it left.
    drop(evaluate);
    let evaluate = world.start("evaluate-activity");
    assert!(failed(&evaluate.invoke(&sent).await).is_empty(), "{:?}", evaluate.log());
    let found = world.aws.receive(&world.events).await;
    assert!(found.iter().any(|event| event.body.contains(campaign.user_id.as_str())), "{found:?}");

    // Without a policy nobody is contained, and it is told.
    world.push("mode: loud\n").await;
    let revoke = world.start("revoke-sessions");
    assert_eq!(failed(&revoke.invoke(&batch("containment", &found)).await).len(), found.len());
    assert!(!world.is_contained(&campaign));
    world.push("mode: contain\n").await;
    assert!(failed(&revoke.invoke(&batch("containment", &found)).await).is_empty(), "{:?}", revoke.log());
    assert!(world.is_contained(&campaign), "{:?}", revoke.log());
}

#[ignore = "moto takes its time; `make test-aws` runs it"]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_scanners_one_works() {
    let world = World::new().await;
    let (one, two) = (world.start("scan-login-history"), world.start("scan-login-history"));
    let schedule = world.schedule();
    let (first, second) = futures::join!(one.invoke(&schedule), two.invoke(&schedule));
    let busy = [&first, &second].into_iter().filter(|answer| answer["busy"] == json!(true)).count();
    assert_eq!(busy, 1, "{first} {second}");
}
