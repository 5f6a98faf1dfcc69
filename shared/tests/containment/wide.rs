//! Applications and the whole org: two people agree, everything goes that is meant, and nobody is touched who is spared.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;
use salesforce_simulator::{
    CampaignKind, Cascade, ClientAppTokens, Clock as SimulatedClock, Effect, Fault, Frost, Lying,
    RefreshRows, RevokeSessions, Write,
};
use session_warden::containment::{Containment, Outcome, Request, Stage, Target};
use session_warden::detection::Action;
use session_warden::policy::FreezeMode;
use session_warden::stages::Apply;
use session_warden::store::Table;

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
    let both = [RevokeSessions::Removed, RevokeSessions::Kept];
    for (revoke_sessions, refresh_rows) in
        both.into_iter().flat_map(|it| [(it, RefreshRows::Written), (it, RefreshRows::NotWritten)])
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
        assert!(!org.attempt(&scene.campaign.loot).gets_in(), "{revoke_sessions:?} {refresh_rows:?}");
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

/// The first call that deletes is slow, and whatever is under way beside it overtakes it.
#[tokio::test]
async fn of_many_families_no_child_goes_before_its_root() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    let parents: BTreeMap<_, _> = {
        let mut org = scene.simulator.org();
        org.switches_mut().cascade = Cascade::Off;
        let people: Vec<_> = org.users().iter().filter(|user| is_others(user)).map(|user| user.id).collect();
        for number in 0..250 {
            org.log_in(&people[number % people.len()], "192.0.2.10").unwrap();
        }
        org.take_writes();
        let slow = Effect::Delay(300);
        org.faults_mut().add(Fault::new("DELETE", "composite/sobjects", 1, slow));
        let rows = org.sessions().iter();
        rows.map(|session| (session.id.to_string(), session.parent_id.to_string())).collect()
    };
    scene.clock.advance(SignedDuration::from_secs(10));
    let record = agreed(&mut scene, Target::Org).await;
    assert_eq!(record.outcome, Some(Outcome::AccessEnded), "{record:#?}");
    let writes = scene.writes().into_iter().filter_map(|write| match write {
        Write::DeletedSessions { ids } => Some(ids),
        _ => None,
    });
    let calls: Vec<_> = writes.collect();
    assert!(calls.len() > 4, "{} calls", calls.len());
    let mut gone = BTreeSet::new();
    for id in calls.into_iter().flatten() {
        let root = &parents[&id];
        assert!(*root == id || gone.contains(root) || !parents.contains_key(root), "{id} before {root}");
        gone.insert(id);
    }
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

/// The application's client opens a browser, and from it another; answers both sessions.
pub fn derived(scene: &Scene) -> Vec<String> {
    let mut org = scene.simulator.org();
    org.switches_mut().cascade = Cascade::Off;
    assert!(org.attempt(&scene.campaign.loot).gets_in());
    let of_user = org.live_sessions_of(&scene.campaign.user_id).into_iter();
    let root = of_user
        .filter(|session| session.session_type == "Oauth2")
        .max_by_key(|session| session.id)
        .unwrap()
        .id;
    let child = org.derive_session(&root).unwrap();
    vec![child.to_string(), org.derive_session(&child).unwrap().to_string()]
}

#[tokio::test]
async fn what_is_derived_from_an_application_s_sessions_ends_or_is_told() {
    for lying in [Lying::No, Lying::Deletes] {
        let mut scene = Scene::of(CampaignKind::StolenRefreshToken).await;
        let app = stolen_app(&scene);
        let derived = derived(&scene);
        scene.simulator.org().switches_mut().lying = lying;
        let record = agreed(&mut scene, Target::App { app_name: app }).await;
        let org = scene.simulator.org();
        let is_left = org.sessions().iter().any(|session| derived.contains(&session.id.to_string()));
        let is_ended = record.outcome == Some(Outcome::AccessEnded);
        assert_eq!((is_left, is_ended), (lying == Lying::Deletes, lying == Lying::No), "{record:#?}");
    }
}

#[tokio::test]
async fn the_window_of_an_application_s_tokens_is_that_of_whoever_held_them() {
    let mut scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    scene.policy.caps.percent_of_active_users = 100.0;
    let app = stolen_app(&scene);
    let without_tokens = || {
        let org = scene.simulator.org();
        let users = org.users();
        let none = users.iter().filter(|user| is_others(user) && user.id != scene.campaign.user_id);
        let none = none.filter(|user| org.tokens_of(&user.id).is_empty());
        let none = none
            .filter(|user| !org.live_sessions_of(&user.id).iter().any(|row| row.session_type == "Oauth2"));
        none.map(|user| user.id).collect::<Vec<_>>()
    };
    let people = without_tokens();
    scene.simulator.org().approve(people[0], &app).unwrap();
    let record = agreed(&mut scene, Target::App { app_name: app }).await;
    let until = record.residual_until;
    assert!(until.is_some());
    scene.clock.advance(SignedDuration::from_mins(5));
    let contained = async |user: usize| {
        let record = scene.person(&people[user].as_str().into(), Apply::Act).await.unwrap();
        assert_eq!(record.outcome, Some(Outcome::Contained), "{record:#?}");
        record
    };
    // What a slow machine did not read in time may have left a token too.
    let leaves_none =
        |record: &Containment| record.residual_until.is_none() || !record.impact.unread.is_empty();
    assert!(
        contained(0).await.residual_until >= until,
        "nothing of his is left, and his access token may be out"
    );
    assert!(leaves_none(&contained(1).await), "he never held one");
    scene.clock.advance(SignedDuration::from_mins(26));
    assert!(leaves_none(&contained(2).await));
}

#[tokio::test]
async fn a_window_that_is_open_is_told_by_whoever_contains_the_same_user_again() {
    let mut scene = Scene::of(CampaignKind::StolenRefreshToken).await;
    scene.policy.caps.percent_of_active_users = 100.0;
    scene.contain().await.unwrap();
    scene.simulator.org().set_frozen(&scene.campaign.user_id, Frost::Thawed);
    let first = scene.records(Table::Contain, "containments").await[0].decode::<Containment>().unwrap();
    scene.clock.advance(SignedDuration::from_mins(5));
    let record = scene.person(&scene.user(), Apply::Act).await.unwrap();
    assert!(record.containment_id != first.containment_id && record.outcome == Some(Outcome::Contained));
    assert!(first.residual_until.is_some() && record.residual_until >= first.residual_until, "{record:#?}");
}

/// People log in, from this address, again and again while a containment is under way, each some seconds after the other.
async fn log_in(scene: &Scene, users: &[String], address: &str) {
    let mut ahead = 0;
    for user in users.iter().cycle() {
        {
            let mut org = scene.simulator.org();
            org.set_clock(SimulatedClock::Ahead(ahead));
            org.log_in(user, address);
        }
        ahead = (ahead + 5).min(250);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn who_logs_in_again_while_everybody_is_logged_off_is_not_thrown_out_for_it() {
    let mut scene = Scene::of(CampaignKind::BruteForce).await;
    let people = scene.approvers(&["Ada", "Grace"]);
    let waiting = scene.stage().contain(asked(&scene, Target::Org), Apply::Act).await.unwrap();
    for (name, key) in &people {
        scene.approve(&waiting, key, name).await;
    }
    let users: Vec<_> = {
        let org = scene.simulator.org();
        org.users().iter().filter(|user| is_others(user)).map(|user| user.id.to_string()).collect()
    };
    let (stage, org) = (scene.stage(), scene.org_id());
    let changed = tokio::select! {
        changed = stage.tend(&org) => changed.unwrap(),
        () = log_in(&scene, &users, "192.0.2.10") => unreachable!(),
    };
    assert_eq!((changed.len(), &changed[0].outcome), (1, &Some(Outcome::AccessEnded)), "{changed:#?}");
    let org = scene.simulator.org();
    assert!(users.iter().any(|user| !org.live_sessions_of(user).is_empty()), "who is in again stays in");
}

#[tokio::test]
async fn who_may_log_in_again_while_he_is_shut_out_is_hostile_only_where_the_finding_says_so() {
    for is_hostile in [false, true] {
        let mut scene = Scene::of(CampaignKind::BruteForce).await;
        scene.policy.containment.freeze = FreezeMode::Never;
        let source = scene.campaign.loot.source_ip.clone();
        let mut finding = scene.finding(1, Action::Contain);
        finding.detections[0].evidence.insert("source".to_owned(), source.clone().into());
        let raised = scene.keep(&finding).await;
        let address = if is_hostile { source.as_str() } else { "192.0.2.10" };
        let user = [scene.campaign.user_id.to_string()];
        let record = tokio::select! {
            record = scene.contain_raised(&raised) => record.unwrap(),
            () = log_in(&scene, &user, address) => unreachable!(),
        };
        let is_ended = record.outcome == Some(Outcome::AccessEnded);
        assert_eq!(is_ended, !is_hostile, "{record:#?}");
    }
}
