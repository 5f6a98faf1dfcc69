//! Runs a Sigma engine over login history records, one JSON object a line: the rules of Microsoft Sentinel's Salesforce
//! solution, as Sigma correlations.
//! On standard input: `{"path": …, "rules": …}`.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement, run by scripts/bench-evaluate")]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::Instant;

use jiff::Timestamp;
use rsigma_eval::event::JsonEvent;
use rsigma_eval::{CorrelationConfig, CorrelationEngine, ProcessResultExt as _};
use rsigma_parser::parse_sigma_yaml;
use serde_json::{Value, json};

fn main() {
    let asked: Value = serde_json::from_reader(std::io::stdin()).unwrap();
    let rules =
        parse_sigma_yaml(&std::fs::read_to_string(asked["rules"].as_str().unwrap()).unwrap()).unwrap();
    assert!(rules.errors.is_empty(), "{:?}", rules.errors);
    let mut engine = CorrelationEngine::new(CorrelationConfig::default());
    engine.add_collection(&rules).unwrap();

    let (mut rows, mut alerts, began) = (0_u64, 0_usize, Instant::now());
    for line in BufReader::new(File::open(asked["path"].as_str().unwrap()).unwrap()).split(b'\n') {
        let event: Value = serde_json::from_slice(&line.unwrap()).unwrap();
        let time =
            Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", event["LoginTime"].as_str().unwrap()).unwrap();
        let told = engine.process_event_at(&JsonEvent::borrow(&event), time.as_second());
        alerts += told.correlations().count();
        rows += 1;
    }
    println!("{}", json!({ "rows": rows, "findings": alerts, "seconds": began.elapsed().as_secs_f64() }));
}
