//! A long history by query jobs of Bulk API 2.0: the rows of the pages, whatever the org or the network does.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{
    BulkAccess, BulkJobs, BulkLogins, BulkResults, Effect, Fault, Matcher, Occurrence, Pages, Simulator,
    Switches,
};
use session_warden::observation::Login;
use session_warden::salesforce::{Salesforce, SalesforceError};

use crate::support::{all_logins, ids, order, org, pages_by_jobs, refusal, scanner, written};

/// More often than a request is repeated.
const LASTING: u32 = 6;

/// Sixteen days in many parts.
async fn long() -> (Simulator, Vec<Timestamp>) {
    let simulator = org(40, 20).await;
    simulator.org().switches_mut().pages = Pages::Smaller;
    let until = simulator.org().now() - SignedDuration::from_hours(1);
    let bounds = (0..=2).rev().map(|half| until - SignedDuration::from_hours(24 * 8 * half)).collect();
    (simulator, bounds)
}

async fn read(client: &Salesforce, bounds: &[Timestamp]) -> Result<Vec<Login>, SalesforceError> {
    let pages = pages_by_jobs(client, bounds).await?;
    assert!(pages.iter().all(|page| page.rejected.is_empty()));
    Ok(pages.into_iter().flat_map(|page| page.rows).collect())
}

fn expected(simulator: &Simulator, bounds: &[Timestamp]) -> Vec<String> {
    written(simulator, bounds[0], bounds[bounds.len() - 1])
}

fn asked(simulator: &Simulator, part: &str) -> usize {
    let org = simulator.org();
    org.requests()
        .iter()
        .filter(|request| format!("{}?{}", request.path, request.query).contains(part))
        .count()
}

#[tokio::test]
async fn jobs_give_the_rows_of_the_pages_and_leave_nothing_behind() {
    let (simulator, bounds) = long().await;
    let client = scanner(&simulator);
    let by_jobs = read(&client, &bounds).await.unwrap();
    assert_eq!(asked(&simulator, "FROM LoginHistory"), 0);
    assert_eq!(by_jobs, all_logins(&client, bounds[0], bounds[2]).await, "field by field");
    assert_eq!(simulator.org().query_jobs_made(), 2);
    assert_eq!(simulator.org().query_jobs().count(), 0);
    assert!(by_jobs.iter().any(|login| login.place.as_ref().is_some_and(|place| place.city.is_some())));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_long_history_takes_fewer_calls_by_jobs() {
    let (simulator, bounds) = long().await;
    simulator.org().switches_mut().pages = Pages::AsAsked;
    let client = scanner(&simulator);
    let whole = [bounds[0], bounds[2]];
    let before = simulator.org().api_calls();
    read(&client, &whole).await.unwrap();
    // Two descriptions, the job's making, two looks, one part, the deletion.
    assert_eq!(simulator.org().api_calls() - before, 7);
}

#[tokio::test]
async fn results_that_travel_compressed_are_read() {
    let (simulator, bounds) = long().await;
    simulator.org().switches_mut().bulk_results = BulkResults::Compressed;
    assert_eq!(ids(&read(&scanner(&simulator), &bounds).await.unwrap()), expected(&simulator, &bounds));
    assert_eq!(asked(&simulator, "FROM LoginHistory"), 0);
}

#[tokio::test]
async fn an_org_without_jobs_is_read_page_by_page_and_not_asked_again() {
    let turned: [fn(&mut Switches); 3] = [
        |switches| switches.bulk_logins = BulkLogins::Unsupported,
        |switches| switches.bulk_access = BulkAccess::Refused,
        |switches| switches.bulk_jobs = BulkJobs::Fail,
    ];
    for turn in turned {
        let (simulator, bounds) = long().await;
        turn(simulator.org().switches_mut());
        let client = scanner(&simulator);
        assert!(client.runs_jobs());
        for _ in 0..2 {
            assert_eq!(ids(&read(&client, &bounds).await.unwrap()), expected(&simulator, &bounds));
        }
        assert!(!client.runs_jobs());
        let made = simulator
            .org()
            .requests()
            .iter()
            .filter(|request| request.method == "POST" && request.path.ends_with("/jobs/query"))
            .count();
        assert!(made <= 2, "one of each slice that was under way: {made}");
        assert_eq!(simulator.org().query_jobs().count(), 0);
        simulator.finish().unwrap();
    }
}

#[tokio::test]
async fn a_day_without_jobs_left_is_read_page_by_page() {
    let (simulator, bounds) = long().await;
    simulator.org().set_daily_query_jobs(1);
    let client = scanner(&simulator);
    assert_eq!(ids(&read(&client, &bounds).await.unwrap()), expected(&simulator, &bounds));
    assert!(!client.runs_jobs() && simulator.org().query_jobs_made() == 1);
}

#[tokio::test]
async fn a_field_that_is_refused_is_left_out_and_jobs_go_on() {
    let (simulator, bounds) = long().await;
    let client = scanner(&simulator);
    order(&simulator, "POST", "/jobs/query", 1, refusal(400, "INVALID_FIELD"));
    assert_eq!(ids(&read(&client, &bounds).await.unwrap()), expected(&simulator, &bounds));
    assert!(client.runs_jobs());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_at_the_first_a_middle_and_the_last_request_costs_no_row_and_doubles_none() {
    hold_under_each(|last| vec![2, last / 3, last]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: make test-long"]
async fn each_fault_at_each_request_costs_no_row_and_doubles_none() {
    // The first request is the token's.
    hold_under_each(|last| (2..=last).collect()).await;
}

/// Every kind of failure at some requests of a reading by jobs, and one that lasts.
async fn hold_under_each(places: fn(u32) -> Vec<u32>) {
    let effects = [
        Effect::Html(502, "<html>Bad Gateway</html>".to_owned()),
        refusal(400, "SOMETHING_NEW"),
        refusal(404, "NOT_FOUND"),
        refusal(409, "API_VERSION_MISMATCH"),
        Effect::SessionExpired,
        Effect::LocatorExpired,
        Effect::Close,
        Effect::CloseAfter,
        Effect::CutShort,
        Effect::Clipped,
        Effect::RowsMissing,
    ];
    join_all(effects.map(|effect| holds_under(effect, places))).await;
}

async fn holds_under(effect: Effect, places: fn(u32) -> Vec<u32>) {
    let (simulator, bounds) = long().await;
    read(&scanner(&simulator), &bounds).await.unwrap();
    let last = simulator.org().requests().len() as u32;
    let expected = expected(&simulator, &bounds);
    assert!(last > 15, "{last} requests");
    let once = places(last).into_iter().map(|place| (place, 1));
    for (place, times) in once.chain([(last / 2, LASTING)]) {
        let nth = |nth| Fault::on(Matcher::any(), Occurrence::Nth(nth), effect.clone());
        (place..place + times).for_each(|place| simulator.org().faults_mut().add(nth(place)));
        let outcome = read(&scanner(&simulator), &bounds).await;
        simulator.org().faults_mut().clear();
        match outcome {
            Ok(rows) => assert_eq!(ids(&rows), expected, "{effect:?} at {place}, {times} times"),
            Err(error) => assert_eq!(times, LASTING, "{effect:?} at {place}: {error}"),
        }
    }
}
