//! Reads a window of the login history as the back-fill does and prints how many rows there were and how long that took.
//! On standard input: `{"connection": …, "from": …, "until": …, "way": "pages" or "jobs"}`.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement, run by scripts/bench-scan")]

use std::sync::Arc;
use std::time::Instant;

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde_json::{Value, json};
use session_warden::clock::SystemClock;
use session_warden::salesforce::{Connection, Piece, Role, Salesforce, http_client};

/// Rows a slice should hold, as in a back-fill: of pages, and of jobs.
const SLICE_ROWS: [u64; 2] = [1_600, 25_000];

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
    let by_jobs = asked["way"] == "jobs";
    let slice = SLICE_ROWS[usize::from(by_jobs)];
    let slices = client.login_count(from, until).await.unwrap().div_ceil(slice).max(1);
    let width = i128::from(until.as_second() - from.as_second());
    let bound = |slice: u64| {
        let seconds = width * i128::from(slice) / i128::from(slices);
        Timestamp::from_second(from.as_second() + i64::try_from(seconds).unwrap()).unwrap()
    };
    let bounds: Vec<_> = (0..=slices).map(bound).collect();
    let rows = |piece| match piece {
        Piece::Rows(page) => page.rows.len(),
        Piece::End { .. } => 0,
    };
    let pieces = if by_jobs {
        let slices = bounds.windows(2).map(|ends| (ends[0], ends[1])).collect();
        client.slices_by_jobs(slices).left_stream()
    } else {
        client.logins_in_slices(&bounds).map_ok(Piece::Rows).right_stream()
    };
    let rows = pieces.try_fold(0, async |all, piece| Ok(all + rows(piece))).await.unwrap();
    assert!(client.runs_jobs(), "no job was refused");
    println!("{}", json!({ "rows": rows, "seconds": began.elapsed().as_secs_f64() }));
}
