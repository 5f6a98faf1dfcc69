//! Refresh tokens, listed and revoked.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use salesforce_simulator::{Clock, Effect, Fault, Id, Matcher, Occurrence, Request, Simulator};
use secrecy::ExposeSecret;
use serde_json::json;
use session_warden::observation::UserId;
use session_warden::salesforce::{Applied, Revocation, SalesforceError, TokenHashKey, Whose};

use crate::support::{order, org, refusal, revoker, scanner, small, somebody};

#[tokio::test]
async fn tokens_are_counted_revoked_and_never_shown() {
    let simulator = small().await;
    let client = revoker(&simulator);
    let key = TokenHashKey::new([3; 32]);
    let found = client.tokens(Whose::Everyone, &key).await.unwrap();
    assert_eq!(found.len(), simulator.org().tokens().len());
    let keys: BTreeSet<_> = found.iter().map(|found| &found.token.key).collect();
    assert_eq!(keys.len(), found.len());

    let victim = &found[0];
    let of_user = client.tokens(Whose::User(&victim.token.user_id), &key).await.unwrap();
    assert!(of_user.iter().any(|found| found.token == victim.token));
    assert_eq!(client.revoke(victim).await, Ok(Applied::Done));
    assert_eq!(client.revoke(victim).await, Ok(Applied::AlreadySo));
    assert_eq!(client.tokens(Whose::Everyone, &key).await.unwrap().len(), found.len() - 1);

    let Revocation::ByToken(secret) = &victim.revocation else { panic!("a connected app's") };
    let secret = secret.expose_secret();
    let requests = simulator.org().requests().to_vec();
    assert!(requests.iter().all(|request| !request.query.contains(secret) && !request.path.contains(secret)));
    assert!(requests.iter().all(|request| !request.query.contains("AccessToken")));
    assert!(!format!("{found:?}").contains(secret));
    simulator.org().take_writes();
    simulator.finish().unwrap();
}

/// An answer as long as Salesforce makes them, and cut there.
fn cut_tokens() -> Effect {
    let row = |n: u32| json!({ "UserId": "0055g00000AbCdEAAV", "DeleteToken": format!("t{n}") });
    let rows: Vec<_> = (0..2_500).map(row).collect();
    Effect::Json(200, json!({ "totalSize": 2_500, "done": true, "records": rows }))
}

#[tokio::test]
async fn more_tokens_than_salesforce_gives_out_are_read_user_by_user() {
    let simulator = small().await;
    let count = json!({ "totalSize": 2_600, "done": true, "records": [] });
    order(&simulator, "GET", "COUNT()", 1, Effect::Json(200, count));
    order(&simulator, "GET", "WHERE UserId IN", 1, cut_tokens());
    let client = scanner(&simulator);
    let key = TokenHashKey::new([3; 32]);
    let found = client.tokens(Whose::Everyone, &key).await.unwrap();
    assert_eq!(found.len(), simulator.org().tokens().len());
    let parts = simulator.org().requests().iter().filter(|r| r.query.contains("WHERE UserId IN")).count();
    assert_eq!(parts, 3);

    order(&simulator, "GET", "WHERE UserId =", 1, cut_tokens());
    let user = somebody(&simulator);
    let found = client.tokens(Whose::User(&UserId::new(user.as_str())), &key).await.unwrap();
    assert_eq!(found.len(), simulator.org().tokens_of(&user).len(), "the cut answer is not believed");
}

/// 12,000 tokens of three apps: one user has 3,000 of two apps, one 3,000 of one app granted over an hour, and the rest
/// share 6,000 that were granted in one second.
async fn twelve_thousand() -> (Simulator, Id, Id) {
    let simulator = org(320, 3).await;
    let users: Vec<_> = simulator.org().users().iter().map(|user| user.id).collect();
    let ((two_apps, one_app), rest) = ((users[40], users[41]), &users[42..]);
    let mut org = simulator.org();
    let now = org.now();
    let before = org.tokens().len();
    org.set_clock(Clock::Fixed(now));
    for number in 0..3_000 {
        org.approve(two_apps, if number % 2 == 0 { "Data Loader" } else { "Payroll" });
    }
    for number in 0..12_000 - 6_000 - before {
        org.approve(rest[number % rest.len()], ["Data Loader", "Payroll", "It's \\ \"quoted\""][number % 3]);
    }
    for number in 0..3_000 {
        org.set_clock(Clock::Fixed(now - SignedDuration::from_secs(number)));
        org.approve(one_app, "Payroll");
    }
    org.set_clock(Clock::Fixed(now));
    drop(org);
    (simulator, two_apps, one_app)
}

/// Close to the pages that there are, and never cut by time alone.
fn check_calls(simulator: &Simulator) {
    let org = simulator.org();
    let of_tokens =
        |request: &&Request| request.query.contains("FROM OauthToken") || request.path.contains("/query/");
    let calls = org.requests().iter().filter(of_tokens).count();
    assert!(calls <= 60, "12,000 tokens are 24 pages, and {calls} calls were made");
    let only_by_time = |request: &&Request| {
        request.query.contains("CreatedDate >=")
            && !(request.query.contains("UserId =") && request.query.contains("AppName ="))
    };
    assert_eq!(org.requests().iter().filter(only_by_time).count(), 0);
}

#[tokio::test]
async fn twelve_thousand_tokens_are_all_listed_and_counted() {
    let (simulator, two_apps, one_app) = twelve_thousand().await;
    let (client, key) = (scanner(&simulator), TokenHashKey::new([3; 32]));
    let watched = client.watched_tokens(&key, None).await.unwrap().tokens;
    let keys: BTreeSet<_> = watched.iter().map(|token| token.key.clone()).collect();
    assert_eq!((watched.len(), keys.len()), (12_000, 12_000));
    let expected = |key: &TokenHashKey| -> BTreeSet<_> {
        simulator.org().tokens().iter().map(|token| key.hash(&token.delete_token.clone().into())).collect()
    };
    assert_eq!(keys, expected(&key));
    check_calls(&simulator);
    for user in [two_apps, one_app] {
        let found = client.tokens(Whose::User(&UserId::new(user.as_str())), &key).await.unwrap();
        assert_eq!(found.len(), simulator.org().tokens_of(&user).len());
    }
}

#[tokio::test]
async fn too_many_tokens_of_one_app_in_one_second_are_named() {
    let simulator = small().await;
    let user = somebody(&simulator);
    {
        let mut org = simulator.org();
        let now = org.now();
        org.set_clock(Clock::Fixed(now));
        (0..2_600).for_each(|_| drop(org.approve(user, "Payroll")));
    }
    let client = scanner(&simulator);
    let user = UserId::new(user.as_str());
    for whose in [Whose::User(&user), Whose::Everyone] {
        let error = client.tokens(whose, &TokenHashKey::new([3; 32])).await.unwrap_err();
        let (object, app) = ("OauthToken".to_owned(), Some("Payroll".to_owned()));
        assert_eq!(error, SalesforceError::TooManyRows { object, user: user.clone(), app, limit: 2_500 });
    }
}

#[tokio::test]
async fn an_org_that_does_not_group_tokens_is_counted_in_lists() {
    let (simulator, ..) = twelve_thousand().await;
    simulator.org().faults_mut().add(Fault::on(
        Matcher::any().path("GROUP BY UserId"),
        Occurrence::Every,
        refusal(400, "MALFORMED_QUERY"),
    ));
    let watched = scanner(&simulator).watched_tokens(&TokenHashKey::new([3; 32]), None).await.unwrap().tokens;
    assert_eq!(watched.len(), 12_000);
}

#[tokio::test]
async fn tokens_revoked_meanwhile_are_no_shortfall() {
    let simulator = small().await;
    let there = simulator.org().tokens().len();
    let counted = json!({ "totalSize": there + 3, "done": true, "records": [] });
    order(&simulator, "GET", "COUNT()", 1, Effect::Json(200, counted));
    let found = scanner(&simulator).tokens(Whose::Everyone, &TokenHashKey::new([3; 32])).await.unwrap();
    assert_eq!(found.len(), there);
}

#[tokio::test]
async fn a_shortfall_of_tokens_is_told() {
    let simulator = small().await;
    let counted = simulator.org().tokens().len() + 5;
    let answer = json!({ "totalSize": counted, "done": true, "records": [] });
    order(&simulator, "GET", "COUNT()", 2, Effect::Json(200, answer));
    let client = scanner(&simulator);
    let error = client.tokens(Whose::Everyone, &TokenHashKey::new([3; 32])).await.unwrap_err();
    let (expected, read) = (counted as u64, counted as u64 - 5);
    assert_eq!(error, SalesforceError::Incomplete { object: "OauthToken".to_owned(), expected, read });
}
