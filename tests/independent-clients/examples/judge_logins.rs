//! Reads a login history, holds it in memory, and then judges it by the whole catalogue, as `warden evaluate` does: so that judging is
//! timed without reading.
//! On standard input: `{"path": …}`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, run by scripts/bench-evaluate")]

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use session_warden::detection::{Lane, OrgState, Present, Remembers, TailEntry, catalogue};
use session_warden::history_file::read_jsonl;
use session_warden::observation::{Observation, OrgId};
use session_warden::policy::Policy;

/// Rows judged in one go, as in `warden evaluate`.
const BATCH: usize = 20_000;

fn main() {
    let asked: Value = serde_json::from_reader(std::io::stdin()).unwrap();
    let began = Instant::now();
    let history = read_jsonl(Path::new(asked["path"].as_str().unwrap()), &mut |_, _| {}).unwrap();
    let logins = history.spill.in_order().unwrap();
    let entry = |login| TailEntry { observation: Observation::Login(login), lane: Lane::Live };
    let entries: Vec<_> = logins.map(|login| entry(login.unwrap())).collect();
    let (rows, read) = (entries.len(), began.elapsed());

    let mut batches: Vec<Vec<_>> = Vec::new();
    for entry in entries {
        match batches.last_mut().filter(|batch| batch.len() < BATCH) {
            Some(batch) => batch.push(entry),
            None => batches.push(vec![entry]),
        }
    }
    let began = Instant::now();
    let findings = judge(batches);
    let judged = began.elapsed();
    let seconds = |time: std::time::Duration| time.as_secs_f64();
    println!(
        "{}",
        json!({ "rows": rows, "findings": findings, "reading": seconds(read), "seconds": seconds(judged) })
    );
}

fn judge(batches: Vec<Vec<TailEntry>>) -> usize {
    let (org, policy) = (OrgId::new("file"), Policy::default());
    let detections = catalogue(&policy);
    let mut state = OrgState { remembers: Remembers::Nothing, ..OrgState::default() };
    let mut findings = std::collections::HashSet::new();
    for batch in batches {
        let absorbed = state.absorb_in_order(&org, &policy, &detections, batch, Present::AsItHappened);
        findings.extend(absorbed.changed.into_iter().map(|finding| finding.finding_id.to_string()));
    }
    findings.len()
}
