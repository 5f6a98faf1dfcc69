//! Clients that others wrote believe in the simulated org: jsforce and simple-salesforce, their code as it is published,
//! log in by JWT bearer, page, delete sessions one by one and many at once, revoke, and find dead what was ended.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]
#![allow(clippy::print_stdout, reason = "what tests print is searched for secrets")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;

use futures::TryStreamExt;
use jiff::SignedDuration;
use salesforce_simulator::{Id, Org, Seed, Simulator, Write, generate};
use serde_json::{Value, json};
use session_warden::clock::SystemClock;
use session_warden::salesforce::{Connection, Role, Salesforce, http_client};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

#[tokio::test(flavor = "multi_thread")]
async fn jsforce_believes_in_the_org() {
    existing("node_modules/jsforce");
    let mut node = Command::new("node");
    node.arg(existing("javascript/live.mjs"));
    believes(node, "INVALID_SESSION_ID").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn simple_salesforce_believes_in_the_org() {
    let mut python = Command::new(existing("../../.tools/venv/bin/python"));
    python.arg("-B").arg(existing("python/live.py"));
    believes(python, "SalesforceExpiredSession").await;
}

/// The benchmark reads with every client what Session Warden reads.
#[tokio::test]
async fn the_benchmark_asks_for_what_session_warden_asks_for() {
    let simulator =
        Simulator::start(generate(&Seed { users: 40, days: 1, ..Seed::default() })).await.unwrap();
    let connection = Connection::parse(&simulator.connection_document().to_string()).unwrap();
    let client =
        Salesforce::new(&connection, Role::Scanner, http_client().unwrap(), Arc::new(SystemClock)).unwrap();
    let until = simulator.org().now();
    let pages: Vec<_> =
        client.logins(until - SignedDuration::from_hours(24), until).try_collect().await.unwrap();
    assert!(!pages.is_empty());
    let asked = simulator.org().requests().iter().rev().find_map(|request| fields(&request.query));
    let script =
        std::fs::read_to_string(existing("../../scripts/bench-scan")).unwrap().replace("\"\n    \"", "");
    assert!(
        script.contains(&format!("\"{}\"", asked.clone().unwrap())),
        "scripts/bench-scan: FIELDS is not {asked:?}"
    );
}

fn fields(query: &str) -> Option<String> {
    let (fields, from) = query.split_once("SELECT ")?.1.split_once(" FROM ")?;
    from.starts_with("LoginHistory").then(|| fields.to_owned())
}

/// Lets the client live in an org, and compares what it reports with what was there and what was written.
async fn believes(client: Command, refusal: &str) {
    let simulator =
        Simulator::start(generate(&Seed { users: 80, days: 60, ..Seed::default() })).await.unwrap();
    let plan = Plan::of(&simulator.org());
    let logins = plan.logins(&simulator.org());
    let sessions = session_ids(&simulator.org());
    assert!(logins.len() > 4_000, "{} logins fill no three pages", logins.len());

    let done = answer(client, &plan.request(&simulator.connection_document())).await;

    assert_eq!(done["counted"], logins.len());
    assert_eq!(strings(&done["logins"]), logins);
    assert_eq!(strings(&done["job_logins"]), logins, "by a query job of Bulk API 2.0");
    assert!(sessions.is_subset(&strings(&done["sessions"]).into_iter().collect()));
    assert_eq!(done["tokens"], plan.tokens);
    assert_eq!((&done["alive"], &done["dead"]), (&Value::Null, &json!(refusal)));
    assert_eq!((&done["ended_own"], &done["ended_one"]), (&json!(true), &json!(true)));
    assert_eq!(done["ended_many"], json!([true, true, true]));
    assert_eq!(done["logged_out"], refusal);

    let own_session = done["own_session"].as_str().unwrap().to_owned();
    let writes = simulator.org().take_writes();
    assert_eq!(writes, plan.writes(&simulator.org(), own_session));
    plan.check_what_is_left(&simulator.org());
    simulator.finish().unwrap();
}

/// Whom the client is asked to throw out.
struct Plan {
    /// Rows from this moment on are the client's own.
    before: String,
    end_one: Id,
    end_many: Vec<Id>,
    revoke_of: Id,
    app: String,
    tokens: usize,
}

impl Plan {
    fn of(org: &Org) -> Self {
        let mut roots = org.sessions().iter().filter(|session| session.is_root()).map(|session| session.id);
        let token = org.tokens().last().unwrap();
        Self {
            before: org.now().to_string(),
            end_one: roots.next().unwrap(),
            end_many: roots.take(3).collect(),
            revoke_of: token.user_id,
            app: org.tokens_of(&token.user_id)[0].app.clone(),
            tokens: org.tokens_of(&token.user_id).len(),
        }
    }

    fn request(&self, connection: &Value) -> Value {
        let text = |id: &Id| id.to_string();
        json!({
            "connection": connection,
            "before": self.before,
            "end_one": text(&self.end_one),
            "end_many": self.end_many.iter().map(text).collect::<Vec<_>>(),
            "revoke_of": text(&self.revoke_of),
        })
    }

    fn logins(&self, org: &Org) -> Vec<String> {
        let before = self.before.parse().unwrap();
        let earlier = org.logins().iter().filter(|login| login.login_time < before);
        let mut rows: Vec<_> = earlier.map(|login| (login.login_time, login.id)).collect();
        rows.sort();
        rows.into_iter().map(|(_, id)| id.to_string()).collect()
    }

    fn writes(&self, org: &Org, own_session: String) -> Vec<Write> {
        let revoker = org.users().iter().find(|user| user.username.starts_with("session-warden-revoker"));
        vec![
            Write::DeletedSession { id: own_session },
            Write::DeletedSession { id: self.end_one.to_string() },
            Write::DeletedSessions { ids: self.end_many.iter().map(Id::to_string).collect() },
            Write::Revoked { app: self.app.clone(), user_id: self.revoke_of.to_string() },
            Write::RevokedAccess { user_id: revoker.unwrap().id.to_string() },
        ]
    }

    fn check_what_is_left(&self, org: &Org) {
        let ended = || [self.end_one].into_iter().chain(self.end_many.iter().copied());
        assert!(ended().all(|id| org.sessions().iter().all(|left| left.id != id && left.parent_id != id)));
        assert_eq!(org.tokens_of(&self.revoke_of).len(), self.tokens - 1);
    }
}

fn session_ids(org: &Org) -> BTreeSet<String> {
    org.sessions().iter().map(|session| session.id.to_string()).collect()
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// Runs the client with this on standard input; what it prints is JSON.
async fn answer(mut client: Command, request: &Value) -> Value {
    client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = client.spawn().unwrap();
    running.stdin.take().unwrap().write_all(request.to_string().as_bytes()).await.unwrap();
    let Output { status, stdout, stderr } = running.wait_with_output().await.unwrap();
    let said = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "the client failed: {said}");
    println!("{said}");
    serde_json::from_slice(&stdout).unwrap()
}

/// A file below this crate's folder.
fn existing(path: &str) -> PathBuf {
    let path = Path::new(HERE).join(path);
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    path
}
