//! What Salesforce does not document, in both positions, as this client meets it.

use salesforce_simulator::{
    AccessStatus, Effect, Fault, FreezePermission, LockStatus, Matcher, Occurrence, Outsiders, OwnAudience,
    Permission, Simulator, Switches,
};
use session_warden::observation::UserId;
use session_warden::salesforce::{
    Ability, Applied, FoundSession, Frozen, Salesforce, SalesforceError, Sight, TokenHashKey, Whose,
};

use crate::support::{order, revoker, scanner, small, somebody, username};

fn freezes_asked(simulator: &Simulator) -> usize {
    simulator.org().requests().iter().filter(|request| request.method == "PATCH").count()
}

#[tokio::test]
async fn freeze_users_alone_freezes_or_is_refused_once_whatever_the_status() {
    for (permission, status) in [
        (FreezePermission::Enough, AccessStatus::Forbidden),
        (FreezePermission::PageOnly, AccessStatus::Forbidden),
        (FreezePermission::PageOnly, AccessStatus::BadRequest),
    ] {
        let simulator = small().await;
        let client = revoker(&simulator);
        let user = UserId::new(somebody(&simulator).as_str());
        simulator.org().remove_permission(&username(&simulator, "revoker"), Permission::ManageUsers);
        {
            let mut org = simulator.org();
            let switches = org.switches_mut();
            (switches.freeze_permission, switches.access_status) = (permission, status);
        }
        let outcome = client.set_frozen(&user, Frozen::Yes).await;
        assert_eq!(freezes_asked(&simulator), 1, "{status:?}");
        assert_eq!(
            simulator.org().is_frozen(user.as_str()),
            outcome == Ok(Applied::Done),
            "{permission:?} {status:?}"
        );
        match permission {
            FreezePermission::Enough => assert_eq!(outcome, Ok(Applied::Done)),
            FreezePermission::PageOnly => {
                let error = outcome.unwrap_err();
                assert_eq!(error.code(), Some("INSUFFICIENT_ACCESS_OR_READONLY"));
                assert!(error.to_string().contains("Manage Users") && !error.retryable(), "{error}");
            }
        }
        simulator.org().take_writes();
    }
}

/// Whatever is undocumented, what is said to be done is done, and what is refused is said.
#[tokio::test]
async fn every_act_is_as_it_says_under_each_switch() {
    // The audience decides about the login alone.
    let each = Switches::each().filter(|(_, switches)| switches.own_audience == OwnAudience::Accepted);
    for (name, switches) in each {
        let simulator = small().await;
        *simulator.org().switches_mut() = switches;
        let client = revoker(&simulator);
        let user = UserId::new(somebody(&simulator).as_str());
        let ids: Vec<_> = sessions(&client, &user).await.into_iter().map(|found| found.session.id).collect();
        let said = client.delete_sessions(&ids).await.unwrap();
        let left: Vec<_> = sessions(&client, &user).await.into_iter().map(|found| found.session.id).collect();
        let undone: Vec<_> = said.iter().filter(|one| one.result.is_ok() && left.contains(&one.id)).collect();
        assert!(!ids.is_empty() && undone.is_empty(), "{name}: {undone:?}");
        let key = TokenHashKey::new([3; 32]);
        for found in client.tokens(Whose::User(&user), &key).await.unwrap() {
            let said = client.revoke(&found).await;
            let left = client.tokens(Whose::User(&user), &key).await.unwrap();
            let is_left = left.iter().any(|other| other.token.key == found.token.key);
            assert!(said.is_err() || !is_left, "{name}: {said:?}");
        }
        for frozen in [Frozen::Yes, Frozen::No] {
            let said = client.set_frozen(&user, frozen).await;
            let is_so = simulator.org().is_frozen(user.as_str()) == (frozen == Frozen::Yes);
            assert!(said.is_err() || is_so, "{name}: {said:?}");
        }
        simulator.org().take_writes();
    }
}

async fn sessions(client: &Salesforce, user: &UserId) -> Vec<FoundSession> {
    let live = client.sessions(Whose::User(user)).await.unwrap().into_iter();
    live.filter(|found| !found.session.is_temporary()).collect()
}

#[tokio::test]
async fn a_locked_row_is_waited_for_whatever_the_status() {
    for status in [LockStatus::BadRequest, LockStatus::Conflict] {
        let simulator = small().await;
        simulator.org().switches_mut().lock_status = status;
        let client = revoker(&simulator);
        let user = UserId::new(somebody(&simulator).as_str());
        order(&simulator, "PATCH", "/sobjects/UserLogin", 2, Effect::RowLocked);
        assert_eq!(client.set_frozen(&user, Frozen::Yes).await, Ok(Applied::Done), "{status:?}");
        assert!(simulator.org().is_frozen(user.as_str()));
        assert_eq!(freezes_asked(&simulator), 3, "{status:?}");

        let logins = Matcher::any().method("PATCH");
        simulator.org().faults_mut().add(Fault::on(logins, Occurrence::Every, Effect::RowLocked));
        let error = client.set_frozen(&user, Frozen::No).await.unwrap_err();
        assert_eq!((error.code(), error.retryable()), (Some("UNABLE_TO_LOCK_ROW"), true), "{status:?}");
        simulator.org().take_writes();
    }
}

#[tokio::test]
async fn an_outsider_is_blind_whether_he_gets_his_own_rows_or_a_refusal() {
    for outsiders in [Outsiders::OwnRows, Outsiders::Refused] {
        let simulator = small().await;
        simulator.org().switches_mut().outsiders = outsiders;
        for permission in [Permission::ManageUsers, Permission::MonitorLoginHistory] {
            simulator.org().remove_permission(&username(&simulator, "scanner"), permission);
        }
        let client = scanner(&simulator);
        let seen = client.visibility().await.unwrap();
        for ability in [Ability::Logins, Ability::Sessions, Ability::Verifications] {
            assert!(matches!(seen.of(ability), Sight::Blind { .. }), "{outsiders:?} {ability}");
        }
        match (outsiders, client.sessions(Whose::Everyone).await) {
            (Outsiders::OwnRows, Ok(own)) => assert_eq!(own.len(), 1),
            (Outsiders::Refused, Err(error)) => {
                assert!(
                    matches!(&error, SalesforceError::NotVisible { what } if what == "AuthSession"),
                    "{error}"
                );
            }
            other => panic!("{other:?}"),
        }
    }
}
