//! The three Lambda functions as they are deployed: an attack is found and ended, and what is wrong is told.

#![allow(clippy::unwrap_used, reason = "a test's support fails the test")]
#![allow(clippy::print_stdout, reason = "what tests print is searched for secrets")]

mod emulator;

use std::path::Path;
use std::process::Command;

use emulator::{Function, bootstrap};
use jiff::SignedDuration;
use salesforce_simulator::{Campaign, CampaignKind, Seed, Simulator, generate};
use serde_json::{Value, json};
use session_warden::observation::OrgId;
use session_warden::store::{Expect, Key, LocalOutbox, Queue, Record, SqliteStore, Store, Table, Write};

const LONG_AGO: &str = "2026-01-01T00:00:00Z";

/// An org, and a directory with what the functions need to know of it.
struct World {
    simulator: Simulator,
    directory: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let org = generate(&Seed { users: 50, days: 25, ..Seed::default() });
        let world =
            Self { simulator: Simulator::start(org).await.unwrap(), directory: tempfile::tempdir().unwrap() };
        std::fs::write(world.path("org.json"), world.simulator.connection_document().to_string()).unwrap();
        std::fs::write(world.path("policy.yaml"), "mode: contain\n").unwrap();
        world
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn org_id(&self) -> String {
        self.simulator.org().id().to_string()
    }

    fn start(&self, function: &'static str) -> Function {
        let variables = [
            ("WARDEN_STORE", format!("sqlite:{}", self.path("warden.sqlite"))),
            ("WARDEN_CONNECTION", self.path("org.json")),
            ("WARDEN_POLICY", self.path("policy.yaml")),
        ];
        Function::start(function, &variables, self.directory.path())
    }

    fn schedule(&self) -> Value {
        json!({ "schema_version": 1, "org": self.org_id(), "scheduled_time": "2026-11-02T12:00:00Z", "attempt": "1" })
    }

    fn attack(&self) -> Campaign {
        // A scan reads what lies before its own second.
        let time = self.simulator.org().now() - SignedDuration::from_secs(5);
        self.simulator.org().launch(CampaignKind::BruteForce, time)
    }

    async fn agenda(&self) -> Vec<Record> {
        let store = SqliteStore::open(Path::new(&self.path("warden.sqlite"))).unwrap();
        let Key { table, partition, .. } = Key::new(Table::Contain, &OrgId::new(self.org_id()), "agenda", "");
        store.list(table, &partition, "", 10).await.unwrap()
    }

    /// Makes due what is to be looked at later.
    async fn make_due(&self) {
        let store = SqliteStore::open(Path::new(&self.path("warden.sqlite"))).unwrap();
        for Record { key, mut body, .. } in self.agenda().await {
            body["at"] = json!(LONG_AGO);
            store.write(vec![Write::Put { key, expect: Expect::Any, body }]).await.unwrap();
        }
    }

    /// Takes everything off a queue, as a batch that SQS would deliver.
    async fn batch(&self, queue: Queue) -> Value {
        let store = SqliteStore::open(Path::new(&self.path("warden.sqlite"))).unwrap();
        let org = OrgId::new(self.org_id());
        let waiting = LocalOutbox::new(&store).next(queue, &org, 1_000).await.unwrap();
        store.write(waiting.iter().filter_map(|message| message.done.clone()).collect()).await.unwrap();
        let messages: Vec<_> = waiting.into_iter().map(|message| message.body).collect();
        batch(&messages)
    }
}

fn batch(messages: &[Value]) -> Value {
    let record = |(number, body): (usize, &Value)| {
        json!({
            "messageId": format!("m{number}"),
            "body": body.to_string(),
            "attributes": { "MessageGroupId": "00D" },
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:111122223333:queue.fifo",
        })
    };
    json!({ "Records": messages.iter().enumerate().map(record).collect::<Vec<_>>() })
}

fn failed(answer: &Value) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().unwrap_or_else(|| panic!("{answer}"));
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attack_is_found_and_ended() {
    let world = World::new().await;
    let (scan, evaluate) = (world.start("scan-login-history"), world.start("evaluate-activity"));
    let learned = scan.invoke(&world.schedule()).await;
    assert_eq!((&learned["caught_up"], &learned["blind"]), (&json!(true), &json!([])), "{learned}");
    assert!(failed(&evaluate.invoke(&world.batch(Queue::Observations).await).await).is_empty());
    assert_eq!(world.batch(Queue::Findings).await, batch(&[]), "nothing has happened yet");

    let campaign = world.attack();
    scan.invoke(&world.schedule()).await;
    let observations = world.batch(Queue::Observations).await;
    assert!(failed(&evaluate.invoke(&observations).await).is_empty(), "{:?}", evaluate.log());
    let revoke = world.start("revoke-sessions");
    assert!(
        failed(&revoke.invoke(&world.batch(Queue::Findings).await).await).is_empty(),
        "{:?}",
        revoke.log()
    );

    let user = campaign.user_id.as_str();
    assert!(world.simulator.org().is_frozen(user), "{:?}", revoke.log());
    assert!(world.simulator.org().live_sessions_of(user).is_empty(), "{:?}", revoke.log());
    world.make_due().await;
    let tend = json!({ "schema_version": 1, "org_id": world.org_id(), "task": "tend" });
    assert!(failed(&revoke.invoke(&batch(&[tend])).await).is_empty(), "{:?}", revoke.log());
    let due = world.agenda().await;
    assert!(due.len() == 1 && due[0].body["at"] != json!(LONG_AGO), "it was looked at: {due:?}");
    for function in [scan, evaluate, revoke] {
        let (metrics, lines): (Vec<_>, Vec<_>) =
            function.log().into_iter().partition(|line| line["_aws"]["CloudWatchMetrics"].is_array());
        assert!(!metrics.is_empty(), "{}: {lines:?}", function.name());
        assert!(
            lines.iter().all(|line| line["timestamp"].is_string() && line["level"].is_string()),
            "{lines:?}"
        );
        assert!(
            lines.iter().any(|line| line["duration_ms"].is_u64() && line["span"]["requestId"].is_string())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_by_its_kind() {
    let world = World::new().await;
    let refused = |answer: Value| (answer["errorType"].clone(), answer["errorMessage"].to_string());

    let scan = world.start("scan-login-history");
    let (kind, message) = refused(scan.invoke(&json!({ "source": "aws.scheduler", "detail": "{}" })).await);
    assert_eq!(kind, "InvalidPayload");
    assert!(message.contains("<aws.scheduler.scheduled-time>"), "{message}");
    let mut elsewhere = world.schedule();
    elsewhere["org"] = json!("00D000000000001EAA");
    assert_eq!(refused(scan.invoke(&elsewhere).await).0, "ConnectionUnusable");

    let evaluate = world.start("evaluate-activity");
    assert_eq!(refused(evaluate.invoke(&json!({ "detail": {} })).await).0, "InvalidPayload");
    let nothing =
        json!({ "schema_version": 1, "org_id": world.org_id(), "lane": "live", "observations": [] });
    let answer = evaluate.invoke(&batch(&[nothing.clone(), json!("?"), nothing])).await;
    assert_eq!(failed(&answer), ["m1"], "a group goes on behind what nobody can read");

    scan.invoke(&world.schedule()).await;
    let revoke = world.start("revoke-sessions");
    let unknown = json!({ "schema_version": 1, "org_id": world.org_id(), "finding_id": "f1", "version": 1 });
    assert_eq!(failed(&revoke.invoke(&batch(&[unknown])).await), ["m0"]);
    let kinds: Vec<_> = revoke.log().into_iter().filter_map(|line| line.get("error.type").cloned()).collect();
    assert_eq!(kinds, ["FindingUnknown"]);
}

/// In the profile that is measured here, with SQLite inside; what is deployed is smaller.
#[test]
fn no_function_has_grown_unseen() {
    for (name, megabytes) in [("scan-login-history", 45), ("evaluate-activity", 70), ("revoke-sessions", 62)]
    {
        let bytes = std::fs::metadata(bootstrap(name)).unwrap().len();
        println!("{name}: {bytes} bytes");
        assert!(bytes < megabytes * 1_000_000, "{name} has {bytes} bytes: what it carries it starts with");
    }
}

#[test]
fn a_function_that_cannot_start_says_what_to_write() {
    let ended = Command::new(bootstrap("evaluate-activity")).env_clear().output().unwrap();
    assert!(!ended.status.success());
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains("WARDEN_STORE is not set: write "), "{said}");
}
