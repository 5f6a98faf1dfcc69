//! LoginHistory, page by page.

use jiff::SignedDuration;
use salesforce_simulator::{BenignKind, Pages, Permission};
use session_warden::observation::Source;

use crate::support::{all_logins, ids, org, pages_by_jobs, scanner, small, username, written};

#[tokio::test]
async fn pages_give_exactly_the_window_in_order() {
    let simulator = org(120, 60).await;
    simulator.org().switches_mut().pages = Pages::Smaller;
    let until = simulator.org().now() - SignedDuration::from_hours(1);
    let client = scanner(&simulator);
    for days in [1, 50] {
        let from = until - SignedDuration::from_hours(24 * days);
        let read = all_logins(&client, from, until).await;
        assert!(read.len() > 50);
        assert_eq!(ids(&read), written(&simulator, from, until));
    }
    let some = all_logins(&client, until - SignedDuration::from_hours(48), until).await;
    assert!(some.iter().any(|login| login.place.as_ref().is_some_and(|place| place.city.is_some())));
    assert!(some.iter().all(|login| login.user_id.is_some()));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_login_from_no_ip_address_is_read_page_by_page_and_by_a_job() {
    let simulator = small().await;
    let now = simulator.org().now();
    simulator.org().live_benign(BenignKind::AdminTools, now);
    let (from, until) = (now - SignedDuration::from_mins(30), now + SignedDuration::from_secs(1));
    let client = scanner(&simulator);
    let read = all_logins(&client, from, until).await;
    assert_eq!(ids(&read), written(&simulator, from, until));
    let with = |source: Source| read.iter().filter(|login| login.source == source).collect::<Vec<_>>();
    let named = with(Source::Text("Salesforce.com IP".into()));
    let untold = with(Source::Missing);
    assert_eq!((named.len(), untold.len()), (1, 1));
    assert!(
        named.iter().chain(&untold).all(|login| login.source.address().is_none() && login.place.is_none())
    );
    let pages = pages_by_jobs(&client, &[from, until]).await.unwrap();
    let by_job: Vec<_> = pages.into_iter().flat_map(|page| page.rows).collect();
    assert_eq!(by_job, read);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_window_of_one_second_holds_its_first_instant_and_not_its_last() {
    let simulator = small().await;
    let time = simulator.org().logins().last().unwrap().login_time;
    let client = scanner(&simulator);
    let second = SignedDuration::from_secs(1);
    assert!(!all_logins(&client, time, time + second).await.is_empty());
    let before = all_logins(&client, time - second, time).await;
    assert!(before.iter().all(|login| login.time < time));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn without_manage_users_logins_come_without_places() {
    let simulator = small().await;
    simulator.org().remove_permission(&username(&simulator, "scanner"), Permission::ManageUsers);
    let until = simulator.org().now() - SignedDuration::from_hours(1);
    let from = until - SignedDuration::from_hours(48);
    let client = scanner(&simulator);
    let read = all_logins(&client, from, until).await;
    assert_eq!(ids(&read), written(&simulator, from, until));
    assert!(read.iter().all(|login| login.place.as_ref().is_none_or(|place| place.city.is_none())));
    all_logins(&client, from, until).await;
    let refused = simulator.org().requests().iter().filter(|request| request.status == 400).count();
    assert_eq!(refused, 0, "nothing is guessed");
    simulator.finish().unwrap();
}
