//! What is refused, and that nothing is done then.

use jiff::SignedDuration;
use salesforce_simulator::{CampaignKind, Frost, Lying, Outsiders, Permission};
use serde_json::json;
use session_warden::clock::Clock;
use session_warden::containment::{Outcome, Stage, Switch, Target};
use session_warden::detection::Action;
use session_warden::observation::{OrgId, UserId};
use session_warden::policy::Mode;
use session_warden::stages::{Apply, ContainError, Password, Release};
use session_warden::store::{Expect, Key, Table, Write};

use crate::support::Scene;
use crate::wide::agreed;

async fn scene() -> Scene {
    Scene::of(CampaignKind::BruteForce).await
}

#[tokio::test]
async fn less_than_containment_is_recorded_and_an_escalation_acts() {
    let scene = scene().await;
    for (version, action, rule) in [(1, Action::Notify, "observe"), (2, Action::Ask, "ask")] {
        let raised = scene.keep(&scene.finding(version, action)).await;
        let record = scene.contain_raised(&raised).await.unwrap();
        assert_eq!((record.stage, Scene::rules(&record)), (Stage::Finished, vec![rule]));
        assert!(record.impact.sessions > 0, "the plan was made");
        assert_eq!(scene.contain_raised(&raised).await.unwrap(), record, "the same version, the same record");
    }
    assert!(scene.writes().is_empty());
    assert!(scene.records(Table::Contain, "caps").await.is_empty());
    let raised = scene.keep(&scene.finding(3, Action::Contain)).await;
    let record = scene.contain_raised(&raised).await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::Contained));
    assert_eq!(scene.records(Table::Contain, "containments").await.len(), 1);
}

#[tokio::test]
async fn a_finding_that_asks_for_nothing_is_passed_over() {
    let scene = scene().await;
    let raised = scene.keep(&scene.finding(1, Action::None)).await;
    assert!(scene.stage().contain_finding(&raised, None).await.unwrap().is_empty());
    assert!(scene.records(Table::Contain, "containments").await.is_empty());
}

#[tokio::test]
async fn a_policy_that_was_changed_since_is_obeyed() {
    let mut scene = scene().await;
    scene.policy.mode = Mode::Observe;
    assert_eq!(Scene::rules(&scene.contain().await.unwrap()), ["observe"]);
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn a_message_is_a_hint() {
    let scene = scene().await;
    scene.keep(&scene.finding(1, Action::Notify)).await;
    let record = scene.stage().contain(scene.by_policy(), Apply::Act).await.unwrap();
    assert_eq!(Scene::rules(&record), ["observe"], "the message said contain");
    let mut unknown = scene.by_policy();
    unknown.trigger.as_mut().unwrap().finding_id = session_warden::detection::FindingId::new("f-2");
    let error = scene.stage().contain(unknown, Apply::Act).await.unwrap_err();
    assert!(matches!(error, ContainError::NoFinding { .. }));
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn failed_logins_alone_never_contain() {
    let scene = scene().await;
    let mut finding = scene.finding(1, Action::Contain);
    finding.containable_users.clear();
    let raised = scene.keep(&finding).await;
    assert!(scene.stage().contain_finding(&raised, None).await.unwrap().is_empty());
    let record = scene.stage().contain(scene.by_policy(), Apply::Act).await.unwrap();
    assert_eq!(Scene::rules(&record), ["not-containable"]);
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn old_findings_inform_only() {
    let scene = scene().await;
    let mut finding = scene.finding(1, Action::Contain);
    finding.last_seen -= scene.policy.containment.max_age + jiff::SignedDuration::from_secs(60);
    let raised = scene.keep(&finding).await;
    assert_eq!(Scene::rules(&scene.contain_raised(&raised).await.unwrap()), ["max-age"]);
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn our_own_identities_are_never_contained() {
    let scene = scene().await;
    for start in ["session-warden-revoker@", "session-warden-scanner@"] {
        let user = scene.user_named(start);
        let record = scene.person(&user, Apply::Act).await.unwrap();
        assert!(Scene::rules(&record).contains(&"own-identity"), "{start}");
    }
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn nobody_is_contained_before_it_is_known_who_scans() {
    let mut scene = scene().await;
    scene.own.clear();
    for error in
        [scene.contain().await, scene.person(&scene.user(), Apply::Act).await].map(Result::unwrap_err)
    {
        assert!(matches!(error, ContainError::ScannerUnknown { .. }), "{error}");
        assert!(error.to_string().contains("run the scan"), "{error}");
    }
    assert!(scene.writes().is_empty() && scene.records(Table::Contain, "containments").await.is_empty());
}

#[tokio::test]
async fn protected_and_emergency_accounts_are_refused() {
    let mut scene = scene().await;
    scene.policy.protected.users.push(scene.campaign.username.to_uppercase());
    assert_eq!(Scene::rules(&scene.contain().await.unwrap()), ["protected"]);
    scene.policy.protected.break_glass.push(scene.user().as_str().to_owned());
    let record = scene.person(&scene.user(), Apply::Act).await.unwrap();
    assert_eq!(Scene::rules(&record), ["break-glass"]);
    let unknown = scene.person(&UserId::new("005000000000000AAA"), Apply::Act).await.unwrap();
    assert_eq!(Scene::rules(&unknown), ["unknown-user"]);
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn who_is_protected_stays_so_under_another_login_name() {
    for target in [None, Some(Target::Org)] {
        let mut scene = scene().await;
        scene.policy.protected.users.push(scene.campaign.username.to_uppercase());
        assert!(scene.stage().tend(&scene.org_id()).await.unwrap().is_empty());
        let calls = scene.salesforce.usage().calls;
        assert!(scene.stage().tend(&scene.org_id()).await.unwrap().is_empty());
        assert_eq!(scene.salesforce.usage().calls, calls, "he is looked up once an hour");
        scene.simulator.org().rename(&scene.campaign.user_id, "nobody@acme.example");
        scene.clock.advance(SignedDuration::from_hours(2));
        assert!(scene.stage().tend(&scene.org_id()).await.unwrap().is_empty());
        let wide = target.is_some();
        let record = match target {
            Some(target) => agreed(&mut scene, target).await,
            None => scene.contain().await.unwrap(),
        };
        let expected: &[&str] = if wide { &[] } else { &["protected"] };
        assert_eq!(Scene::rules(&record), expected);
        assert!(!scene.simulator.org().live_sessions_of(&scene.campaign.user_id).is_empty());
        assert_eq!(scene.writes().is_empty(), !wide, "{record:#?}");
    }
}

#[tokio::test]
async fn nobody_is_contained_while_whom_the_policy_has_protected_cannot_be_read() {
    let mut scene = scene().await;
    scene.policy.protected.users.push("root@acme.example".to_owned());
    scene.stage().tend(&scene.org_id()).await.unwrap();
    let kept = scene.records(Table::Contain, "protected-names").await.remove(0);
    let put = Write::Put { key: kept.key, expect: Expect::Any, body: json!({ "torn": true }) };
    scene.store.write(vec![put]).await.unwrap();
    scene.clock.advance(SignedDuration::from_hours(2));
    scene.stage().tend(&scene.org_id()).await.unwrap();
    assert_eq!(Scene::rules(&scene.contain().await.unwrap()), ["protected"]);
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let mut scene = scene().await;
    scene.policy.caps.per_hour = 100;
    scene.policy.caps.percent_of_active_users = 100.0;
    let administrators = scene.salesforce.administrators().await.unwrap();
    let people: Vec<_> = administrators.into_iter().filter(|id| !is_ours(&scene, id)).collect();
    assert!(people.len() > 2);
    scene.own = vec![UserId::new("005000000000000AAA")];
    for id in &people[2..] {
        scene.simulator.org().set_frozen(id.as_str(), Frost::Frozen);
    }
    let record = scene.person(&people[0], Apply::Act).await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::Contained));
    scene.writes();
    let record = scene.person(&people[1], Apply::Act).await.unwrap();
    assert_eq!(Scene::rules(&record), ["last-administrator"], "also when the scanner is not named");
    assert!(scene.writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_do_not_take_the_last_two_administrators() {
    let mut scene = scene().await;
    scene.policy.caps.per_hour = 100;
    scene.policy.caps.percent_of_active_users = 100.0;
    let administrators = scene.salesforce.administrators().await.unwrap();
    let people: Vec<_> = administrators.into_iter().filter(|id| !is_ours(&scene, id)).collect();
    for id in &people[2..] {
        scene.simulator.org().set_frozen(id.as_str(), Frost::Frozen);
    }
    let (first, second) =
        tokio::join!(scene.person(&people[0], Apply::Act), scene.person(&people[1], Apply::Act));
    let refused = [first.unwrap(), second.unwrap()].iter().filter(|record| record.is_refused()).count();
    assert_eq!(refused, 1);
}

fn is_ours(scene: &Scene, id: &UserId) -> bool {
    let org = scene.simulator.org();
    org.user(id.as_str()).unwrap().username.starts_with("session-warden")
}

#[tokio::test]
async fn the_blind_do_not_act() {
    let both = [Permission::ManageUsers, Permission::CustomizeApplication];
    for (permission, outsiders) in
        both.into_iter().flat_map(|it| [(it, Outsiders::OwnRows), (it, Outsiders::Refused)])
    {
        let scene = scene().await;
        scene.simulator.org().switches_mut().outsiders = outsiders;
        let revoker = scene.user_named("session-warden-revoker@");
        let username = scene.simulator.org().user(revoker.as_str()).unwrap().username.clone();
        scene.simulator.org().remove_permission(&username, permission);
        let record = scene.contain().await.unwrap();
        assert!(Scene::rules(&record).contains(&"blind"), "{outsiders:?} {record:#?}");
        assert!(scene.writes().is_empty());
    }
}

#[tokio::test]
async fn the_kill_switch_stops_everybody_and_can_be_lifted() {
    let scene = scene().await;
    scene.throw_kill_switch(Switch::Thrown).await;
    assert_eq!(Scene::rules(&scene.contain().await.unwrap()), ["kill-switch"]);
    let user = scene.user();
    assert_eq!(Scene::rules(&scene.person(&user, Apply::Act).await.unwrap()), ["kill-switch"]);
    assert!(scene.writes().is_empty());
    scene.throw_kill_switch(Switch::Lifted).await;
    let record = scene.person(&user, Apply::Act).await.unwrap();
    assert_eq!(record.outcome, Some(Outcome::Contained));
}

#[tokio::test]
async fn what_cannot_be_read_refuses() {
    for (table, room, sort, rule) in [
        (Table::People, "kill-switch", "org", "kill-switch"),
        (Table::People, "kill-switch", "anything", "kill-switch"),
        (Table::Contain, "caps", "hour/%Y-%m-%dT%H", "caps"),
        (Table::Contain, "caps", "day/%Y-%m-%d", "caps"),
        (Table::Contain, "open-plans", "org", "last-administrator"),
    ] {
        let scene = scene().await;
        let sort = scene.clock.now().strftime(sort).to_string();
        for body in [json!({ "garbled": true }), json!("x"), json!({ "users": -1 })] {
            let key = Key::new(table, &scene.org_id(), room, sort.as_str());
            scene.store.write(vec![Write::Put { key, expect: Expect::Any, body }]).await.unwrap();
            let record = scene.person(&scene.user(), Apply::Act).await.unwrap();
            assert_eq!(Scene::rules(&record), [rule], "{room}");
        }
        assert!(scene.writes().is_empty());
    }
}

#[tokio::test]
async fn a_person_goes_on_with_what_was_not_contained() {
    let mut scene = scene().await;
    scene.policy.caps.per_hour = 1;
    scene.simulator.org().switches_mut().lying = Lying::Deletes;
    let request = scene.by_person(&scene.user());
    let first = scene.stage().contain(request.clone(), Apply::Act).await.unwrap();
    assert!(matches!(first.outcome, Some(Outcome::NotContained { .. })));
    scene.simulator.org().switches_mut().lying = Lying::No;
    scene.throw_kill_switch(Switch::Thrown).await;
    scene.writes();
    let stopped = scene.stage().contain(request.clone(), Apply::Act).await.unwrap();
    assert!(matches!(stopped.outcome, Some(Outcome::NotContained { .. })) && scene.writes().is_empty());
    scene.throw_kill_switch(Switch::Lifted).await;
    let second = scene.stage().contain(request.clone(), Apply::Act).await.unwrap();
    assert_eq!(second.outcome, Some(Outcome::Contained), "{second:#?}");
    assert_eq!(second.started, first.started);
    assert!(!scene.writes().is_empty());
    assert_eq!(scene.stage().contain(request, Apply::Act).await.unwrap(), second);
    assert!(scene.writes().is_empty());
    assert_eq!(scene.records(Table::Contain, "containments").await.len(), 1);
    assert_eq!(scene.records(Table::Contain, "caps").await[0].body, json!({ "users": 1 }));
}

#[tokio::test]
async fn an_exhausted_cap_refuses_and_says_which() {
    let mut scene = scene().await;
    scene.policy.caps.per_hour = 1;
    scene.contain().await.unwrap();
    scene.writes();
    let other = scene.somebody_else();
    let record = scene.person(&other, Apply::Act).await.unwrap();
    assert!(Scene::rules(&record).contains(&"caps"));
    let Some(Outcome::Refused { refusals }) = record.outcome else { panic!("not refused") };
    assert!(refusals.iter().any(|refusal| refusal.reason.contains("caps.per_hour")), "{refusals:?}");
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn another_org_is_an_error() {
    let scene = scene().await;
    let org_id = OrgId::new("00D000000000001AAA");
    let request = session_warden::containment::Request { org_id, ..scene.by_person(&scene.user()) };
    let error = scene.stage().contain(request, Apply::Act).await.unwrap_err();
    assert!(matches!(error, ContainError::OtherOrg { .. }), "{error}");
    let asked = Release {
        org_id: OrgId::new("00D000000000001AAA"),
        user_id: scene.user(),
        by: "ada".to_owned(),
        reason: String::new(),
        password: Password::Kept,
    };
    let error = scene.stage().release(&asked, Apply::Act).await.unwrap_err();
    assert!(matches!(error, ContainError::OtherOrg { .. }), "{error}");
    assert!(scene.writes().is_empty());
}

#[tokio::test]
async fn what_is_due_is_not_looked_at_before_it_is_known_who_scans() {
    let mut scene = scene().await;
    scene.contain().await.unwrap();
    scene.own.clear();
    assert!(scene.stage().tend(&scene.org_id()).await.unwrap().is_empty(), "nothing is due");
    scene.clock.advance(jiff::SignedDuration::from_mins(6));
    let error = scene.stage().tend(&scene.org_id()).await.unwrap_err();
    assert!(matches!(error, ContainError::ScannerUnknown { .. }), "{error}");
}

#[tokio::test]
async fn a_finding_that_names_more_users_than_may_be_contained_together_contains_none_of_them() {
    for (allowed, contained) in [(1, 0), (2, 2)] {
        let mut scene = Scene::of(CampaignKind::BruteForce).await;
        scene.policy.caps.per_request = allowed;
        scene.policy.caps.percent_of_active_users = 100.0;
        let people = scene.approvers(&["Ada"]);
        let mut finding = scene.finding(1, Action::Contain);
        finding.containable_users.push(scene.somebody_else());
        let raised = scene.keep(&finding).await;
        let records = scene.stage().contain_finding(&raised, None).await.unwrap();
        let ended = records.iter().filter(|record| record.outcome == Some(Outcome::Contained)).count();
        assert_eq!((records.len(), ended), (2, contained), "{records:#?}");
        if allowed == 1 {
            assert!(
                scene.writes().is_empty() && records.iter().all(|record| Scene::rules(record) == ["caps"])
            );
            scene.approve(&records[0], &people[0].1, "Ada").await;
            let decided = scene.stage().tend(&scene.org_id()).await.unwrap();
            assert_eq!(decided.len(), 1, "a person has decided about one");
            assert_eq!(decided[0].outcome, Some(Outcome::Contained), "{decided:#?}");
        }
    }
}
