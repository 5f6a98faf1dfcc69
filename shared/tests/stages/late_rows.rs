//! Rows that Salesforce shows long after their time.

use jiff::SignedDuration;
use salesforce_simulator::{CampaignKind, Effect, Fault};

use crate::org_under_watch::Watched;

/// A little more than the time after which late rows are looked for again.
const AN_HOUR: SignedDuration = SignedDuration::from_mins(61);

fn counts_asked(watched: &Watched) -> usize {
    let org = watched.simulator.org();
    let is_count = |query: &str| query.contains("COUNT()") && query.contains("FROM LoginHistory");
    org.requests().iter().filter(|request| is_count(&request.query)).count()
}

#[tokio::test]
async fn rows_later_than_the_overlap_are_found_by_counting_and_counted_once() {
    let mut watched = Watched::after_learning().await;
    // They happened three hours ago, and nothing of them was to be seen until now.
    let long_ago = watched.now() - SignedDuration::from_hours(3);
    let campaign = watched.simulator.org().launch(CampaignKind::BruteForce, long_ago);
    watched.pass(AN_HOUR);
    let scanned = watched.round().await;
    assert_eq!(scanned.late, campaign.login_ids.len() as u64);
    let found = watched.findings.values().find(|f| f.subject.id == campaign.user_id.as_str()).unwrap();
    assert_eq!(found.detections[0].id, "brute-force-success");
    assert_eq!(watched.logins_counted().await, watched.rows_before_now());

    watched.pass(AN_HOUR);
    assert_eq!(watched.round().await.late, 0, "they are known now");
    assert_eq!(watched.logins_counted().await, watched.rows_before_now());
}

#[tokio::test]
async fn where_nothing_is_late_an_hour_costs_one_count() {
    let mut watched = Watched::after_learning().await;
    let before = counts_asked(&watched);
    for _ in 0..4 {
        watched.pass(SignedDuration::from_mins(1));
        assert_eq!(watched.round().await.late, 0);
    }
    assert_eq!(counts_asked(&watched), before, "the last look was minutes ago");
    watched.pass(AN_HOUR);
    assert_eq!(watched.round().await.late, 0);
    assert_eq!(counts_asked(&watched), before + 1);
}

#[tokio::test]
async fn a_count_that_takes_too_long_stops_neither_the_first_scan_nor_the_look_for_late_rows() {
    let mut watched = Watched::new().await;
    let slow = || Fault::new("GET", "COUNT() FROM LoginHistory", 3, Effect::QueryTimeout);
    watched.simulator.org().faults_mut().add(slow());
    while !watched.round().await.caught_up {}
    assert_eq!(watched.logins_counted().await, watched.rows_before_now());
    watched.pass(AN_HOUR);
    watched.simulator.org().faults_mut().add(slow());
    assert_eq!(watched.round().await.late, 0, "what was counted in parts is what was read");
    assert_eq!(watched.simulator.org().faults_mut().pending().count(), 0);
}
