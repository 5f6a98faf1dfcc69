//! External client apps: their tokens, and what ends them.

use std::collections::BTreeSet;

use salesforce_simulator::{
    ClientAppTokens, ClientApps, Effect, Fault, Id, Matcher, Occurrence, Simulator, Write,
};
use session_warden::observation::{AppKind, UserId};
use session_warden::salesforce::{Applied, ClientAppId, TokenHashKey, WatchedTokens, Whose};

use crate::support::{revoker, scanner, small, somebody};

const KEY: [u8; 32] = [3; 32];

/// Three tokens of one user, and one each of so many others.
fn approve(simulator: &Simulator, others: usize) -> (Id, ClientAppId) {
    let user = somebody(simulator);
    let mut org = simulator.org();
    let app = org.add_client_app("Ticket Portal");
    for _ in 0..3 {
        org.approve_client_app(user, &app);
    }
    let all: Vec<_> = org.users().iter().map(|other| other.id).filter(|other| *other != user).collect();
    for other in all.into_iter().take(others) {
        org.approve_client_app(other, &app);
    }
    (user, ClientAppId::parse(app.id.as_str()).unwrap())
}

#[tokio::test]
async fn tokens_of_both_sources_are_listed_once() {
    for listed in [ClientAppTokens::Hidden, ClientAppTokens::Listed] {
        let simulator = small().await;
        simulator.org().switches_mut().client_app_tokens = listed;
        let (user, _) = approve(&simulator, 20);
        let client = scanner(&simulator);
        for whose in [Whose::Everyone, Whose::User(&UserId::new(user.as_str()))] {
            let found = client.tokens(whose, &TokenHashKey::new(KEY)).await.unwrap();
            let expected = match whose {
                Whose::Everyone => simulator.org().tokens().len(),
                Whose::User(_) => simulator.org().tokens_of(&user).len(),
            };
            let keys: BTreeSet<_> = found.iter().map(|found| found.token.key.clone()).collect();
            assert_eq!((found.len(), keys.len()), (expected, expected), "{listed:?} {whose:?}");
            let external = found.iter().filter(|found| found.token.app == AppKind::ExternalClient).count();
            assert_eq!(external, if whose == Whose::Everyone { 23 } else { 3 }, "{listed:?}");
        }
        let watched = client.watched_tokens(&TokenHashKey::new(KEY), None).await.unwrap();
        assert_eq!((watched.tokens.len(), watched.unread_grants()), (simulator.org().tokens().len(), 0));
        simulator.finish().unwrap();
    }
}

#[tokio::test]
async fn more_than_a_page_of_users_is_read() {
    let simulator = crate::support::org(180, 3).await;
    approve(&simulator, 150);
    let found = scanner(&simulator).tokens(Whose::Everyone, &TokenHashKey::new(KEY)).await.unwrap();
    assert_eq!(found.len(), simulator.org().tokens().len());
    let org = simulator.org();
    let pages = org.requests().iter().filter(|request| request.path.ends_with("/users")).count();
    assert_eq!(pages, 3, "two that hold something, and one that is empty");
}

#[tokio::test]
async fn of_many_users_as_many_as_a_look_may_take_are_watched_in_turn_and_none_is_called_gone() {
    let simulator = crate::support::org(260, 3).await;
    simulator.org().switches_mut().client_app_tokens = ClientAppTokens::Hidden;
    approve(&simulator, 240);
    let client = scanner(&simulator);
    let key = TokenHashKey::new(KEY);
    let external = |watched: &WatchedTokens| {
        let tokens = watched.tokens.iter().filter(|token| token.app == AppKind::ExternalClient);
        tokens.map(|token| token.user_id.clone()).collect::<BTreeSet<_>>()
    };
    let first = client.watched_tokens(&key, None).await.unwrap();
    assert_eq!((external(&first).len(), first.read_grants, first.unread_grants()), (200, 200, 41));
    let second = client.watched_tokens(&key, first.next_after.as_deref()).await.unwrap();
    assert_eq!((external(&second).len(), second.unread_grants()), (200, 41));
    assert_eq!(external(&first).union(&external(&second)).count(), 241, "everybody had his turn");
    let unseen = second.tokens.iter().filter(|token| !first.would_show(token)).count();
    assert_eq!(unseen, 41, "what the first look did not ask for is not gone");
}

#[tokio::test]
async fn an_org_without_them_has_none() {
    let simulator = small().await;
    approve(&simulator, 2);
    simulator.org().switches_mut().client_apps = ClientApps::Absent;
    let client = scanner(&simulator);
    assert!(client.client_apps().await.unwrap().is_empty());
    let found = client.tokens(Whose::Everyone, &TokenHashKey::new(KEY)).await.unwrap();
    assert!(found.iter().all(|found| found.token.app == AppKind::Connected));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_users_tokens_are_revoked_and_the_others_stay() {
    let simulator = small().await;
    let (user, app) = approve(&simulator, 2);
    let client = revoker(&simulator);
    let user_id = UserId::new(user.as_str());
    let found = client.tokens(Whose::User(&user_id), &TokenHashKey::new(KEY)).await.unwrap();
    let external: Vec<_> = found.iter().filter(|found| found.token.app == AppKind::ExternalClient).collect();
    assert_eq!(client.revoke(external[0]).await, Ok(Applied::Done));
    assert_eq!(client.revoke(external[1]).await, Ok(Applied::AlreadySo));
    let left =
        |org: &salesforce_simulator::Org| org.tokens().iter().filter(|t| t.client_app.is_some()).count();
    assert_eq!(left(&simulator.org()), 2);
    assert_eq!(client.revoke_client_app(&app).await, Ok(Applied::Done));
    assert_eq!(client.revoke_client_app(&app).await, Ok(Applied::AlreadySo));
    assert_eq!(left(&simulator.org()), 0);
    let writes = simulator.org().take_writes();
    assert!(writes.iter().all(|write| matches!(write, Write::Revoked { app, .. } if app == "Ticket Portal")));
    simulator.finish().unwrap();
}

#[tokio::test]
async fn a_list_that_breaks_off_is_not_taken_for_all_of_it() {
    let simulator = crate::support::org(180, 3).await;
    approve(&simulator, 150);
    let refused = Effect::refusal(404, "NOT_FOUND");
    simulator.org().faults_mut().add(Fault::on(Matcher::any().path("page=1"), Occurrence::Every, refused));
    let client = scanner(&simulator);
    let error = client.tokens(Whose::Everyone, &TokenHashKey::new(KEY)).await.unwrap_err();
    assert_eq!(error.code(), Some("NOT_FOUND"), "{error}");
}
