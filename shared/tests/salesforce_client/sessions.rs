//! Live sessions, read and deleted.

use std::collections::BTreeSet;

use salesforce_simulator::{Effect, Write};
use serde_json::json;
use session_warden::observation::{SessionId, UserId};
use session_warden::salesforce::{Applied, Deletion, Owned, Whose};

use crate::support::{order, org, revoker, small, somebody};

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
