//! One containment in a simulated org where every answer takes 100 ms, for `scripts/bench-contain`: ours, from request to
//! proof, or one by a script that gets the same org.
//!
//! `contain WHAT COUNT [COMMAND…]`: `user 50` (with 20 tokens), `app 2500`, `org 10000`. Without a command Session Warden
//! does it. A command gets the connection and what to end as JSON on standard input and prints `{"seconds": …}`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that fails ends")]

use std::process::Stdio;
use std::sync::Arc;
use std::time::Instant;

use salesforce_simulator::{Effect, Fault, Id, Matcher, Occurrence, Org, Seed, Simulator, generate};
use serde_json::{Value, json};
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{
    ApproverKey, Containment, Pauses, Request, RequestedBy, Target, approvals,
};
use session_warden::observation::{OrgId, UserId};
use session_warden::policy::{Approver, Policy};
use session_warden::salesforce::{Connection, Role, Salesforce, TokenHashKey, http_client};
use session_warden::stages::{Apply, Contain};
use session_warden::store::{Expect, MemoryStore, Store, Write};
use tokio::io::AsyncWriteExt;

const LATENCY: u64 = 100;
const APP: &str = "Chat connector";
/// Tokens of the user.
const TOKENS: usize = 20;

#[tokio::main]
async fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (what, count) = (arguments[0].as_str(), arguments[1].parse().unwrap());
    let mut org = generate(&Seed { users: 300, days: 15, now: SystemClock.now(), ..Seed::default() });
    let people: Vec<_> = org
        .users()
        .iter()
        .filter(|user| user.is_active() && !user.username.starts_with("session-warden"))
        .map(|user| user.id)
        .collect();
    let victim = people[people.len() - 1];
    fill(&mut org, what, count, &people, victim);
    let simulator = Simulator::start(org).await.unwrap();
    let slow = Fault::on(Matcher::any().whole_calls(), Occurrence::Every, Effect::Delay(LATENCY));
    simulator.org().faults_mut().add(slow);
    simulator.org().take_writes();
    let measured = match &arguments[2..] {
        [] => ours(&simulator, what, victim).await,
        command => theirs(&simulator, what, victim, command).await,
    };
    let requests = simulator.org().requests().len();
    println!("{}", json!({ "what": what, "count": count, "requests": requests, "measured": measured }));
}

fn fill(org: &mut Org, what: &str, count: usize, people: &[Id], victim: Id) {
    let user = |number: usize| if what == "user" { victim } else { people[number % people.len()] };
    if what != "app" {
        // A login to the user interface opens a family of rows.
        let before = org.sessions().len();
        for number in 0.. {
            if org.sessions().len() - before >= count {
                break;
            }
            org.log_in(&user(number), "203.0.113.77").unwrap();
        }
    }
    let tokens = match what {
        "user" => TOKENS,
        "app" => count,
        _ => 0,
    };
    for number in 0..tokens {
        org.approve(user(number), APP).unwrap();
    }
}

async fn ours(simulator: &Simulator, what: &str, victim: Id) -> Value {
    let document = simulator.connection_document();
    let connection = Connection::parse(&document.to_string()).unwrap();
    let salesforce =
        Salesforce::new(&connection, Role::Revoker, http_client().unwrap(), Arc::new(SystemClock)).unwrap();
    let own = UserId::new(
        simulator.org().user_by_name(document["scanner"]["username"].as_str().unwrap()).unwrap().id,
    );
    let directory = std::env::temp_dir().join(format!("bench-contain-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let keys =
        ["Ada", "Grace"].map(|name| (name, ApproverKey::load_or_create(&directory.join(name)).unwrap()));
    std::fs::remove_dir_all(&directory).unwrap();
    let approvers =
        keys.iter().map(|(name, key)| Approver { name: (*name).to_owned(), public_key: key.public_key() });
    let policy = Policy { approvers: approvers.collect(), ..Policy::default() };
    let store = MemoryStore::new();
    let contain = Contain {
        store: &store,
        salesforce: &salesforce,
        policy: &policy,
        clock: &SystemClock,
        token_key: &TokenHashKey::generate().unwrap(),
        own_users: &[own],
        pauses: Pauses::default(),
    };
    let org_id = OrgId::new(simulator.org().id());
    let target = match what {
        "user" => Target::User { user_id: UserId::new(victim) },
        "app" => Target::App { app_name: APP.to_owned() },
        _ => Target::Org,
    };
    let request = Request {
        request_id: "bench".to_owned(),
        org_id: org_id.clone(),
        target,
        also: std::collections::BTreeSet::new(),
        reason: "measured".to_owned(),
        requested_by: RequestedBy::Person { name: "bench".to_owned() },
        trigger: None,
    };
    let (mut began, mut calls) = (Instant::now(), salesforce.usage().calls);
    let mut record = contain.contain(request, Apply::Act).await.unwrap();
    if record.pending.is_some() {
        approve(&store, &org_id, &record, &keys).await;
        // From the last approval on.
        (began, calls) = (Instant::now(), salesforce.usage().calls);
        record = contain.tend(&org_id).await.unwrap().remove(0);
    }
    let seconds = began.elapsed().as_secs_f64();
    json!({ "seconds": seconds, "calls": salesforce.usage().calls - calls, "verified": record.is_proven(),
        "sessions": record.impact.sessions, "tokens": record.impact.tokens })
}

async fn approve(store: &MemoryStore, org: &OrgId, record: &Containment, keys: &[(&str, ApproverKey)]) {
    for (name, key) in keys {
        let approval = key.approve(record, record.pending.as_ref().unwrap(), name, SystemClock.now());
        let place = approvals(org).key(&approval.sort());
        store.write(vec![Write::put(place, Expect::Any, &approval).unwrap()]).await.unwrap();
    }
}

async fn theirs(simulator: &Simulator, what: &str, victim: Id, command: &[String]) -> Value {
    let given = json!({ "connection": simulator.connection_document(), "what": what, "user": victim.to_string(),
        "app": APP });
    let mut running = tokio::process::Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    running.stdin.take().unwrap().write_all(given.to_string().as_bytes()).await.unwrap();
    let output = running.wait_with_output().await.unwrap();
    assert!(output.status.success());
    simulator.org().forgive_unmatched();
    serde_json::from_slice(&output.stdout).unwrap()
}
