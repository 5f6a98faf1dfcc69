//! Reads a window of the login history and prints how many rows there were and how long that took.
//! On standard input: `{"connection": …, "from": …, "until": …}`.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement, run by scripts/bench-scan")]

use std::sync::Arc;
use std::time::Instant;

use futures::TryStreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use session_warden::clock::SystemClock;
use session_warden::salesforce::{Connection, Role, Salesforce, http_client};

#[tokio::main]
async fn main() {
    let asked: Value = serde_json::from_reader(std::io::stdin()).unwrap();
    let time = |name: &str| asked[name].as_str().unwrap().parse::<Timestamp>().unwrap();
    let (from, until) = (time("from"), time("until"));
    let connection = Connection::parse(&asked["connection"].to_string()).unwrap();
    let client =
        Salesforce::new(&connection, Role::Scanner, http_client().unwrap(), Arc::new(SystemClock)).unwrap();
    client.org_id().await.unwrap();

    let began = Instant::now();
    let rows =
        client.logins(from, until).try_fold(0, async |rows, page| Ok(rows + page.rows.len())).await.unwrap();
    println!("{}", json!({ "rows": rows, "seconds": began.elapsed().as_secs_f64() }));
}
