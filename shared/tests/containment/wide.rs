//! Applications and the whole org: two people agree, everything goes that is meant, and nobody is touched who is spared.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use salesforce_simulator::{CampaignKind, ClientAppTokens, RefreshRows, RevokeSessions, Write};
use session_warden::containment::{Containment, Outcome, Request, Stage, Target};
use session_warden::stages::Apply;

use crate::support::Scene;

pub fn asked(scene: &Scene, target: Target) -> Request {
    Request { request_id: format!("person/{}", target.subject()), target, ..scene.by_person(&scene.user()) }
}

/// Asks, lets two people agree, and carries it out.
pub async fn agreed(scene: &mut Scene, target: Target) -> Containment {
    let people = scene.approvers(&["Ada", "Grace"]);
    let waiting = scene.stage().contain(asked(scene, target), Apply::Act).await.unwrap();
    assert_eq!((waiting.stage, Scene::rules(&waiting)), (Stage::Waiting, vec!["two-people"]), "{waiting:#?}");
    assert!(scene.writes().is_empty());
    for (name, key) in &people {
        assert!(scene.stage().tend(&scene.org_id()).await.unwrap().is_empty(), "before {name}");
        scene.approve(&waiting, key, name).await;
    }
    let mut changed = scene.stage().tend(&scene.org_id()).await.unwrap();
    assert_eq!(changed.len(), 1);
    let record = changed.remove(0);
    assert_eq!(record.containment_id, waiting.containment_id);
    record
}

/// Nothing that was left alone is told as having come back.
async fn stays_ended(scene: &Scene) {
    scene.clock.advance(SignedDuration::from_mins(6));
    let before = scene.salesforce.usage().calls;
    let changed = scene.stage().tend(&scene.org_id()).await.unwrap();
    assert!(changed.is_empty(), "{changed:#?}");
    assert!(scene.salesforce.usage().calls > before, "it was looked at");
}

pub fn stolen_app(scene: &Scene) -> String {
    let org = scene.simulator.org();
    let serial = scene.campaign.token_serials[0];
    org.tokens().iter().find(|token| token.serial == serial).unwrap().app.clone()
}

/// Gives `count` people a token of the app, all in the same second.
pub fn spread(scene: &Scene, app: &str, count: usize) -> usize {
    let mut org = scene.simulator.org();
    let people: Vec<_> = org.users().iter().filter(|user| is_others(user)).map(|user| user.id).collect();
    for number in 0..count {
        org.approve(people[number % people.len()], app);
    }
    org.tokens().iter().filter(|token| token.app == app).count()
}

fn is_others(user: &salesforce_simulator::User) -> bool {
    user.is_active() && !user.username.starts_with("session-warden")
}

#[tokio::test]
async fn an_application_is_cut_off_from_everybody() {
    for (revoke_sessions, refresh_rows) in
        [(RevokeSessions::Removed, RefreshRows::Written), (RevokeSessions::Kept, RefreshRows::Written)]
    {
        let mut scene = Scene::of(CampaignKind::StolenRefreshToken).await;
        let app = stolen_app(&scene);
        let tokens = spread(&scene, &app, 30);
        let others = scene.simulator.org().tokens().len() - tokens;
        {
            let mut org = scene.simulator.org();
            let switches = org.switches_mut();
            (switches.revoke_sessions, switches.refresh_rows) = (revoke_sessions, refresh_rows);
            assert!(org.attempt(&scene.campaign.loot).gets_in());
        }
        let record = agreed(&mut scene, Target::App { app_name: app.clone() }).await;
        assert_eq!(record.outcome, Some(Outcome::AccessEnded), "{record:#?}");
        assert_eq!((record.impact.tokens, record.approved.len()), (tokens, 2));
        let mut org = scene.simulator.org();
        assert!(!org.attempt(&scene.campaign.loot).gets_in(), "{revoke_sessions:?}");
        assert_eq!(org.tokens().len(), others, "other applications keep theirs");
        let writes = org.take_writes();
        assert!(!writes.iter().any(|write| matches!(write, Write::SetFrozen { .. })), "nobody is frozen");
    }
}

#[tokio::test]
async fn an_external_client_app_ends_in_one_call_unless_somebody_is_spared() {
    for spared in [false, true] {
        let mut scene = Scene::of(CampaignKind::BruteForce).await;
        scene.simulator.org().switches_mut().client_app_tokens = ClientAppTokens::Hidden;
        let (app, users) = scene.client_app();
        if spared {
            scene.policy.protected.users.push(users[0].clone());
        }
        let record = agreed(&mut scene, Target::App { app_name: app.clone() }).await;
        assert_eq!(record.outcome, Some(Outcome::AccessEnded), "{record:#?}");
        assert_eq!(record.impact.spared_users, usize::from(spared));
        let revocations = {
            let org = scene.simulator.org();
            let is_revocation = |request: &&salesforce_simulator::Request| {
                request.method == "DELETE" && request.path.contains("/tokens")
            };
            org.requests().iter().filter(is_revocation).count()
        };
        assert_eq!(revocations, if spared { users.len() - 1 } else { 1 });
        let left: BTreeSet<_> = {
            let org = scene.simulator.org();
            let left = org.tokens().iter().filter(|token| token.app == app);
            left.map(|token| token.user_id.to_string()).collect()
        };
        assert_eq!(left, users.into_iter().take(usize::from(spared)).collect());
        stays_ended(&scene).await;
    }
}

#[tokio::test]
async fn everybody_is_logged_off_but_the_protected() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    let somebody = scene.somebody_else();
    let protected = {
        let mut org = scene.simulator.org();
        let user = org.user(somebody.as_str()).unwrap();
        org.log_in(&user.id, "192.0.2.10").unwrap();
        user
    };
    scene.policy.protected.break_glass.push(protected.username.clone());
    scene.clock.advance(SignedDuration::from_secs(10));
    let record = agreed(&mut scene, Target::Org).await;
    assert_eq!(record.outcome, Some(Outcome::AccessEnded), "{record:#?}");
    assert!(record.impact.users > 1 && record.impact.spared_users > 0);
    stays_ended(&scene).await;
    let org = scene.simulator.org();
    let own = org.users().iter().filter(|user| user.username.starts_with("session-warden"));
    let live = org.sessions().iter().filter(|session| session.is_live(org.now()));
    let left: BTreeSet<_> = live.map(|session| session.user_id).collect();
    let expected: BTreeSet<_> = own.map(|user| user.id).chain([protected.id]).collect();
    assert!(left.is_subset(&expected) && left.contains(&protected.id), "{left:?}");
}

#[tokio::test]
async fn an_application_nobody_uses_is_refused() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    scene.approvers(&["Ada", "Grace"]);
    let target = Target::App { app_name: "drift".to_owned() };
    let record = scene.stage().contain(asked(&scene, target), Apply::Act).await.unwrap();
    assert!(
        Scene::rules(&record).contains(&"unknown-application"),
        "another spelling is another application"
    );
}
