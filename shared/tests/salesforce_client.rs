//! The client against a simulated org: everything over real HTTP, from the signed assertion to the last page.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, future};
use jiff::{SignedDuration, Timestamp};
use salesforce_simulator::{Effect, Fault, Frost, Id, Pages, Permission, Seed, Simulator, Write, generate};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use session_warden::clock::SystemClock;
use session_warden::observation::{AccountKind, Login, SessionId, UserId};
use session_warden::salesforce::{
    Applied, Connection, Deletion, Frozen, Owned, Role, Salesforce, SalesforceError, Sight, TokenHashKey,
    Whose, http_client,
};

async fn org(users: usize, days: u32) -> Simulator {
    Simulator::start(generate(&Seed { users, days, ..Seed::default() })).await.unwrap()
}

async fn small() -> Simulator {
    org(60, 20).await
}

fn connection(document: &Value) -> Connection {
    Connection::parse(&document.to_string()).unwrap()
}

fn client(simulator: &Simulator, role: Role) -> Salesforce {
    let connection = connection(&simulator.connection_document());
    Salesforce::new(&connection, role, http_client().unwrap(), Arc::new(SystemClock)).unwrap()
}

fn scanner(simulator: &Simulator) -> Salesforce {
    client(simulator, Role::Scanner)
}

fn revoker(simulator: &Simulator) -> Salesforce {
    client(simulator, Role::Revoker)
}

fn username(simulator: &Simulator, role: &str) -> String {
    simulator.connection_document()[role]["username"].as_str().unwrap().to_owned()
}

fn order(simulator: &Simulator, method: &str, path: &str, times: u32, effect: Effect) {
    simulator.org().faults_mut().add(Fault::new(method, path, times, effect));
}

fn refusal(status: u16, code: &str) -> Effect {
    Effect::Json(status, json!([{ "message": "as ordered", "errorCode": code }]))
}

/// A user with a live session, and none of the connection's own.
fn somebody(simulator: &Simulator) -> Id {
    let org = simulator.org();
    let own = org.users().iter().filter(|user| user.username.starts_with("session-warden"));
    let own: BTreeSet<_> = own.map(|user| user.id.to_string()).collect();
    org.sessions().iter().find(|s| !own.contains(&s.user_id.to_string())).unwrap().user_id
}

async fn all_logins(client: &Salesforce, from: Timestamp, until: Timestamp) -> Vec<Login> {
    let pages: Vec<_> = client.logins(from, until).try_collect().await.unwrap();
    assert!(pages.iter().all(|page| page.rejected.is_empty()));
    pages.into_iter().flat_map(|page| page.rows).collect()
}

fn written(simulator: &Simulator, from: Timestamp, until: Timestamp) -> Vec<String> {
    let org = simulator.org();
    let within = org.logins().iter().filter(|login| from <= login.login_time && login.login_time < until);
    let mut rows: Vec<_> = within.map(|login| (login.login_time, login.id.to_string())).collect();
    rows.sort();
    rows.into_iter().map(|(_, id)| id).collect()
}

fn ids(logins: &[Login]) -> Vec<String> {
    logins.iter().map(|login| login.id.to_string()).collect()
}

#[tokio::test]
async fn many_callers_share_one_login() {
    let simulator = small().await;
    let client = scanner(&simulator);
    let asked = future::join_all((0..20).map(|_| client.org_id())).await;
    assert!(asked.iter().all(|id| id.as_ref().unwrap().as_str() == simulator.org().id().as_str()));
    let own = simulator.org().user_by_name(&username(&simulator, "scanner")).unwrap().id;
    assert_eq!(client.own_user().await.unwrap().as_str(), own.as_str());
    client.active_user_count().await.unwrap();
    let usage = client.usage();
    assert_eq!((usage.token_requests, usage.calls), (1, 2));
    assert!(usage.used.unwrap() >= 1 && usage.allowed.unwrap() >= 15_000);
    simulator.finish().unwrap();
}

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
async fn a_session_that_ends_between_two_pages_is_replaced_once() {
    let simulator = org(120, 60).await;
    simulator.org().switches_mut().pages = Pages::Smaller;
    let until = simulator.org().now() - SignedDuration::from_hours(1);
    let from = until - SignedDuration::from_hours(24 * 50);
    let (scanner, revoker) = (scanner(&simulator), revoker(&simulator));
    let expected = written(&simulator, from, until);

    let mut pages = std::pin::pin!(scanner.logins(from, until));
    let mut read = pages.next().await.unwrap().unwrap().rows;
    assert!(read.len() < expected.len());
    let own = scanner.own_user().await.unwrap();
    let own = revoker.sessions(Whose::User(&own)).await.unwrap();
    let own: Vec<_> = own.into_iter().map(|found| found.session.id).collect();
    revoker.delete_sessions(&own).await.unwrap();
    while let Some(page) = pages.next().await {
        read.extend(page.unwrap().rows);
    }

    assert_eq!(ids(&read), expected);
    assert_eq!(scanner.usage().token_requests, 2);
    simulator.org().take_writes();
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_session_that_ends_again_and_again_is_not_replaced_for_ever() {
    let simulator = small().await;
    order(&simulator, "GET", "/query", 100, refusal(401, "INVALID_SESSION_ID"));
    let client = scanner(&simulator);
    let error = client.active_user_count().await.unwrap_err();
    assert!(matches!(error, SalesforceError::NotAuthorised { .. }), "{error}");
    assert_eq!((client.usage().token_requests, client.usage().calls), (2, 4));
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
    assert_eq!(refused, 1);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn visibility_follows_the_permissions() {
    let simulator = small().await;
    let seen = scanner(&simulator).visibility().await.unwrap();
    assert_eq!((seen.logins, seen.places, seen.tokens), (Sight::Seeing, Sight::Seeing, Sight::Seeing));
    simulator.org().remove_permission(&username(&simulator, "scanner"), Permission::ManageUsers);
    simulator.org().remove_permission(&username(&simulator, "scanner"), Permission::CustomizeApplication);
    let seen = scanner(&simulator).visibility().await.unwrap();
    let blind = |permission: &str| Sight::Blind { missing: permission.to_owned() };
    assert_eq!(seen.logins, Sight::Seeing);
    assert_eq!((seen.places, seen.sessions), (blind("Manage Users"), blind("Manage Users")));
    assert_eq!((seen.tokens, seen.freeze), (blind("Customize Application"), blind("Freeze Users")));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn sessions_are_joined_with_their_logins_and_our_own_are_known() {
    let simulator = small().await;
    let client = revoker(&simulator);
    let own = client.own_user().await.unwrap();
    let found = client.sessions(Whose::Everyone).await.unwrap();
    let read: BTreeSet<_> = found.iter().map(|found| found.session.id.to_string()).collect();
    let there: BTreeSet<_> = simulator.org().sessions().iter().map(|s| s.id.to_string()).collect();
    assert_eq!(read, there);
    let ours: Vec<_> = found.iter().filter(|found| found.owned == Owned::ByUs).collect();
    assert!(!ours.is_empty() && ours.iter().all(|found| found.session.user_id == own));
    let logins = found.iter().filter_map(|found| found.session.login.as_ref());
    assert!(logins.clone().count() > 0);
    assert!(logins.clone().all(|login| login.read.is_some()));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn deleting_twice_is_as_good_as_once() {
    let simulator = small().await;
    let client = revoker(&simulator);
    let user = UserId::new(somebody(&simulator).as_str());
    let sessions = client.sessions(Whose::User(&user)).await.unwrap();
    let mut ids: Vec<_> = sessions.into_iter().map(|found| found.session.id).collect();
    ids.push(SessionId::new("0Ak' OR 1=1"));

    let first = client.delete_sessions(&ids).await.unwrap();
    assert_eq!(first.len(), ids.len());
    assert!(first.iter().any(|deletion| deletion.result == Ok(Applied::Done)));
    let malformed: Vec<_> = first.iter().filter(|deletion| deletion.result.is_err()).collect();
    let expected = Deletion { id: ids[ids.len() - 1].clone(), result: Err("MALFORMED_ID".to_owned()) };
    assert_eq!(malformed, [&expected]);
    assert!(client.sessions(Whose::User(&user)).await.unwrap().is_empty());

    ids.pop();
    let second = client.delete_sessions(&ids).await.unwrap();
    assert!(second.iter().all(|deletion| deletion.result == Ok(Applied::AlreadySo)));
    simulator.org().take_writes();
    simulator.finish().unwrap();
}

#[tokio::test]
async fn many_sessions_are_deleted_in_calls_of_two_hundred() {
    let simulator = org(600, 15).await;
    let client = revoker(&simulator);
    let others = client.sessions(Whose::Everyone).await.unwrap().into_iter();
    let others: Vec<_> =
        others.filter(|found| found.owned == Owned::ByOthers).map(|found| found.session.id).collect();
    assert!(others.len() > 200, "even at night and at weekends: {}", others.len());
    let deletions = client.delete_sessions(&others).await.unwrap();
    assert!(deletions.iter().all(|deletion| deletion.result.is_ok()));
    assert_eq!(deletions.len(), others.len());
    let calls = simulator.org().take_writes();
    assert_eq!(calls.len(), others.len().div_ceil(200));
    assert!(client.sessions(Whose::Everyone).await.unwrap().iter().all(|found| found.owned == Owned::ByUs));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn freezing_and_thawing_tell_what_changed() {
    let simulator = small().await;
    let client = revoker(&simulator);
    let id = somebody(&simulator);
    let user = UserId::new(id.as_str());
    assert_eq!(client.freeze_state(&user).await.unwrap().unwrap().frozen, Frozen::No);
    assert_eq!(client.set_frozen(&user, Frozen::Yes).await, Ok(Applied::Done));
    assert!(simulator.org().is_frozen(id.as_str()));
    assert_eq!(client.set_frozen(&user, Frozen::Yes).await, Ok(Applied::AlreadySo));
    assert_eq!(client.set_frozen(&user, Frozen::No).await, Ok(Applied::Done));
    assert!(!simulator.org().is_frozen(id.as_str()));

    let nobody = UserId::new("005000000000000AAA");
    assert_eq!(client.freeze_state(&nobody).await, Ok(None));
    let error = client.set_frozen(&nobody, Frozen::Yes).await.unwrap_err();
    assert_eq!(error, SalesforceError::NoUserLogin { user: nobody });
    assert_eq!(simulator.org().take_writes().len(), 2);
    simulator.finish().unwrap();
}

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
    assert_eq!(client.revoke_token(&victim.delete_token).await, Ok(Applied::Done));
    assert_eq!(client.revoke_token(&victim.delete_token).await, Ok(Applied::AlreadySo));
    assert_eq!(client.tokens(Whose::Everyone, &key).await.unwrap().len(), found.len() - 1);

    let secret = victim.delete_token.expose_secret();
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
    let user = UserId::new(somebody(&simulator).as_str());
    let error = client.tokens(Whose::User(&user), &key).await.unwrap_err();
    let object = "OauthToken".to_owned();
    assert_eq!(error, SalesforceError::TooManyRows { object, user, limit: 2_500 });
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

#[tokio::test]
async fn users_administrators_and_verifications() {
    let simulator = small().await;
    let client = scanner(&simulator);
    let (everyone, active, names) = {
        let org = simulator.org();
        let ids: Vec<_> = org.users().iter().map(|user| UserId::new(user.id.as_str())).collect();
        let active = org.users().iter().filter(|user| user.is_active()).count();
        let names: BTreeSet<_> = org.users().iter().map(|user| user.username.clone()).collect();
        (ids, active, names)
    };
    assert_eq!(client.active_user_count().await.unwrap(), active as u64);
    let users = client.users(&everyone).await.unwrap();
    assert_eq!(users.iter().map(|user| user.username.clone()).collect::<BTreeSet<_>>(), names);
    let programs: Vec<_> = users.iter().filter(|user| user.kind == AccountKind::Integration).collect();
    assert!(programs.iter().any(|user| user.username.starts_with("session-warden-scanner@")));
    assert!(programs.len() < users.len() / 2);

    let administrators = client.administrators().await.unwrap();
    let break_glass = simulator.org().break_glass().unwrap().id;
    let break_glass = UserId::new(break_glass.as_str());
    assert!(administrators.contains(&break_glass));
    assert!(administrators.len() < users.len() / 2);
    simulator.org().set_frozen(break_glass.as_str(), Frost::Frozen);
    let unfrozen = client.administrators().await.unwrap();
    assert_eq!(unfrozen.len(), administrators.len() - 1);
    assert!(!unfrozen.contains(&break_glass));

    let until = simulator.org().now();
    let checks = client.verifications(until - SignedDuration::from_hours(24 * 30), until).await.unwrap();
    assert_eq!(checks.len(), simulator.org().verifications().iter().filter(|v| v.time < until).count());
    assert!(checks.is_sorted_by_key(|check| check.time));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn what_passes_is_asked_again_and_what_does_not_is_told() {
    let simulator = small().await;
    let client = scanner(&simulator);
    let html = || Effect::Html(503, "<html>Down for maintenance</html>".to_owned());
    for effect in
        [html(), Effect::Close, refusal(400, "UNABLE_TO_LOCK_ROW"), refusal(500, "UNKNOWN_EXCEPTION")]
    {
        order(&simulator, "GET", "/query", 2, effect);
        assert!(client.active_user_count().await.is_ok());
    }
    order(&simulator, "POST", "/services/oauth2/token", 1, html());
    assert!(scanner(&simulator).org_id().await.is_ok());

    order(&simulator, "GET", "/query", 4, html());
    let error = client.active_user_count().await.unwrap_err();
    assert!(matches!(error, SalesforceError::UnexpectedAnswer { status: 503, .. }) && error.retryable());
    let before = client.usage().calls;
    order(&simulator, "GET", "/query", 1, refusal(403, "REQUEST_LIMIT_EXCEEDED"));
    let error = client.active_user_count().await.unwrap_err();
    assert!(matches!(error, SalesforceError::RequestLimit { .. }) && error.retryable());
    assert_eq!(client.usage().calls, before + 1);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_made_sure_of() {
    let simulator = small().await;
    let client = revoker(&simulator);
    let user = UserId::new(somebody(&simulator).as_str());
    let sessions = client.sessions(Whose::User(&user)).await.unwrap();
    let ids: Vec<_> = sessions.into_iter().map(|found| found.session.id).collect();
    order(&simulator, "DELETE", "/composite/sobjects", 1, Effect::CloseAfter);
    let deletions = client.delete_sessions(&ids).await.unwrap();
    assert!(deletions.iter().all(|deletion| deletion.result == Ok(Applied::AlreadySo)));
    let writes = simulator.org().take_writes();
    assert!(writes.iter().all(|write| matches!(write, Write::DeletedSessions { .. })));
}

#[tokio::test]
async fn a_locked_session_is_deleted_at_the_second_try() {
    let simulator = small().await;
    let client = revoker(&simulator);
    let user = UserId::new(somebody(&simulator).as_str());
    let sessions = client.sessions(Whose::User(&user)).await.unwrap();
    let id = sessions.iter().find(|found| found.session.is_root()).unwrap().session.id.clone();
    let locked = json!([{ "success": false, "errors": [{ "statusCode": "UNABLE_TO_LOCK_ROW" }] }]);
    order(&simulator, "DELETE", "/composite/sobjects", 1, Effect::Json(200, locked));
    let deletions = client.delete_sessions(std::slice::from_ref(&id)).await.unwrap();
    assert_eq!(deletions, [Deletion { id, result: Ok(Applied::Done) }]);
}

#[tokio::test]
async fn no_page_leads_to_another_host() {
    let simulator = small().await;
    let (from, until) = (Timestamp::UNIX_EPOCH, simulator.org().now());
    let client = scanner(&simulator);
    for next in
        ["https://evil.example/services/data/v67.0/query/x", "//evil.example/", "/services/oauth2/revoke"]
    {
        let record = json!({ "Id": "0Ya5g00000AbCdEAAV", "LoginTime": "2026-11-23T18:43:00.000+0000" });
        let page = json!({ "totalSize": 2, "done": false, "nextRecordsUrl": next, "records": [record] });
        order(&simulator, "GET", "/query", 1, Effect::Json(200, page));
        let outcome: Result<Vec<_>, _> = client.logins(from, until).try_collect().await;
        assert!(matches!(outcome, Err(SalesforceError::UnexpectedAnswer { .. })), "{next}");
    }
}

#[tokio::test]
async fn rubbish_is_an_error_and_never_a_panic() {
    let simulator = small().await;
    let client = scanner(&simulator);
    let page = |records: Value| json!({ "totalSize": 2, "done": true, "records": records });
    for body in [json!(null), json!([]), json!({}), json!({ "totalSize": -1, "done": true }), page(json!(7))]
    {
        order(&simulator, "GET", "/query", 1, Effect::Json(200, body));
        assert!(client.active_user_count().await.is_err());
    }
    let good = json!({ "Id": "0Ya5g00000AbCdEAAV", "LoginTime": "2026-11-23T18:43:00.000+0000" });
    let bad = json!({ "Id": "0Ya5g00000AbCdFAAV", "LoginTime": 5 });
    order(&simulator, "GET", "/query", 1, Effect::Json(200, page(json!([bad, good]))));
    let now = simulator.org().now();
    let pages: Vec<_> = client.logins(now, now).try_collect().await.unwrap();
    assert_eq!((pages[0].rows.len(), pages[0].rejected.len()), (1, 1));
    assert_eq!(pages[0].rejected[0].id.as_deref(), Some("0Ya5g00000AbCdFAAV"));
}

#[tokio::test]
async fn what_cannot_work_says_why() {
    let simulator = small().await;
    let make = |document: &Value, role| {
        Salesforce::new(&connection(document), role, http_client().unwrap(), Arc::new(SystemClock))
    };
    let mut document = simulator.connection_document();
    document["scanner"]["private_key"] = document["revoker"]["private_key"].clone();
    let error = make(&document, Role::Scanner).unwrap().org_id().await.unwrap_err();
    assert!(matches!(error, SalesforceError::NotAuthorised { .. }) && !error.retryable(), "{error}");
    assert!(error.to_string().contains("private_key"), "{error}");

    document.as_object_mut().unwrap().remove("revoker");
    let error = make(&document, Role::Revoker).unwrap_err();
    assert!(error.to_string().contains("no `revoker`"), "{error}");

    document["login_url"] = json!("http://127.0.0.1:9");
    let error = make(&document, Role::Scanner).unwrap().org_id().await.unwrap_err();
    assert!(matches!(error, SalesforceError::Unreachable { .. }) && error.retryable(), "{error}");
}

#[tokio::test]
async fn many_callers_replace_an_ended_session_once() {
    let simulator = small().await;
    let (scanner, revoker) = (scanner(&simulator), revoker(&simulator));
    let own = revoker.sessions(Whose::User(&scanner.own_user().await.unwrap())).await.unwrap();
    let own: Vec<_> = own.into_iter().map(|found| found.session.id).collect();
    revoker.delete_sessions(&own).await.unwrap();
    let asked = future::join_all((0..20).map(|_| scanner.active_user_count())).await;
    assert!(asked.iter().all(Result::is_ok));
    assert_eq!(scanner.usage().token_requests, 2);
}

/// Answers one connection with `answer` after reading some of its request.
fn serve_once(answer: Vec<u8>) -> (String, std::thread::JoinHandle<()>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut some = [0; 8_192];
        let _ = std::io::Read::read(&mut stream, &mut some);
        // The client may hang up before the end of an answer that is too long.
        let _ = std::io::Write::write_all(&mut stream, &answer);
    });
    (url, server)
}

async fn refused_by(url: &str) -> SalesforceError {
    let document = json!({ "org_alias": "raw", "login_url": url,
        "scanner": { "client_id": "3MVG9", "client_secret": "VERY-SECRET" } });
    let connection = connection(&document);
    let client =
        Salesforce::new(&connection, Role::Scanner, http_client().unwrap(), Arc::new(SystemClock)).unwrap();
    let error = client.org_id().await.unwrap_err();
    assert!(!error.to_string().contains("VERY-SECRET") && !format!("{client:?}").contains("VERY-SECRET"));
    error
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let elsewhere = trap.local_addr().unwrap();
    let answer = format!("HTTP/1.1 307 Moved\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\n\r\n");
    let (url, server) = serve_once(answer.into_bytes());
    let error = refused_by(&url).await;
    tokio::task::spawn_blocking(|| server.join()).await.unwrap().unwrap();
    assert!(matches!(error, SalesforceError::UnexpectedAnswer { status: 307, .. }), "{error}");
    assert!(trap.accept().is_err());
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n".to_vec();
    answer.resize(70 << 20, b' ');
    let (url, server) = serve_once(answer);
    let error = refused_by(&url).await;
    tokio::task::spawn_blocking(|| server.join()).await.unwrap().unwrap();
    assert!(error.to_string().contains("64 MiB"), "{error}");
}

#[tokio::test]
async fn futures_and_streams_may_move_between_threads() {
    fn moves<T: Send>(_: T) {}
    let simulator = small().await;
    let client = scanner(&simulator);
    let (now, key, user) = (Timestamp::UNIX_EPOCH, TokenHashKey::new([1; 32]), UserId::new("005"));
    moves(client.logins(now, now));
    moves(client.sessions(Whose::User(&user)));
    moves(client.tokens(Whose::Everyone, &key));
    moves(client.delete_sessions(&[]));
    moves(client.set_frozen(&user, Frozen::Yes));
    moves(client.users(&[]));
}

#[tokio::test]
async fn a_row_of_one_user_that_cannot_be_read_is_an_error() {
    let simulator = small().await;
    let (client, key) = (revoker(&simulator), TokenHashKey::new([3; 32]));
    let user = UserId::new(somebody(&simulator).as_str());
    let rows = json!({ "totalSize": 1, "done": true, "records": [{ "Id": "0Ak5g00000AbCdEAAV" }] });
    for object in ["AuthSession", "OauthToken"] {
        order(&simulator, "GET", &format!("FROM {object}"), 1, Effect::Json(200, rows.clone()));
    }
    let sessions = client.sessions(Whose::User(&user)).await.unwrap_err();
    assert!(
        matches!(&sessions, SalesforceError::UnreadableRow { id: Some(id), .. } if id.starts_with("0Ak"))
    );
    let tokens = client.tokens(Whose::User(&user), &key).await.unwrap_err();
    assert!(matches!(tokens, SalesforceError::UnreadableRow { .. }) && !tokens.retryable());
}

#[tokio::test]
async fn a_row_among_everyones_that_cannot_be_read_is_left_out() {
    let simulator = small().await;
    let rows = json!({ "totalSize": 1, "done": true, "records": [{ "Id": "0Ak5g00000AbCdEAAV" }] });
    order(&simulator, "GET", "FROM AuthSession", 1, Effect::Json(200, rows));
    assert!(scanner(&simulator).sessions(Whose::Everyone).await.unwrap().is_empty());
}
